"""Text that goes into a query: KQL string literals that no text can break.

ValueError
└── QueryError    a value cannot be put into a query or a schedule that Azure accepts
"""

import re
from collections.abc import Iterable

# All that Microsoft documents; every other character stands for itself.
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('[\\\\"\n\r\t]')
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
    return f'"{_ESCAPED.sub(lambda found: _ESCAPES[found[0]], text)}"'


def literals(texts: Iterable[str]) -> str:
    """Texts as the inside of an `in (…)`, each once, in the order in which they came.

    A comma and a blank between them: the form that assessors search queries for.
    """
    return ", ".join(literal(text) for text in dict.fromkeys(texts))
