"""When the rows of a table were generated and when they arrived, for counting without reading them.

Microseconds since 1970, as exact as the texts in the rows.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000


class RowTimes:
    """The times of one table. Rows are only added; one who forgets rows makes it anew."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        listed = list(rows)
        self._generated = sorted(_of_row(row["TimeGenerated"]) for row in listed)
        self._arrived = sorted(_of_row(row[INGESTION_COLUMN]) for row in listed)

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take the times of some more rows."""
        for row in rows:
            insort(self._generated, _of_row(row["TimeGenerated"]))
            insort(self._arrived, _of_row(row[INGESTION_COLUMN]))

    def exists(self, now: float) -> bool:
        """Whether any row has arrived by `now` (epoch seconds)."""
        return bool(self._arrived) and self._arrived[0] <= microseconds(now)

    def any_after(self, start: float) -> bool:
        """Whether any row was generated after `start` (epoch seconds)."""
        return bool(self._generated) and self._generated[-1] > microseconds(start)

    def seen(self, start: float, end: float | None, now: float) -> tuple[int, ...]:
        """Equal twice: while no row is added, both times exactly the same rows are seen.

        Those generated after `start` and not after `end` that have arrived by `now`.
        """
        return (
            len(self._generated),
            bisect_right(self._generated, microseconds(start)),
            -1 if end is None else bisect_right(self._generated, microseconds(end)),
            bisect_right(self._arrived, microseconds(now)),
        )

    def split(self, seconds: int, now: float) -> tuple[int, ...]:
        """Equal twice: exactly the same rows lie before, at and after the border, both times.

        The border is `seconds` before `now`, for the time of the row and for its arrival.
        """
        border = microseconds(now) - seconds * _SECOND
        return tuple(
            count(times, border)
            for times in (self._generated, self._arrived)
            for count in (bisect_left, bisect_right)
        )


def microseconds(seconds: float) -> int:
    """Epoch seconds as whole microseconds, rounded as `datetime` rounds them."""
    return _since_epoch(datetime.fromtimestamp(seconds, UTC))


def _of_row(text: str) -> int:
    return _since_epoch(datetime.fromisoformat(text))


def _since_epoch(time: datetime) -> int:
    passed = time - _EPOCH
    return (passed.days * 86400 + passed.seconds) * _SECOND + passed.microseconds
