"""`--canary`: who goes first, alone, before everybody else is begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final

import typer

CanaryOption = Annotated[
    str | None,
    typer.Option(
        "--canary",
        metavar="NUMBER|NAME",
        help="Who goes first, alone: so many by name, or these (a name or pattern, as --only);"
        " the rest only when all went well.",
    ),
]


@dataclass(frozen=True)
class Canary:
    """The first so many by name, or those whom a pattern names."""

    number: int = 0
    patterns: tuple[str, ...] = ()

    def refuse_unclear(self, customers: Sequence[str]) -> None:
        """Raises FleetError for what names no customer, or could be a number or a name."""
        from fleet.customers import Customer, choose
        from fleet.errors import FleetError

        if self.number and str(self.number) in customers:
            raise FleetError(
                f"--canary {self.number} is a number and a customer's name: for that customer say"
                f" --canary '{self.number}*'",
                exit_code=2,
            )
        choose([Customer(name, Path(), "", "") for name in customers], self.patterns)

    def of(self, names: Sequence[str]) -> set[str]:
        """Which of them go first."""
        named = (one for one in names if any(fnmatchcase(one, it) for it in self.patterns))
        return {*names[: self.number], *named}


NOBODY: Final = Canary()


def canary_of(words: Sequence[str]) -> Canary:
    """What was said, already taken apart at its commas: one number, or names."""
    if len(words) == 1 and words[0].isdecimal():
        return Canary(number=int(words[0]))
    return Canary(patterns=tuple(words))
