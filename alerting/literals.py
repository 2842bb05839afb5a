"""Text that goes into a query: KQL string literals that no text can break.

ValueError
└── QueryError    a value cannot be put into a query or a schedule that Azure accepts
"""

import re
from collections.abc import Iterable

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# A literal ends at a quote or at the end of its line; U+2028 and U+2029 end lines, too.
_ESCAPED = re.compile('[\\\\"\x00-\x1f\x7f-\x9f\u2028\u2029]')
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


class QueryError(ValueError):
    """A value that has no place in an alert's query or schedule; the message says which and why."""


def literal(text: str) -> str:
    """A text as a KQL string literal in double quotes, whatever characters the text has.

    Raises QueryError for half of a surrogate pair: no request can carry it. Source: Microsoft
    Learn, Kusto Query Language, "The string data type".
    """
    if _HALF_A_CHARACTER.search(text):
        raise QueryError(
            f"{text!r} holds half a character (a lone surrogate): no query can hold it"
        )
    return f'"{_ESCAPED.sub(_escape, text)}"'


def literals(texts: Iterable[str]) -> str:
    """Texts as the inside of an `in (…)`, each once, in the order in which they came."""
    return ", ".join(literal(text) for text in dict.fromkeys(texts))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"
