"""How a job's process is stopped: who started it tells it alone, and it tells what it started."""

import os
import signal
from collections.abc import Callable
from types import FrameType


def heed(stop: Callable[[int, FrameType | None], object]) -> None:
    """Have `stop` called at Ctrl-C, or what it is for a process group on Windows, from now on."""
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, stop)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]


def pass_on() -> None:
    """Interrupt `pulumi`, which is in this process's group. On Windows all have heard it already.

    This process hears it again: its `stop` has to bear that.
    """
    if os.name != "nt":
        os.killpg(os.getpgrp(), signal.SIGINT)
