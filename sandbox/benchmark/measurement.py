"""A figure, what it should be, and whether it is."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def load_average() -> str:
    """How many programs wanted to run in the last minute, and on how many processors."""
    processors = os.cpu_count() or 1
    if not hasattr(os, "getloadavg"):
        # Windows keeps no such figure.
        return f"unknown on {processors} processors"
    return f"{os.getloadavg()[0]:.1f} on {processors} processors"


@dataclass(frozen=True)
class Measurement:
    """One figure. `target` None: only told. `more_is_better` decides what a miss is."""

    name: str
    value: float
    unit: str
    target: float | None = None
    more_is_better: bool = False

    @property
    def shortfall(self) -> float:
        """How many times worse than the target; 1 or less: met."""
        if self.target is None:
            return 0.0
        if self.more_is_better:
            return self.target / self.value if self.value > 0 else float("inf")
        if self.target == 0:
            return 0.0 if self.value == 0 else float("inf")
        return self.value / self.target

    @property
    def verdict(self) -> str:
        """What to print beside the figure."""
        if self.target is None:
            return ""
        return "met" if self.shortfall <= 1 else "MISSED"

    def line(self) -> str:
        """The figure in a row of a table."""
        least = "at least" if self.more_is_better else "at most"
        wanted = "" if self.target is None else f"{least} {_short(self.target)} {self.unit}"
        row = f"{self.name:<52}{_short(self.value):>8} {self.unit:<4}{wanted:<20}{self.verdict}"
        return row.rstrip()


@dataclass(frozen=True)
class Benchmark:
    """A row of the table of benchmarks: the word to choose it by, its title, what measures it."""

    name: str
    title: str
    measure: Callable[[], Sequence[Measurement]]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
