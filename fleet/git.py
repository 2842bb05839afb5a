"""What git answers about the project. Nothing here asks it to change anything of the user's."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fleet.answer import answer_of
from fleet.errors import FleetError

_OF_A_NAMED_COMMIT: Final = ("diff", "merge-base")
"""Commands that are asked with a commit that the user named."""


def git(folder: Path, *arguments: str, more: Mapping[str, str] | None = None) -> str:
    """What a command of git's prints, run in a folder; `more`: variables beside this process's.

    Raises FleetError when git is not there or cannot tell.
    """
    try:
        done = answer_of(["git", *arguments], folder, {**os.environ, **(more or {})})
    except FileNotFoundError:
        raise FleetError("git is not installed, and it tells what changed: install it") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        cure = (
            ": name a branch, tag or commit that is there (a pipeline's checkout may have to fetch"
            " the whole history)"
        )
        raise FleetError(
            f"`git {arguments[0]}` failed: {lines[0].removeprefix('fatal: ')}"
            + (cure if arguments[0] in _OF_A_NAMED_COMMIT else ""),
            exit_code=2,
        )
    return done.stdout
