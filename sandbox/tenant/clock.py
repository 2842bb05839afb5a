"""Virtual time: the real time plus what a test or a person has moved it on."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, whole seconds, `Z` at the end, as Graph writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Clock:
    """The clock of a world of tenants. `source` gives real epoch seconds."""

    def __init__(self, source: Callable[[], float] = time.time, offset: float = 0.0) -> None:
        self._source = source
        self._offset = offset

    @property
    def offset(self) -> float:
        """Seconds that virtual time is ahead of its source."""
        return self._offset

    def now(self) -> float:
        """Virtual epoch seconds."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move virtual time on. Raises `ValueError` for a step backwards."""
        if seconds < 0:
            raise ValueError(f"virtual time only moves forward, got {seconds} seconds")
        self._offset += seconds

    def timestamp(self) -> str:
        """Now, as ISO 8601 in UTC."""
        return iso(self.now())
