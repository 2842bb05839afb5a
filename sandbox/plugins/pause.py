"""Waiting that can be cancelled, and waiting for something to come true."""

import threading
from collections.abc import Callable, Iterator

from sandbox.plugins.errors import CancelledError

Pause = Callable[[float], None]
"""Waits that many seconds, or raises `CancelledError`."""

LONGEST_WAIT_SECONDS = 30.0


class CancellablePause:
    """Real waiting; `cancel` ends every wait, now and later."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def __call__(self, seconds: float) -> None:
        """Wait that many seconds; raises CancelledError as soon as `cancel` was called."""
        if self._cancelled.wait(seconds):
            raise CancelledError

    def cancel(self) -> None:
        """End the waits."""
        self._cancelled.set()


def growing(total: float = LONGEST_WAIT_SECONDS, first: float = 0.1) -> Iterator[float]:
    """Waits that double from `first` seconds, never above 5, until `total` seconds are spent."""
    spent, step = 0.0, first
    while spent < total:
        wait = min(step, 5.0, total - spent)
        yield wait
        spent += wait
        step *= 2


def spread(over: float, total: float = LONGEST_WAIT_SECONDS) -> Iterator[float]:
    """Four waits that together take `over` seconds, then growing ones until `total` is spent."""
    if over:
        yield from (over / 4,) * 4
    yield from growing(max(total - over, 0.0))


def wait_until(come_true: Callable[[], bool], pause: Pause) -> bool:
    """Ask until it is true; False when it is not true after about half a minute of waiting."""
    if come_true():
        return True
    for seconds in growing():
        pause(seconds)
        if come_true():
            return True
    return False
