"""What differs between two sets of inputs, property by property, as a preview shows it."""

from dataclasses import dataclass
from typing import Any, Literal, cast

from sandbox.plugins.schema import Record
from sandbox.plugins.values import Properties

Change = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Difference:
    """One property that differs. `replaces`: it cannot be changed in place."""

    path: str
    change: Change
    replaces: bool


def differences(record: Record, old: Properties, new: Properties) -> list[Difference]:
    """Every difference between two sets of plain inputs; what is not known yet differs."""
    found: list[Difference] = []
    for name in sorted({*old, *new}):
        known = record.fields.get(name)
        if known is None:
            continue
        if name in old and name in new and known.same(old[name], new[name]):
            continue
        for path, change in _changes(name, old.get(name), new.get(name)):
            found.append(Difference(path, change, known.replaces))
    return found


def _step(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]'


def _changes(path: str, old: Any, new: Any) -> list[tuple[str, Change]]:
    if old is None:
        return [(path, "add")]
    if new is None:
        return [(path, "delete")]
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast(Properties, old), cast(Properties, new)
        return [
            change
            for key in sorted({*before, *after})
            if before.get(key) != after.get(key)
            for change in _changes(_step(path, key), before.get(key), after.get(key))
        ]
    if isinstance(old, list) and isinstance(new, list):
        first, second = cast("list[Any]", old), cast("list[Any]", new)
        found: list[tuple[str, Change]] = []
        for index in range(max(len(first), len(second))):
            left = first[index] if index < len(first) else None
            right = second[index] if index < len(second) else None
            if left != right:
                found += _changes(f"{path}[{index}]", left, right)
        return found
    return [(path, "update")]
