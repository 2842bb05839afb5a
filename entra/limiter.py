"""One pace of Conditional Access requests per tenant, shared by every process on this machine.

A deployment is several processes: the program, the provider that refreshes, the provider that
updates. They meet at a lock file in the user's cache folder, and what they know together stands
beside it (see ``entra.pace``): when the last request ended, and what refusals have taught. The
limit is the tenant's, whatever application asks, so there is one pace per tenant.

Errors: ``LimiterError`` (see ``entra.errors``).
"""

import os
import random
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from entra.errors import LimiterError
from entra.machine_lock import (
    LOCK_TIMEOUT_SECONDS,
    MachineLock,
    cache_folder,
    file_name_of,
    unusable,
)
from entra.pace import LONGEST_PAUSE_SECONDS, PaceState

INTERVAL_VARIABLE = "BREAK_GLASS_CA_INTERVAL_SECONDS"
DEFAULT_INTERVAL_SECONDS = 1.0

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


@dataclass
class Turn:
    """What became of the request of a turn; told before the turn ends, so that no other request
    slips in between a refusal and the pause after it. ``status`` 0: no answer; ``let_go``: no
    request was made, so nobody has to keep a distance from it."""

    status: int = 0
    retry_after: float | None = None
    let_go: bool = False


class Pace(Protocol):
    """How fast requests may follow each other."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait for our turn; the request is made, and its outcome told, inside the block."""
        ...

    def postpone(self, seconds: float) -> None:
        """The service needs a pause: nobody's next turn comes before it is over."""
        ...

    def is_hopeless(self) -> bool:
        """Whether the service has refused everything for so long that a request may give up."""
        ...


class Limiter:
    """A turn at least ``interval`` seconds after the end of anybody's last one, later after 429s.

    Counted from the *end* of a request, because only the service knows when one arrived: two
    requests sent a second apart can arrive closer to each other. ``luck`` spreads the pauses
    after refusals.
    """

    def __init__(
        self,
        name: str,
        *,
        interval: float,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        luck: Callable[[], float] = random.random,
        timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self._interval = interval
        self._sleep = sleep
        self._clock = clock
        self._luck = luck
        self._folder = folder
        self._stamp = folder / f"{name}.pace"
        what = "the turn for Conditional Access requests"
        self._lock = MachineLock(folder, name, what=what, timeout=timeout)

    @contextmanager
    def turn(self) -> Generator[Turn]:
        """Wait for our turn and keep it until the block ends. Raises LimiterError."""
        with self._lock.held():
            state = self._known()
            pause = state.wait(self._clock(), self._interval)
            if pause > 0:
                self._sleep(pause)
            self._keep(state.begun(self._clock()))
            turn = Turn()
            try:
                yield turn
            finally:
                self._keep(self._after(turn, state))

    def postpone(self, seconds: float) -> None:
        """Nobody's next turn, in any process, comes before ``seconds`` from now."""
        with self._lock.held():
            self._keep(self._known().postponed(self._clock() + seconds))

    def is_hopeless(self) -> bool:
        """Whether nobody on this machine got an answer but 429 for five minutes."""
        with self._lock.held():
            return self._known().is_hopeless(self._clock())

    def _after(self, turn: Turn, state: PaceState) -> PaceState:
        now = self._clock()
        if turn.let_go:
            return state
        if turn.status == _TOO_MANY_REQUESTS:
            return state.refused(now, self._interval, turn.retry_after, self._luck())
        if 0 < turn.status < _SERVER_ERROR:
            return state.answered(now)
        return state.begun(now)

    def _known(self) -> PaceState:
        try:
            text = self._stamp.read_bytes()
        except FileNotFoundError:
            return PaceState()  # the first of all requests
        except OSError as error:
            raise unusable(self._folder, error) from None
        return PaceState.from_text(text).at(self._clock())

    def _keep(self, state: PaceState) -> None:
        try:
            self._stamp.write_text(state.to_text(), encoding="ascii")
        except OSError as error:
            raise unusable(self._folder, error) from None


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
    folder = cache_folder(environ) / "limiter"
    return Limiter(file_name_of(tenant_id, graph), interval=interval, folder=folder)
