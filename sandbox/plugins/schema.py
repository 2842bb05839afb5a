"""What a resource type takes: names, kinds, defaults, and which change makes a new resource.

The tables in the resource types' files are written with these few classes; `complete` checks a
program's inputs against one and fills in the defaults, as the real providers' own schemas do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.plugins.values import UNKNOWN, Properties, Secret

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True)
class Text:
    """A string, one of `one_of` where that is given; `is_uuid` for a bare object id."""

    one_of: tuple[str, ...] = ()
    is_uuid: bool = False


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True)
class Number:
    """A number, `whole` for integers only."""

    whole: bool = False


@dataclass(frozen=True)
class ListOf:
    """A list of one kind."""

    item: "Kind"


@dataclass(frozen=True)
class MapOf:
    """An object with names of the user's own choice."""

    item: "Kind"


@dataclass(frozen=True)
class Record:
    """An object with known names."""

    fields: Mapping[str, "Field"]


Kind = Text | Flag | Number | ListOf | MapOf | Record


def _equal(old: Any, new: Any) -> bool:
    return old == new


@dataclass(frozen=True)
class Field:
    """One property of a record.

    `replaces`: a change needs a new resource. `default` is filled in when the property is left
    out. `same` compares two values that are written differently and mean one thing.
    """

    kind: Kind
    required: bool = False
    default: Any = None
    replaces: bool = False
    same: Callable[[Any, Any], bool] = field(default=_equal)


@dataclass(frozen=True)
class Problem:
    """A wrong input: the property's name, and one sentence."""

    name: str
    reason: str


TEXT = Field(Text())
OBJECT_ID = Field(Text(is_uuid=True), required=True, replaces=True)
FLAG = Field(Flag())
TAGS = Field(MapOf(Text()))


def _expected(kind: Kind) -> str:
    match kind:
        case Text():
            return "a string"
        case Flag():
            return "true or false"
        case Number(whole):
            return "a whole number" if whole else "a number"
        case ListOf():
            return "a list"
        case _:
            return "an object"


def _found(value: Any) -> str:
    names = {bool: "true or false", str: "a string", list: "a list", dict: "an object"}
    return names.get(cast("type[Any]", type(value)), "a number")


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Text():
            return isinstance(value, str)
        case Flag():
            return isinstance(value, bool)
        case Number(whole):
            numbers = int if whole else int | float
            return isinstance(value, numbers) and not isinstance(value, bool)
        case ListOf():
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def complete(
    record: Record, inputs: Properties, *, plugin: str
) -> tuple[Properties, list[Problem]]:
    """The inputs with defaults filled in, and everything that is wrong with them.

    Secrets stay marked, what is not known yet is passed over. No problem quotes a value of a
    secret property.
    """
    problems: list[Problem] = []
    return _record(record, inputs, "", plugin, problems), problems


def _record(
    record: Record, values: Properties, path: str, plugin: str, problems: list[Problem]
) -> Properties:
    result: Properties = {}
    prefix = f"{path}." if path else ""
    for name, value in values.items():
        if name == "__defaults":  # the engine's own note, part of every input map
            continue
        known = record.fields.get(name)
        if known is None:
            names = ", ".join(sorted(record.fields))
            reason = (
                f'unknown property "{prefix}{name}": the sandbox\'s stand-in for the {plugin} '
                f"provider takes {names}"
            )
            problems.append(Problem(prefix + name, reason))
            continue
        result[name] = _value(known.kind, value, prefix + name, plugin, problems)
    for name, known in record.fields.items():
        if name in result:
            continue
        if known.default is not None:
            result[name] = known.default
        elif known.required:
            reason = f'missing property "{prefix}{name}": give {_expected(known.kind)}'
            problems.append(Problem(prefix + name, reason))
    return result


def _value(kind: Kind, value: Any, path: str, plugin: str, problems: list[Problem]) -> Any:
    if value is UNKNOWN:
        return value
    if isinstance(value, Secret):
        inner = _value(kind, value.value, path, plugin, problems)
        return Secret(inner)
    if not _fits(kind, value):
        reason = f'property "{path}" is {_found(value)}, expected {_expected(kind)}'
        problems.append(Problem(path, reason))
        return value
    match kind:
        case Text(one_of) if one_of and value not in one_of:
            reason = f'property "{path}" is "{value}", expected one of {", ".join(one_of)}'
            problems.append(Problem(path, reason))
            return value
        case Text(is_uuid=True) if not _UUID.fullmatch(value):
            reason = f'property "{path}" is "{value}", expected a UUID such as an object id'
            problems.append(Problem(path, reason))
            return value
        case ListOf(item):
            items = cast("list[Any]", value)
            return [
                _value(item, entry, f"{path}[{index}]", plugin, problems)
                for index, entry in enumerate(items)
            ]
        case MapOf(item):
            entries = cast(Properties, value).items()
            return {
                key: _value(item, entry, f'{path}["{key}"]', plugin, problems)
                for key, entry in entries
            }
        case Record():
            return _record(kind, value, path, plugin, problems)
        case _:
            return value
