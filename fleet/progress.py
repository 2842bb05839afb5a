"""What is to be seen while a fleet runs: a living table on a terminal, plain lines elsewhere."""

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, ConsoleRenderable, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from fleet.report import CustomerReport, Outcome, changed

MARKS: Final[dict[Outcome, tuple[str, str]]] = {
    "done": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "cancelled": ("–", "yellow"),
    "not started": ("–", "dim"),
}
_PIPELINES: Final = ("CI", "GITHUB_ACTIONS", "TF_BUILD")
_SET: Final = ("true", "1", "yes")
MOST_SHOWN: Final = 12
"""So many running customers fit a terminal beside what is done."""


class Progress(Protocol):
    """Hears of each job from whichever thread does it."""

    def begin(self, customer: str) -> None:
        """A job starts."""
        ...

    def end(self, report: CustomerReport) -> None:
        """A job has ended, or will not be started."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def progress_on(console: Console, total: int) -> "Progress":
    """The form that fits where it is shown.

    Variables make rich take a log for a terminal (`FORCE_COLOR`), which it is not: a table that is
    drawn anew would fill it. A pipeline's own terminal, which some have, is a log all the same.
    """
    is_log = any(os.environ.get(name, "").casefold() in _SET for name in _PIPELINES)
    if console.is_terminal and console.file.isatty() and not is_log:
        return LiveTable(console, total)
    return PlainLines(console, total)


def line_of(report: CustomerReport) -> str:
    """How a job ended, in one line."""
    counted = ", ".join(f"{number} {kind}" for kind, number in changed(report).items())
    changes = counted or ("no changes" if report.changes else "")
    words = [report.outcome, *([changes] if changes else [])]
    if report.outcome != "not started":
        words.append(f"{report.seconds:.0f} s")
    return f"{report.customer}: {', '.join(words)}"


class PlainLines:
    """A line for each beginning and each end, for logs."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._ended = 0
        self._lock = threading.Lock()

    def begin(self, customer: str) -> None:
        """Say so."""
        self._print(f"  {customer}: started")

    def end(self, report: CustomerReport) -> None:
        """Say how, with what went wrong."""
        with self._lock:
            self._ended += 1
        mark, _ = MARKS[report.outcome]
        self._print(f"{mark} [{self._ended}/{self._total}] {line_of(report)}")
        for problem in report.problems:
            self._print(f"    {problem.what}")
            if problem.todo:
                self._print(f"      → {problem.todo}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace

    def _print(self, line: str) -> None:
        with self._lock:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveTable:
    """Who runs since when; the ended ones stand above it."""

    def __init__(
        self, console: Console, total: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._total = total
        self._clock = clock
        self._running: dict[str, float] = {}
        self._ended: dict[Outcome, int] = {}
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        self._live = Live(console=console, get_renderable=self.render, transient=True)

    def begin(self, customer: str) -> None:
        """It runs from now on."""
        with self._lock:
            self._running[customer] = self._clock()

    def end(self, report: CustomerReport) -> None:
        """It goes up among the ended ones."""
        with self._lock:
            self._running.pop(report.customer, None)
            self._ended[report.outcome] = self._ended.get(report.outcome, 0) + 1
        mark, style = MARKS[report.outcome]
        self._console.print(Text.assemble((mark, style), f" {line_of(report)}"))
        for problem in report.problems:
            self._console.print(Text(f"    {problem.what}"))
            if problem.todo:
                self._console.print(Text(f"      → {problem.todo}", style="dim"))

    def render(self) -> ConsoleRenderable:
        """What is shown now."""
        with self._lock:
            running, ended = dict(self._running), dict(self._ended)
        now = self._clock()
        table = Table.grid(padding=(0, 1))
        for customer, since in list(running.items())[:MOST_SHOWN]:
            table.add_row(self._spinner, Text(customer), Text(f"{now - since:.0f} s", style="dim"))
        waiting = self._total - len(running) - sum(ended.values())
        counts = [f"{len(running)} running", f"{max(0, waiting)} waiting"]
        counts += [f"{number} {outcome}" for outcome, number in ended.items()]
        return Group(table, Text(", ".join(counts), style="dim"))

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)
