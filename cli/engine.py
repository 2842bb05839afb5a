"""The Pulumi engine and its plugins, their errors turned into the command's own."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cli.failure import CommandFailed
from cli.workspace import SandboxFolder

if TYPE_CHECKING:
    from sandbox.engine import Engine


def prepare_engine(
    folder: SandboxFolder, say: Callable[[str], None]
) -> "tuple[Engine, dict[str, str]]":
    """An engine, and for each plugin whether it is the real one or a stand-in.

    Raises CommandFailed when none can be had.
    """
    from sandbox.engine import EngineError, ensure_engine, ensure_plugins

    try:
        engine = ensure_engine(say)
        return engine, ensure_plugins(engine, folder.path / "pulumi", say)
    except EngineError as error:
        raise CommandFailed(str(error)) from error


def engine_environment(
    engine: "Engine", folder: SandboxFolder, tenant_variables: Mapping[str, str]
) -> dict[str, str]:
    """The environment in which that engine works on the simulated tenant and on nothing else."""
    from sandbox.engine import sandbox_environment

    return sandbox_environment(engine, folder.path, tenant_variables)
