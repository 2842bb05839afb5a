"""Durations as Azure Monitor writes them: PT5M, PT1H, P1D. Source: ISO 8601."""

import re
from typing import Any, Final

_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def minutes(value: Any) -> int | None:
    """Whole minutes; None for what is no such duration, or not known yet."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        return None
    days, hours, rest = (int(one or 0) for one in found.groups())
    return days * 1440 + hours * 60 + rest
