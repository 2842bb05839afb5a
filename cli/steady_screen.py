"""Shows a run over many customers, and outlives its terminal.

A connection that is lost takes the terminal with it, and a pipe may be closed at its other end.
What runs then has to come to its end, and be recorded, all the same.
"""

import contextlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from fleet.progress import progress_on
from fleet.report import CustomerReport


class SteadyScreen:
    """A console that may vanish."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Print a line."""
        _show(self._console.print, line, markup=False, soft_wrap=True)

    @contextmanager
    def progress(self, total: int) -> Generator["SteadyProgress"]:
        """Of so many customers."""
        progress = progress_on(self._console, total)
        _show(progress.__enter__)
        try:
            yield SteadyProgress(progress.begin, progress.end)
        finally:
            _show(progress.__exit__, None, None, None)


class SteadyProgress:
    """Hears of each job from whichever thread does it."""

    def __init__(self, begin: Callable[[str], None], end: Callable[[CustomerReport], None]) -> None:
        self._begin = begin
        self._end = end

    def begin(self, customer: str) -> None:
        """A job starts."""
        _show(self._begin, customer)

    def end(self, report: CustomerReport) -> None:
        """A job has ended, or will not be started."""
        _show(self._end, report)


def _show(call: Callable[..., object], *arguments: Any, **named: Any) -> None:
    # A pipe that was closed makes rich leave the program, and be quiet from then on.
    with contextlib.suppress(OSError, SystemExit):
        call(*arguments, **named)
