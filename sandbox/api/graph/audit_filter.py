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

from sandbox.api.graph.odata_names import (
    DEEPEST,
    bad_filter,
    filtered_property,
    require_text,
    require_type,
)
from sandbox.tenant.directory.entity_types import EntityType
from sandbox.tenant.errors import ServiceError

Test = Callable[[Mapping[str, Any]], bool]

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
_SIGNS = frozenset("(),:")
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def audit_filter(text: str, of: EntityType) -> Test:
    """A test of a record of a type from a `$filter` expression; raises ServiceError 400."""
    return _Parser(text, of).parse()


class _Parser:
    """Recursive descent; a path that starts with a lambda's variable is read from its item."""

    def __init__(self, text: str, of: EntityType) -> None:
        self._text = text
        self._of = of
        self._depth = 0
        self._variables: list[str] = []
        self._tokens: list[str] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error()
            self._tokens.append(found[0].strip())
            position = found.end()

    def parse(self) -> Test:
        test = self._either()
        if self._tokens:
            raise self._error()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._accept("or"):
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        return lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._accept("and"):
            tests.append(self._single())
        if len(tests) == 1:
            return tests[0]
        return lambda item: all(test(item) for test in tests)

    def _single(self) -> Test:
        if self._accept("not"):
            self._descend()
            inverted = self._single()
            self._depth -= 1
            return lambda item: not inverted(item)
        if self._accept("("):
            self._descend()
            inner = self._either()
            self._expect(")")
            self._depth -= 1
            return inner
        word = self._next()
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
        self._descend()
        self._variables.append(variable)
        test = self._either()
        self._variables.pop()
        self._expect(")")
        self._depth -= 1

        def holds(item: Mapping[str, Any]) -> bool:
            found = _value(item, path) or ()
            return any(test({**item, variable: one}) for one in found)

        return holds

    def _property(self, path: str) -> str:
        return path if self._is_variable(path) else filtered_property(path, self._of)

    def _is_variable(self, path: str) -> bool:
        return path.partition("/")[0] in self._variables

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad_filter("Recursion depth exceeded allowed limit.")

    def _literal(self, path: str, comparison: str) -> object:
        token = self._next()
        if token in _SIGNS:
            raise self._error()
        if not self._is_variable(path):
            require_type(token, path, comparison, self._of)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").lower()
        if token.lower() in _CONSTANTS:
            return _CONSTANTS[token.lower()]
        if token.isdigit():
            return int(token)
        return _folded(token)

    def _next(self) -> str:
        if not self._tokens:
            raise self._error()
        return self._tokens.pop(0)

    def _accept(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._error()

    def _error(self) -> ServiceError:
        return ServiceError(
            400, "BadRequest", f"Invalid filter clause: syntax error in '{self._text}'."
        )


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
