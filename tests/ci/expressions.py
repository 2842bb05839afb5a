"""Conditions and values of the pipelines: what a service works out before a shell runs.

Both write literals, names with dots and brackets, and calls; GitHub has operators, too. Here is
what our pipelines use. Whatever else stands in an expression is an AssertionError: a test that
guesses what a service would do with it proves nothing.

Source: GitHub, "Evaluate expressions in workflows and actions"; Microsoft, "Expressions".
"""

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d+)|([A-Za-z_][\w-]*)|(\|\||&&|==|!=|[!()\[\],.]))")
_WHOLE = re.compile(r"\$\{\{((?:[^}]|\}(?!\}))*)\}\}")
Functions = Mapping[str, Callable[..., Any]]


def text_of(value: Any) -> str:
    """A value as it is put into a text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def same(one: Any, other: Any) -> bool:
    """Both services compare without regard to upper and lower case; what is not there is empty."""
    return text_of(one).casefold() == text_of(other).casefold()


def _replace(text: Any, old: str, new: str) -> str:
    return text_of(text).replace(old, new)


def _is_in(one: Any, *others: Any) -> bool:
    return any(same(one, other) for other in others)


def _differs(one: Any, other: Any) -> bool:
    return not same(one, other)


def _all(*those: Any) -> bool:
    return all(those)


def _any(*those: Any) -> bool:
    return any(those)


CALLS: Functions = {
    "and": _all,
    "or": _any,
    "not": operator.not_,
    "eq": same,
    "ne": _differs,
    "in": _is_in,
    "replace": _replace,
    "fromJSON": json.loads,
    "toJSON": json.dumps,
}


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Any], calls: Functions) -> None:
        self._text, self._names, self._calls = text, names, {**CALLS, **calls}
        self._tokens: list[str] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            assert found, f"{text!r}: {text[place:]!r} is not understood"
            self._tokens.append(found[0].strip())
            place = found.end()

    def whole(self) -> Any:
        value = self._either()
        assert not self._tokens, f"{self._text!r}: {self._tokens[0]!r} is one too many"
        return value

    def _next(self, *expected: str) -> str:
        assert self._tokens, f"{self._text!r} ends too early"
        token = self._tokens.pop(0)
        assert not expected or token in expected, f"{self._text!r}: {token!r}, not {expected}"
        return token

    def _at(self, *tokens: str) -> bool:
        return bool(self._tokens) and self._tokens[0] in tokens

    def _either(self) -> Any:
        value = self._both()
        while self._at("||"):
            self._next()
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._at("&&"):
            self._next()
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._one()
        if self._at("==", "!="):
            sign = self._next()
            return same(value, self._one()) == (sign == "==")
        return value

    def _one(self) -> Any:
        token = self._next()
        if token == "!":
            return not self._one()
        if token == "(":
            value = self._either()
            self._next(")")
            return value
        if token[0] == "'":
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        assert re.match(r"[A-Za-z_]", token), f"{self._text!r}: {token!r} is not expected there"
        if self._at("("):
            return self._called(token)
        return self._looked_up(token)

    def _called(self, name: str) -> Any:
        assert name in self._calls, f"{self._text!r}: {name}() is not known"
        self._next("(")
        values: list[Any] = []
        while not self._at(")"):
            values.append(self._either())
            if not self._at(")"):
                self._next(",")
        self._next(")")
        return self._calls[name](*values)

    def _looked_up(self, name: str) -> Any:
        if name in ("true", "false"):
            return name == "true"
        assert name in self._names, f"{self._text!r}: {name} is not known"
        value: Any = self._names[name]
        while self._at(".", "["):
            if self._next() == ".":
                key = self._next()
            else:
                key = text_of(self._either())
                self._next("]")
            value = cast("Mapping[str, Any]", value).get(key) if isinstance(value, dict) else None
        return value


def evaluate(text: str, names: Mapping[str, Any], calls: Functions | None = None) -> Any:
    """What an expression says. Raises AssertionError when it holds what is not known here."""
    return _Reader(text, names, calls or {}).whole()


def filled(value: Any, names: Mapping[str, Any], calls: Functions | None = None) -> Any:
    """A value of the file with every `${{ … }}` in it worked out."""
    if not isinstance(value, str):
        return value
    if alone := _WHOLE.fullmatch(value.strip()):
        return evaluate(alone[1], names, calls)
    return _WHOLE.sub(lambda found: text_of(evaluate(found[1], names, calls)), value)


def asks_for_a_status(text: str) -> bool:
    """Whether a condition looks at how those before it ended: else they have to have succeeded."""
    return re.search(r"\b(always|success|failure|cancelled)\(", text) is not None
