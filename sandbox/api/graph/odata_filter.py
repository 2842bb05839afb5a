"""`$filter` expressions as tests of objects, and what they need of the request.

`eq`, `ne`, `startsWith`, `endsWith`, `in`, `and`, `or`, `not` and parentheses.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.api.graph.filter_parser import FilterParser, Test, unquoted
from sandbox.api.graph.odata_names import (
    filtered_property,
    require_text,
    require_type,
)
from sandbox.tenant.directory.entity_types import INTEGER, EntityType

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w./-]*|-?[0-9][\w:.+-]*)|([(),]))")
_AFFIXES = {"startswith": "startsWith", "endswith": "endsWith"}


@dataclass(frozen=True)
class Filter:
    """A test of an object, the values that properties must equal, and the negations in it.

    `advanced` is the first operator that directory objects support in advanced queries only.
    """

    test: Test
    equal: Mapping[str, str]
    advanced: str | None = None


def parse_filter(text: str, of: EntityType) -> Filter:
    """A `$filter` expression over objects of a type; raises ServiceError 400."""
    return _Parser(text, of).parse()


class _Parser(FilterParser):
    """Comparisons of properties with values, and the beginnings and ends of texts."""

    def __init__(self, text: str, of: EntityType) -> None:
        super().__init__(text, of, _TOKEN)
        self._equal: dict[str, str] = {}
        self._advanced: str | None = None

    def parse(self) -> Filter:
        """The whole expression."""
        return Filter(self._whole(), self._equal, self._advanced)

    def _any_of(self, tests: Sequence[Test]) -> Test:
        self._equal.clear()
        return super()._any_of(tests)

    def _inverted(self) -> Test:
        self._needs("not")
        inverted = super()._inverted()
        self._equal.clear()
        return inverted

    def _comparison(self, word: str) -> Test:
        if word.lower() in _AFFIXES and self._accept("("):
            return self._affix(_AFFIXES[word.lower()])
        operator = self._next().lower()
        if operator not in ("eq", "ne", "in"):
            raise self._error()
        name = filtered_property(word, self._of)
        if operator == "in":
            self._expect("(")
            values = [self._literal(name, operator)]
            while self._accept(","):
                values.append(self._literal(name, operator))
            self._expect(")")
            return lambda item: _folded(_value(item, name)) in values
        value = self._literal(name, operator)
        if operator == "eq":
            if isinstance(value, str):
                self._equal[name] = value
            return lambda item: _folded(_value(item, name)) == value
        self._needs("ne")
        return lambda item: _folded(_value(item, name)) != value

    def _affix(self, function: str) -> Test:
        name = filtered_property(self._next(), self._of)
        require_text(name, function, self._of)
        self._expect(",")
        wanted = self._literal(name, "eq")
        self._expect(")")
        if not isinstance(wanted, str):
            raise self._error()
        if function == "startsWith":
            return lambda item: str(_value(item, name) or "").lower().startswith(wanted)
        self._needs("endsWith")
        return lambda item: str(_value(item, name) or "").lower().endswith(wanted)

    def _needs(self, operator: str) -> None:
        self._advanced = self._advanced or operator

    def _literal(self, name: str, operator: str) -> str | bool | int | None:
        token = self._value_token()
        require_type(token, name, operator, self._of)
        if token.startswith("'"):
            return unquoted(token)
        if self._of.properties.get(name) == INTEGER and token.lower() != "null":
            return int(token)
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        return words.get(token.lower(), token.lower())


def _value(item: Mapping[str, Any], name: str) -> Any:
    found: Any = item
    for part in name.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
    return found  # pyright: ignore[reportUnknownVariableType]


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
