"""What the directory is asked about the group before anything is registered."""

from dataclasses import dataclass
from typing import Protocol


class GroupDirectory(Protocol):
    """What the checks ask of `entra.directory.Directory`."""


@dataclass(frozen=True)
class FoundGroup:
    """The group as this run found it."""

    id: str | None
    """Object id; None when the group is still to be made."""
