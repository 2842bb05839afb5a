"""A file that tells of the stack's lock whoever outlives the process that took it.

The engine locks first and tells its first event then. Until it has, nobody can say whose lock there
is: its own, or that of another run for which it would have to wait. So two things are noted: that
the lock was asked for, and that it is held. A step that came to its end takes the note away.
"""

from pathlib import Path
from typing import Final

_ASKED: Final = "asked\n"
_HELD: Final = "held\n"


def ask(note: Path) -> None:
    """A step begins that may take the lock. Raises OSError."""
    note.write_text(_ASKED, encoding="ascii", newline="\n")


def hold(note: Path) -> None:
    """The lock is this step's own; added, so that a full disk or a sudden end leaves what was."""
    with note.open("a", encoding="ascii", newline="\n") as stream:
        stream.write(_HELD)


def is_asked(note: Path) -> bool:
    """Whether the lock was asked for, and no more is known."""
    return _text(note) == _ASKED


def is_held(note: Path) -> bool:
    """Whether the lock was surely this step's; what is not whole tells of nothing."""
    return _text(note).endswith(_HELD)


def _text(note: Path) -> str:
    try:
        return note.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
