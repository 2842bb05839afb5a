"""The rule syntax of filters for devices and for applications, read and evaluated.

`object.property -operator value`, joined by `-and` and `-or`, negated by `-not`, grouped by
parentheses; words are not case-sensitive, and `-not` binds before `-and`, `-and` before `-or`.
Values are quoted text, `true`, `false`, a bare word, or a list in brackets for `-in` and `-notIn`.
Source: Microsoft Learn, "Conditional Access: Filter for devices" and "Manage rules for dynamic
membership groups".

Exception
└── RuleError    the rule does not follow the syntax, or compares what is not decided here
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_DEEPEST = 50

Value = str | tuple[str, ...] | None

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<parenthesis>[()\[\],])
      | (?P<text>"(?:[^"\\`]|[\\`].)*"|'[^']*')
      | (?P<operator>-[A-Za-z]+)
      | (?P<word>[^\s()\[\],"']+)
    )""",
    re.VERBOSE,
)
_POSITIVE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda actual, wanted: actual == wanted,
    "startswith": lambda actual, wanted: actual.startswith(wanted),
    "endswith": lambda actual, wanted: actual.endswith(wanted),
    "contains": lambda actual, wanted: wanted in actual,
}
_NEGATIVE = {
    "ne": "eq",
    "notstartswith": "startswith",
    "notendswith": "endswith",
    "notcontains": "contains",
    "notin": "in",
}
_SPELLINGS = {"equals": "eq", "notequals": "ne"}


class RuleError(ValueError):
    """A rule that cannot be evaluated; the text says which part of it."""


@dataclass(frozen=True)
class Comparison:
    """`property -operator values`; `operator` is a positive one, `negated` turns it round."""

    name: str
    operator: str
    negated: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """Parts joined by `and` or `or`; `not` has one part."""

    word: str
    parts: "tuple[Comparison | Joined, ...]"


Rule = Comparison | Joined


def evaluate(rule: Rule, truth: Callable[[Comparison], bool]) -> bool:
    """Whether a rule holds. Every comparison is asked, so none that is undecided hides."""
    if isinstance(rule, Comparison):
        return truth(rule)
    answers = [evaluate(part, truth) for part in rule.parts]
    if rule.word == "not":
        return not answers[0]
    return all(answers) if rule.word == "and" else any(answers)


def holds(comparison: Comparison, actual: Value) -> bool:
    """One comparison with a value; None is a property without one.

    Nothing equals a missing value: positive operators are false for it and negative ones true.
    In a collection, `-contains` looks for a whole entry.
    """
    wanted = [value.lower() for value in comparison.values]
    found = False
    if isinstance(actual, tuple):
        entries = {entry.lower() for entry in actual}
        found = any(value in entries for value in wanted)
    elif actual is not None and comparison.operator == "in":
        found = actual.lower() in wanted
    elif actual is not None:
        found = _POSITIVE[comparison.operator](actual.lower(), wanted[0])
    return not found if comparison.negated else found


def parse(text: str, prefix: str) -> Rule:
    """Read a rule whose properties are `prefix.name`. Raises `RuleError`."""
    tokens = _tokens(text)
    reader = _Reader(tokens, prefix.lower())
    rule = reader.either()
    if reader.rest():
        raise RuleError(f"'{' '.join(reader.rest())}' is left over")
    return rule


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise RuleError(f"'{text[position:].strip()}' cannot be read")
        tokens.append(found.group().strip())
        position = found.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens of one rule."""

    def __init__(self, tokens: Sequence[str], prefix: str) -> None:
        self._tokens = list(tokens)
        self._prefix = prefix
        self._depth = 0

    def rest(self) -> list[str]:
        return self._tokens

    def either(self) -> Rule:
        return self._joined("or", self._both)

    def _both(self) -> Rule:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Rule]) -> Rule:
        parts = [part()]
        while self._next_is(f"-{word}", word):
            self._take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _negation(self) -> Rule:
        if self._next_is("-not", "not"):
            self._descend()
            negated = Joined("not", (self._negation(),))
            self._depth -= 1
            return negated
        if self._next_is("("):
            self._descend()
            inside = self.either()
            self._expect(")")
            self._depth -= 1
            return inside
        return self._comparison()

    def _descend(self) -> None:
        self._take()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleError(f"it is nested more than {_DEEPEST} deep")

    def _comparison(self) -> Comparison:
        whole = self._take()
        head, _, name = whole.partition(".")
        if head.lower() != self._prefix or not name:
            raise RuleError(f"'{whole}' is not a property '{self._prefix}.…'")
        said = self._take()
        operator = said.lower().removeprefix("-")
        operator = _SPELLINGS.get(operator, operator)
        positive = _NEGATIVE.get(operator, operator)
        if positive not in _POSITIVE and positive != "in":
            raise RuleError(f"operator '{said}'")
        values = self._list() if positive == "in" else (self._value(),)
        return Comparison(name.lower(), positive, operator in _NEGATIVE, values)

    def _list(self) -> tuple[str, ...]:
        self._expect("[")
        values = [self._value()]
        while self._next_is(","):
            self._take()
            values.append(self._value())
        self._expect("]")
        return tuple(values)

    def _value(self) -> str:
        said = self._take()
        if said[0] in "\"'":
            return re.sub(r"[\\`](.)", r"\1", said[1:-1])
        if said.lower() == "null":
            raise RuleError("comparison with null")
        if said in "()[],":
            raise RuleError(f"'{said}' where a value is expected")
        return said

    def _next_is(self, *words: str) -> bool:
        return bool(self._tokens) and self._tokens[0].lower() in words

    def _take(self) -> str:
        if not self._tokens:
            raise RuleError("it ends too early")
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        found = self._take()
        if found != token:
            raise RuleError(f"'{found}' where '{token}' is expected")


def properties(rule: Rule) -> Mapping[str, list[Comparison]]:
    """The comparisons of a rule by their property."""
    if isinstance(rule, Comparison):
        return {rule.name: [rule]}
    found: dict[str, list[Comparison]] = {}
    for part in rule.parts:
        for name, comparisons in properties(part).items():
            found.setdefault(name, []).extend(comparisons)
    return found
