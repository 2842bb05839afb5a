"""Texts as Microsoft Graph writes and wants them."""

from datetime import UTC, datetime
from typing import Any


def quoted(text: str) -> str:
    """A text as ``$filter`` takes it: in single quotes, those inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def moment(value: Any) -> datetime | None:
    """A moment as the service writes it (``2026-01-31T12:00:00Z``); None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
