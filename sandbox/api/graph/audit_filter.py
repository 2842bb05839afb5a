"""The `$filter` of the audit and sign-in logs: comparisons of times too, and `any` over lists.

Source: Microsoft Graph v1.0 reference, "List directoryAudits" and "directoryAudit resource type"
(`eq`, `ge`, `le`, `startswith`, `any`). What is not understood is refused, never ignored: names
that a record does not have, values of another type, more than 100 levels.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.api.graph.filter_parser import FilterParser, Test, unquoted
from sandbox.api.graph.odata_names import (
    filtered_property,
    require_text,
    require_type,
)
from sandbox.tenant.directory.entity_types import EntityType

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z0-9_][\w./:+-]*)|(?P<sign>[(),:]))"
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def audit_filter(text: str, of: EntityType) -> Test:
    """A test of a record of a type from a `$filter` expression; raises ServiceError 400."""
    return _Parser(text, of).parse()


class _Parser(FilterParser):
    """Recursive descent; a path that starts with a lambda's variable is read from its item."""

    def __init__(self, text: str, of: EntityType) -> None:
        super().__init__(text, of, _TOKEN)
        self._variables: list[str] = []

    def parse(self) -> Test:
        """The whole expression."""
        return self._whole()

    def _comparison(self, word: str) -> Test:
        if self._accept("("):
            return self._any(word) if word.lower().endswith("/any") else self._function(word)
        name = self._next().lower()
        comparison = _COMPARISONS.get(name)
        if comparison is None:
            raise self._error()
        word = self._property(word)
        wanted = self._literal(word, name)

        def compares(item: Mapping[str, Any]) -> bool:
            found = _folded(_value(item, word))
            return type(found) is type(wanted) and comparison(found, wanted)

        if wanted is None:
            return lambda item: comparison(_value(item, word), None)
        return compares

    def _function(self, name: str) -> Test:
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise self._error()
        path = self._property(self._next())
        if not self._is_variable(path):
            require_text(path, name, self._of)
        self._expect(",")
        part = self._literal(path, "eq")
        self._expect(")")
        if not isinstance(part, str):
            raise self._error()
        return lambda item: function(str(_value(item, path) or "").lower(), part)

    def _any(self, word: str) -> Test:
        """`targetResources/any(t: t/id eq '…')`, or over plain values `types/any(t: t eq '…')`."""
        variable, colon, rest = self._next().partition(":")
        if rest:
            self._tokens.insert(0, rest)
        if not colon:
            self._expect(":")
        path = self._property(word.rpartition("/")[0])
        self._variables.append(variable)
        test = self._enclosed()
        self._variables.pop()

        def holds(item: Mapping[str, Any]) -> bool:
            found = _value(item, path) or ()
            return any(test({**item, variable: one}) for one in found)

        return holds

    def _property(self, path: str) -> str:
        return path if self._is_variable(path) else filtered_property(path, self._of)

    def _is_variable(self, path: str) -> bool:
        return path.partition("/")[0] in self._variables

    def _literal(self, path: str, comparison: str) -> object:
        token = self._value_token()
        if not self._is_variable(path):
            require_type(token, path, comparison, self._of)
        if token.startswith("'"):
            return unquoted(token)
        if token.lower() in _CONSTANTS:
            return _CONSTANTS[token.lower()]
        if token.isdigit():
            return int(token)
        return _folded(token)


def _value(item: Mapping[str, Any], path: str) -> Any:
    """The value at a path; names in any case, as Graph takes them."""
    found: Any = item
    for part in path.split("/"):
        if not isinstance(found, Mapping):
            return None
        known: Mapping[str, Any] = {str(key).lower(): value for key, value in found.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
        found = known.get(part.lower())
    return found


def _folded(value: Any) -> Any:
    """Texts without regard to case; times as times, with and without fractions of a second."""
    if not isinstance(value, str):
        return value
    if re.match(r"\d{4}-\d\d-\d\d(T|$)", value):
        try:
            moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
        except ValueError:
            return value.lower()
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value.lower()
