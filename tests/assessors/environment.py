"""The Python environment in which prowler runs, `.venv/assessors`: made once for a checkout.

prowler pins a hundred libraries, many of them in other versions than ours, so it cannot share an
environment with us. Of these libraries its Entra service imports about forty, all pinned in
`requirements-assessors.txt` and installed as they stand there. `python dev.py test` makes the
environment before the tests run; the tests make it themselves when run alone.

    AssessorsUnavailableError    it could not be made; says why, and what to do

Run as a program it makes the environment and says what failed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = REPOSITORY / "requirements-assessors.txt"
FOLDER = REPOSITORY / ".venv" / "assessors"
NEWEST_PYTHON = (3, 13)
"""prowler's own limit: its models need a pydantic that newer versions of Python do not have."""


class AssessorsUnavailableError(Exception):
    """The environment could not be made."""


def ensure_environment(folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> Path:
    """Make the environment unless it is there as the requirements say; return its Python.

    Raises:
        AssessorsUnavailableError: no suitable Python, no package index, or no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "environment"
    stamp = folder / "made-from.json"
    python = made / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with FileLock(folder / "lock"):
        base = suitable_python(sys.version_info[:2], sys.executable)
        wanted = _fingerprint(base, made, requirements)
        if python.exists() and _read(stamp) == wanted:
            return python
        stamp.unlink(missing_ok=True)
        print(f"Installing prowler into {made}", flush=True)
        _run([base, "-m", "venv", "--clear", "--without-pip", str(made)])
        _run(
            [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps",
             "--no-compile", "--quiet", "--disable-pip-version-check",
             "--requirement", str(requirements)]
        )  # fmt: skip
        stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return python


def suitable_python(version: tuple[int, int], executable: str) -> str:
    """The Python to make the environment with: this one, or one that is old enough for prowler."""
    if version <= NEWEST_PYTHON:
        return executable
    names = [f"python3.{minor}" for minor in range(NEWEST_PYTHON[1], 10, -1)]
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise AssessorsUnavailableError(
            f"prowler needs Python 3.11 to 3.{NEWEST_PYTHON[1]}, this is {version[0]}.{version[1]} "
            f"and none of {', '.join(names)} is on PATH: install one of them"
        )
    return found


def _fingerprint(base: str, made: Path, requirements: Path) -> list[str]:
    """What decides what the environment is."""
    return [base, sys.version, str(made), hashlib.sha256(requirements.read_bytes()).hexdigest()]


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _run(command: Sequence[str]) -> None:
    finished = subprocess.run(
        list(command), capture_output=True, text=True, errors="replace", check=False
    )
    if finished.returncode != 0:
        lines = [line for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
        raise AssessorsUnavailableError(
            "prowler could not be installed from requirements-assessors.txt; check that the "
            "package index can be reached (a proxy is set by HTTPS_PROXY, an index by "
            "PIP_INDEX_URL), and on Windows that long paths are enabled:\n  "
            + "\n  ".join(lines[-8:])
        )


if __name__ == "__main__":
    try:
        ensure_environment()
    except AssessorsUnavailableError as error:
        sys.exit(f"error: {error}")
