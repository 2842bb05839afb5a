"""One pace of Conditional Access requests per tenant, shared by every process on this machine.

Microsoft Graph takes one Conditional Access request a second per tenant, from all applications
together, and says 429 without Retry-After beyond that (Microsoft Graph documentation, "Service-
specific throttling limits"). A deployment is several processes: the program, the provider that
refreshes, the provider that updates. They meet at a lock file and the time of the last request
beside it, in the user's cache folder.

Errors: ``LimiterError`` (see ``entra.errors``).
"""

import os
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import filelock
import platformdirs

from entra.errors import LimiterError

INTERVAL_VARIABLE = "BREAK_GLASS_CA_INTERVAL_SECONDS"
CACHE_VARIABLE = "BREAK_GLASS_CACHE"
DEFAULT_INTERVAL_SECONDS = 1.0

# A clock that was set back, or a crashed writer, must not make anybody wait longer than this.
LONGEST_PAUSE_SECONDS = 120.0
# Others may queue before us: 195 policies, read and written, is the most that a tenant can ask.
LOCK_TIMEOUT_SECONDS = 900.0


class Pace(Protocol):
    """How fast requests may follow each other."""

    def turn(self) -> AbstractContextManager[None]:
        """Wait for our turn; the request is made inside the ``with`` block."""
        ...

    def postpone(self, seconds: float) -> None:
        """The service asked for a pause: nobody's next turn comes before it is over."""
        ...


class Unpaced:
    """No pace of its own: a pause is simply slept through."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    @contextmanager
    def turn(self) -> Generator[None]:
        """At once."""
        yield

    def postpone(self, seconds: float) -> None:
        """Sleep for that long."""
        self._sleep(seconds)


class Limiter:
    """A turn at least ``interval`` seconds after the end of anybody's last one.

    Counted from the *end* of a request, because only the service knows when one arrived: two
    requests sent a second apart can arrive closer to each other.
    """

    def __init__(
        self,
        key: str,
        *,
        interval: float,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._interval = interval
        self._sleep = sleep
        self._clock = clock
        name = re.sub(r"[^A-Za-z0-9.-]", "_", key)
        self._stamp = folder / f"{name}.time"
        self._threads = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None
        self._lock = filelock.FileLock(folder / f"{name}.lock", timeout=LOCK_TIMEOUT_SECONDS)

    @contextmanager
    def turn(self) -> Generator[None]:
        """Wait for our turn and keep it until the block ends. Raises LimiterError."""
        with self._alone():
            pause = self._last() + self._interval - self._clock()
            if pause > 0:
                self._sleep(min(pause, LONGEST_PAUSE_SECONDS))
            self._write(self._clock())
            try:
                yield
            finally:
                self._write(self._clock())

    def postpone(self, seconds: float) -> None:
        """Nobody's next turn, in any process, comes before ``seconds`` from now."""
        with self._alone():
            self._write(max(self._last(), self._clock() + seconds - self._interval))

    @contextmanager
    def _alone(self) -> Generator[None]:
        with self._threads:
            try:
                self._lock.acquire()
            except filelock.Timeout:
                raise LimiterError(
                    f"{self._stamp.parent}: another process has kept the turn for Conditional"
                    f" Access requests for {LOCK_TIMEOUT_SECONDS:.0f} s: end it and run again"
                ) from None
            except OSError as error:
                raise self._unusable(error) from None
            try:
                yield
            finally:
                self._lock.release()

    def _last(self) -> float:
        """When the last turn ended, never beyond what a pause may be."""
        try:
            last = float(self._stamp.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0.0  # the first of all requests, or a file cut short by a crash
        return last if last <= self._clock() + LONGEST_PAUSE_SECONDS else 0.0

    def _write(self, moment: float) -> None:
        try:
            self._stamp.write_text(repr(moment), encoding="ascii")
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> LimiterError:
        return LimiterError(
            f"{self._stamp.parent} cannot be written ({error.strerror}): the pace of Conditional"
            f" Access requests is kept there; set {CACHE_VARIABLE} to a folder that can"
        )


def limiter_for(tenant_id: str, graph: str, environ: Mapping[str, str] = os.environ) -> Limiter:
    """The limiter of one tenant at one Graph address. Raises LimiterError.

    BREAK_GLASS_CA_INTERVAL_SECONDS sets another interval (a simulated tenant can be faster),
    BREAK_GLASS_CACHE another folder than the user's cache.
    """
    text = environ.get(INTERVAL_VARIABLE) or str(DEFAULT_INTERVAL_SECONDS)
    try:
        interval = float(text)
        valid = 0 <= interval <= LONGEST_PAUSE_SECONDS
    except ValueError:
        interval, valid = 0.0, False
    if not valid:
        raise LimiterError(
            f"{INTERVAL_VARIABLE} is {text!r}: expected seconds from 0 to"
            f" {LONGEST_PAUSE_SECONDS:.0f}"
        )
    named = environ.get(CACHE_VARIABLE)
    root = Path(named) if named else platformdirs.user_cache_path("break-glass", appauthor=False)
    host = graph.removeprefix("https://")
    return Limiter(f"{tenant_id}-{host}", interval=interval, folder=root / "limiter")
