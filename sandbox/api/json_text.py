"""JSON as the standard has it: Python's own module reads and writes NaN and Infinity as well."""

import json
import math
from typing import Any


def parse(text: str | bytes) -> Any:
    """What a text says; raises ValueError for what is no JSON, or is nested too deep to read."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def compact(value: Any) -> str:
    """The text of a value; raises ValueError for a number that JSON does not have."""
    return json.dumps(value, allow_nan=False)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
