"""The environment of everything that runs against the simulated tenant."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath
from urllib.parse import quote

from sandbox.engine.model import CACHE_VARIABLE, Engine
from sandbox.engine.plugins import uses_stand_ins

LOOPBACK = ("localhost", "127.0.0.1", "::1")
STRIPPED_PREFIXES = ("ARM_", "AZURE_", "PULUMI_")
"""Variables that could lead to a real tenant or to the user's own Pulumi; none gets through."""


def _passphrase_file(folder: Path) -> Path:
    """Return the file with the stack's passphrase: made on first use, read by its owner only."""
    path = folder / "passphrase"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(32))
    return path


def backend_url(folder: PurePath) -> str:
    """Return the address of a file backend in `folder`, in the form that Pulumi reads.

    It decodes percent signs but, unlike other readers of `file:` addresses, takes what follows the
    two slashes for a path: so a Windows drive comes right after them.

    A state is replaced in one stroke, its description in a file `.attrs` beside it is not: a run
    that is killed while it writes that leaves a stack that cannot be read ("failed to load
    checkpoint: EOF"). Nothing needs the description, so none is written.
    """
    return "file://" + quote(folder.as_posix(), safe="/:") + "?metadata=skip"


def sandbox_environment(
    engine: Engine,
    folder: Path,
    tenant_variables: Mapping[str, str],
    base: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables for `pulumi` and the program, and make the folders that they name.

    Args:
        engine: from `ensure_engine`.
        folder: the sandbox's work folder; the state goes to `state`, PULUMI_HOME is `pulumi`,
            `cache` holds what its processes share, `passphrase` the passphrase of the secrets.
        tenant_variables: how to reach the simulated tenant (`ARM_*`, `SSL_CERT_FILE` …).
        base: the environment to start from, `os.environ` by default. Everything that could lead
            to a real tenant, or change what the engine does, is taken out of it.
    """
    folder = folder.absolute()
    source = os.environ if base is None else base
    # Windows compares the names of variables without regard to case.
    variables = {
        key: value for key, value in source.items() if not key.upper().startswith(STRIPPED_PREFIXES)
    }
    state = folder / "state"
    home = folder / "pulumi"
    for path in (state, home):
        path.mkdir(parents=True, exist_ok=True)
    path_key = next((key for key in variables if key.upper() == "PATH"), "PATH")
    entries = [*map(str, engine.path_entries), variables.get(path_key, "")]
    variables[path_key] = os.pathsep.join(entry for entry in entries if entry)
    variables.update(
        PULUMI_BACKEND_URL=backend_url(state),
        PULUMI_HOME=str(home),
        PULUMI_CONFIG_PASSPHRASE_FILE=str(_passphrase_file(folder)),
        PULUMI_SKIP_UPDATE_CHECK="true",
        PULUMI_ERROR_OUTPUT_STRING="true",
        PULUMI_PYTHON_CMD=sys.executable,
    )
    # The pace of requests to this tenant is kept with it, not with those of real tenants.
    variables[CACHE_VARIABLE] = str(folder / "cache")
    if engine.hosts_beside:
        # Nothing is needed from PATH, so a plugin that lies there must not take the place of ours.
        variables["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    if uses_stand_ins(home):
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    variables.update(_loopback_without_proxy(variables))
    variables.update(tenant_variables)
    return variables


def _loopback_without_proxy(variables: Mapping[str, str]) -> dict[str, str]:
    """Keep a company's proxy out of what stays on this machine: the tenant, and Pulumi's parts.

    Both spellings, because Go, gRPC and Python do not read the same one first.
    """
    listed = [value for key, value in variables.items() if key.upper() == "NO_PROXY"]
    names = [name.strip() for name in ",".join(listed).split(",")]
    value = ",".join(dict.fromkeys(name for name in (*names, *LOOPBACK) if name))
    return dict.fromkeys(("NO_PROXY", "no_proxy"), value)
