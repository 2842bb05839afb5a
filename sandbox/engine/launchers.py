"""Launcher files: small scripts that start a Python module where the engine expects a program."""

import os
import tempfile
from pathlib import Path

from sandbox.engine.model import WINDOWS

PYTHON_FLAGS = "-P -u -m"
"""`-P` keeps a package of the same name in the current folder from being run in our place."""


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Put `text` into `path` in one step; return False when it held just that already."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def launcher_name(name: str, *, windows: bool = WINDOWS) -> str:
    """Return the file name under which the engine finds a launcher on this system."""
    return f"{name}.cmd" if windows else name


def module_launcher(python: Path, module: str, *, windows: bool = WINDOWS) -> str:
    """Return a launcher that runs `python -m module` with the launcher's own arguments.

    `module` may carry fixed arguments behind its name.
    """
    if windows:
        return f'@echo off\r\n"{python}" {PYTHON_FLAGS} {module} %*\r\n'
    quoted = str(python).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'#!/bin/sh\nexec "{quoted}" {PYTHON_FLAGS} {module} "$@"\n'


def language_host_launcher(*, windows: bool = WINDOWS) -> str:
    """Return the launcher of our language host.

    It lies in the user's cache, beside the engine, and serves every checkout: so the interpreter
    comes from `PULUMI_PYTHON_CMD`, which `sandbox_environment` sets to the checkout's own.
    """
    module = "sandbox.engine.language_host --program-launcher"
    if windows:
        return (
            "@echo off\r\n"
            'if not defined PULUMI_PYTHON_CMD set "PULUMI_PYTHON_CMD=python"\r\n'
            f'"%PULUMI_PYTHON_CMD%" {PYTHON_FLAGS} {module} '
            '"%~dp0pulumi-language-python-exec" %*\r\n'
        )
    return (
        "#!/bin/sh\n"
        f'exec "${{PULUMI_PYTHON_CMD:-python3}}" {PYTHON_FLAGS} {module} '
        '"$(dirname "$0")/pulumi-language-python-exec" "$@"\n'
    )
