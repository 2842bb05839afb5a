"""What the parsers of `$filter` expressions share: tokens, `and`, `or`, `not`, parentheses.

Recursive descent over the tokens of one expression. Everything that is not understood is refused
with ServiceError 400.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.api.graph.odata_names import DEEPEST, bad_filter
from sandbox.tenant.directory.entity_types import EntityType
from sandbox.tenant.errors import ServiceError

Test = Callable[[Mapping[str, Any]], bool]

_SIGNS = frozenset("(),:")


class FilterParser(ABC):
    """A parser of one expression over objects of a type; a subclass knows the comparisons."""

    def __init__(self, text: str, of: EntityType, token: re.Pattern[str]) -> None:
        self._text = text
        self._of = of
        self._depth = 0
        self._tokens: list[str] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            found = token.match(text, position)
            if found is None:
                raise self._error()
            self._tokens.append(found[0].strip())
            position = found.end()

    @abstractmethod
    def _comparison(self, word: str) -> Test:
        """The test that begins with a word, which is read already."""

    def _whole(self) -> Test:
        test = self._either()
        if self._tokens:
            raise self._error()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._accept("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else self._any_of(tests)

    def _any_of(self, tests: Sequence[Test]) -> Test:
        """Several tests of which one is enough."""
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
            return self._inverted()
        if self._accept("("):
            return self._enclosed()
        return self._comparison(self._next())

    def _inverted(self) -> Test:
        """What follows a `not`, turned round; the word is read already."""
        self._descend()
        inverted = self._single()
        self._depth -= 1
        return lambda item: not inverted(item)

    def _enclosed(self) -> Test:
        """An expression up to its closing parenthesis; the opening one is read already."""
        self._descend()
        inner = self._either()
        self._expect(")")
        self._depth -= 1
        return inner

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad_filter("Recursion depth exceeded allowed limit.")

    def _value_token(self) -> str:
        """The next token, which must not be a sign."""
        token = self._next()
        if token in _SIGNS:
            raise self._error()
        return token

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


def unquoted(token: str) -> str:
    """The text in a quoted token, without regard to case."""
    return token[1:-1].replace("''", "'").lower()
