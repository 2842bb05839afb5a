"""Environment variables as text that a shell takes in."""

import json
import os
import shlex
from collections.abc import Mapping

from cli.engine import engine_environment, prepare_engine
from cli.workspace import SandboxFolder


def as_text(variables: Mapping[str, str], shell: str) -> str:
    """The variables as statements for `bash` or `powershell`, or as `json`."""
    if shell == "json":
        return json.dumps(dict(variables), indent=2)
    if shell == "powershell":
        quoted = {name: value.replace("'", "''") for name, value in variables.items()}
        return "\n".join(f"$env:{name} = '{value}'" for name, value in quoted.items())
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def pulumi_variables(folder: SandboxFolder, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables plus those that let `pulumi` work on the sandbox's stack by hand."""

    def quiet(line: str) -> None:
        del line

    engine, _ = prepare_engine(folder, quiet)
    everything = engine_environment(engine, folder, variables)
    return {name: value for name, value in everything.items() if os.environ.get(name) != value}
