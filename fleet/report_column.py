"""A column of the report's table: what it shows of a customer, and what an earlier run left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fleet.report import CustomerReport, LastKnown

UNKNOWN: Final = "not known"
Figures = CustomerReport | LastKnown


@dataclass(frozen=True)
class Column:
    """A column of the table: `order` is what it is sorted by, None for not known."""

    heading: str
    text: Callable[[CustomerReport], str]
    order: Callable[[CustomerReport], str | float | None]
    tell: Callable[[Figures], str | None] | None = None
    """Of a figure that may be known from before alone: it, None for not known."""

    dated: Callable[[CustomerReport], datetime | None] | None = None
    """Of a moment that an earlier run may have left: it."""

    def shown(self, customer: CustomerReport, made: datetime) -> str:
        """The text for a report made then: with the age of a moment that is not of this run."""
        moment = self.dated(customer) if self.dated else None
        age = f" ({_age(made - moment)} old)" if moment and self.is_old(customer) else ""
        return f"{self.text(customer)}{age}"

    def is_old(self, customer: CustomerReport) -> bool:
        """Whether what it shows is what an earlier run left."""
        moment = self.dated(customer) if self.dated else None
        if moment:
            return customer.started is None or moment < customer.started
        before = customer.last_known
        tell = self.tell
        return bool(tell and before and tell(customer) is None and tell(before) is not None)


def figure(
    heading: str,
    tell: Callable[[Figures], str | None],
    order: Callable[[CustomerReport], str | float | None],
) -> Column:
    """A column of what may be known from before alone."""

    def text(customer: CustomerReport) -> str:
        today, before = tell(customer), customer.last_known
        if today is not None:
            return today
        known = tell(before) if before else None
        return UNKNOWN if before is None or known is None else f"{known} ({_as_of(before)})"

    return Column(heading, text, order, tell)


def _as_of(before: LastKnown) -> str:
    return f"last known {before.as_of:%Y-%m-%d}"


def _age(age: timedelta) -> str:
    if age >= timedelta(days=2):
        return f"{age.days:,} days"
    hours = max(0, int(age / timedelta(hours=1)))
    return f"{hours} {'hour' if hours == 1 else 'hours'}"
