"""ISO 8601 durations as Azure Monitor writes them: days, hours, minutes, seconds."""

import re
from functools import lru_cache

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


@lru_cache(maxsize=256)
def seconds_of(duration: str) -> int:
    """`PT5M` → 300, `P1D` → 86400. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(duration)
    given = {unit: text for unit, text in match.groupdict().items() if text} if match else {}
    if not given:
        raise ValueError(f"{duration!r} is not an ISO 8601 duration such as PT5M")
    return sum(int(text) * _SECONDS[unit] for unit, text in given.items())
