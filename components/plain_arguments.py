"""A component's arguments, given as its class or as plain values.

A program in Python gives the class. A program in another language reaches a component through
Pulumi's `ComponentProvider`, which hands over a dict: names in Python's spelling, whole numbers as
floats, nested arguments as dicts, and values that are known only later as outputs.
"""

import types
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin

import pulumi

A = TypeVar("A")
T = TypeVar("T")

PLAIN: Final = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
"""Types that a value must have already, with what a message calls them."""
ARRAYS: Final = (Sequence, list, tuple)
MAPS: Final = (Mapping, dict)


def given(arguments: type[A], args: A | Mapping[str, Any]) -> A:
    """`args` as the frozen dataclass `arguments`, nested ones too.

    Raises RunError in one line for a value that is missing, unknown, or no such thing. What a value
    may be beyond its type is the component's own to check.
    """
    if isinstance(args, arguments):
        return args
    if not isinstance(args, Mapping):
        raise pulumi.RunError(f"args is a {type(args).__name__}: expected {arguments.__name__}")
    return _dataclass(arguments, cast("Mapping[str, Any]", args), arguments.__name__)


def either(value: T | None, default: T) -> T:
    """An optional argument, or what it is when left out."""
    return default if value is None else value


def _dataclass(class_: type[A], values: Mapping[str, Any], path: str) -> A:
    known: dict[str, Field[Any]] = {f.name: f for f in fields(cast("Any", class_))}
    if stranger := next((name for name in values if name not in known), None):
        raise pulumi.RunError(f"{path} has no {stranger!r}: expected {', '.join(known)}")
    found: dict[str, Any] = {}
    for name, field in known.items():
        if (value := values.get(name)) is not None:
            found[name] = _value(field.type, value, f"{path}.{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise pulumi.RunError(f"{path}.{name} is missing")
    return class_(**found)


def _value(hint: Any, value: Any, path: str) -> Any:
    """A value as its annotation wants it."""
    kind, awaited = _unwrapped(hint)
    if kind is Any:
        return value
    if isinstance(value, pulumi.Output):
        if not awaited:
            raise pulumi.RunError(f"{path} is known only later: expected a plain value")
        output = cast("pulumi.Output[Any]", value)
        return output.apply(lambda later: _value(kind, later, path))
    origin = get_origin(kind) or kind
    if is_dataclass(kind):
        if isinstance(value, cast("type[Any]", kind)):
            return value
        _expect(isinstance(value, Mapping), value, "an object", path)
        return _dataclass(cast("type[Any]", kind), value, path)
    if origin in ARRAYS:
        _expect(isinstance(value, Sequence) and not isinstance(value, str), value, "a list", path)
        item = get_args(kind)[0]
        items = enumerate(cast("Sequence[Any]", value))
        return [_value(item, one, f"{path}[{number}]") for number, one in items]
    if origin in MAPS:
        _expect(isinstance(value, Mapping), value, "an object", path)
        item = get_args(kind)[1]
        entries = cast("Mapping[str, Any]", value).items()
        return {key: _value(item, one, f"{path}.{key}") for key, one in entries}
    if kind in PLAIN:
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        found = cast("type[Any]", type(value))
        fits = found is kind or (kind is float and found is int) or issubclass(found, kind)
        _expect(fits and (found is bool) == (kind is bool), value, PLAIN[kind], path)
    return value


def _unwrapped(hint: Any) -> tuple[Any, bool]:
    """What an annotation is about without `None` and `pulumi.Input`, and whether it may come later.

    `pulumi.Input[T]` is the union of `T`, an awaitable and an output of it.
    """
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    members = [member for member in get_args(hint) if member is not type(None)]
    awaitable = [get_args(m)[0] for m in members if get_origin(m) is Awaitable]
    return (awaitable or members)[0], bool(awaitable)


def _expect(fits: bool, value: Any, expected: str, path: str) -> None:
    if not fits:
        raise pulumi.RunError(f"{path} is a {type(value).__name__}: expected {expected}")
