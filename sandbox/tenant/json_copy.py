"""Copies of what JSON can hold, several times faster than `copy.deepcopy`."""

from copy import deepcopy
from typing import Any, TypeVar, cast

_T = TypeVar("_T")
_ATOMS = frozenset({str, int, float, bool, type(None)})


def copied(value: _T) -> _T:
    """A copy that shares no list and no object with `value`; what stands in two places, it copies
    twice. Anything that JSON cannot hold is left to `copy.deepcopy`."""
    return cast("_T", _copied(value))


def _copied(value: Any) -> Any:
    kind = cast("type[object]", type(value))
    if kind is dict:
        return {key: part if type(part) in _ATOMS else _copied(part) for key, part in value.items()}
    if kind is list:
        return [part if type(part) in _ATOMS else _copied(part) for part in value]
    return value if kind in _ATOMS else deepcopy(value)
