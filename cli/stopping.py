"""A run that is stopped ends in order, whoever stops it."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def terminated_like_interrupted() -> Generator[None]:
    """KeyboardInterrupt, as after Ctrl-C, when a pipeline is cancelled or a terminal is gone.

    The one sends SIGTERM, the other SIGHUP where there is such a thing; `nohup` has that ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
