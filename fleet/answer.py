"""What another program answers: run to its end, with nobody there to be asked."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def answer_of(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: float | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder; what it printed and its exit code, whatever that is.

    Without an `environment` it has this process's. After `seconds` it is killed.

    Raises:
        subprocess.TimeoutExpired: it was killed.
        OSError: it could not be started.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=seconds,
    )
