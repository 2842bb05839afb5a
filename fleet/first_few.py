"""A list in a line, cut where it would be read no further."""

from collections.abc import Sequence


def first_few(words: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are: `a, b and 3 more`."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{', '.join(words[:most])}{more}"
