"""`$filter` expressions as tests of objects, and what they need of the request.

`eq`, `ne`, `startsWith`, `endsWith`, `in`, `and`, `or`, `not` and parentheses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.api.graph.odata_names import (
    DEEPEST,
    bad_filter,
    filtered_property,
    require_text,
    require_type,
)
from sandbox.tenant.directory.entity_types import INTEGER, EntityType
from sandbox.tenant.errors import ServiceError

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w./-]*|-?[0-9][\w:.+-]*)|([(),]))")
_SIGNS = frozenset("(),")
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


class _Parser:
    """Recursive descent over the tokens of one `$filter` expression."""

    def __init__(self, text: str, of: EntityType) -> None:
        self._text = text
        self._of = of
        self._depth = 0
        self._tokens: list[str] = []
        self._equal: dict[str, str] = {}
        self._advanced: str | None = None
        position, end = 0, len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error()
            self._tokens.append(found[0].strip())
            position = found.end()

    def parse(self) -> Filter:
        """The whole expression."""
        test = self._either()
        if self._tokens:
            raise self._error()
        return Filter(test, self._equal, self._advanced)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._accept("or"):
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        self._equal.clear()
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
            self._needs("not")
            self._descend()
            inverted = self._single()
            self._depth -= 1
            self._equal.clear()
            return lambda item: not inverted(item)
        if self._accept("("):
            self._descend()
            inner = self._either()
            self._expect(")")
            self._depth -= 1
            return inner
        word = self._next()
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

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad_filter("Recursion depth exceeded allowed limit.")

    def _literal(self, name: str, operator: str) -> str | bool | int | None:
        token = self._next()
        if token in _SIGNS:
            raise self._error()
        require_type(token, name, operator, self._of)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").lower()
        if self._of.properties.get(name) == INTEGER and token.lower() != "null":
            return int(token)
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        return words.get(token.lower(), token.lower())

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


def _value(item: Mapping[str, Any], name: str) -> Any:
    found: Any = item
    for part in name.split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None  # pyright: ignore[reportUnknownVariableType,reportUnknownMemberType]
    return found  # pyright: ignore[reportUnknownVariableType]


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
