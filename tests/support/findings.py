"""What an alarm found, one by one."""

from collections.abc import Iterable, Mapping
from typing import Any


def findings(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The findings in the rows of an alarm's query, each with what else its row says.

    A row is a message, and a message is about many sign-ins or activities: `Details` has them.
    """
    return [{**row, **one} for row in rows for one in row.get("Details", [{}])]


def rung(firings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The findings of which a tenant's firings tell."""
    return findings(row for firing in firings for row in firing["rows"])
