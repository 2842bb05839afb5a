"""The sandbox's copy of its stack settings.

The engine writes the salt of the stack's secrets into the settings file. The committed file stays
clean: the engine gets a copy in the sandbox's folder.
"""

import re
from pathlib import Path

from cli.workspace import write_private

_SALT = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)


def copy_settings(committed: Path, copy: Path, *, salt: str | None = None) -> None:
    """Copy the committed settings when they are newer than the copy; the salt stays.

    `salt` is the line `encryptionsalt: …` of a stack that was just made.
    """
    kept = salt or salt_line(copy)
    stale = not copy.is_file() or committed.stat().st_mtime > copy.stat().st_mtime
    if not stale and salt is None:
        return
    text = _SALT.sub("", committed.read_text(encoding="utf-8")).rstrip("\n") + "\n"
    write_private(copy, text + (kept or ""))


def salt_line(settings: Path) -> str | None:
    """The salt that the engine wrote into a settings file; None when there is none."""
    if not settings.is_file():
        return None
    found = _SALT.search(settings.read_text(encoding="utf-8"))
    return found.group(0).rstrip("\n") + "\n" if found else None
