"""A copy of the project as a pipeline checks it out: what git knows or would take, nothing else.

Whoever looks after customers has their settings files in this repository. They are left out: how
many there are, and what stands in them, is nothing that a test may depend on.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from fleet.customers import customer_names

REPOSITORY = Path(__file__).parents[2]


def copy_project(folder: Path) -> Path:
    """The copy in `folder`, without its history.

    Its `.venv` has this environment's Python, which runs what lies in the copy.
    """
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    customers = {f"Pulumi.{name}.yaml" for name in customer_names(REPOSITORY)}
    for name in filter(None, {*listed.split("\0")} - customers):
        source, target = REPOSITORY / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    _script(programs / "python", f'exec "{sys.executable}" "$@"')
    _script(programs / "breakglass", f'exec "{sys.executable}" -m cli.main "$@"')
    return folder


def stub(path: Path, record: Path) -> None:
    """A program that does nothing but write down how it was called."""
    _script(path, f'echo "{path.name} $*" >> "{record}"')


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
