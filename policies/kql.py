"""What a query says, apart from its comments and its texts.

Source: Microsoft Learn, "The string data type" and "Query statements" of Kusto Query Language.
"""

import re
from collections.abc import Iterator
from typing import Final

_PARTS: Final = re.compile(
    r"""//[^\n]*|```.*?```|@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""",
    re.DOTALL,
)
"""Comments and texts, in one expression: each may look like the start of the other."""
_NEGATED: Final = re.compile(r"!(?:=|~|[a-z_]+~?)\s*|<>\s*|\bnot\s*(?=\()", re.IGNORECASE)


def without_comments(query: str) -> str:
    """The query as the service runs it."""
    return _PARTS.sub(lambda part: "" if part[0].startswith("//") else part[0], query)


def without_texts(query: str) -> str:
    """The query without comments, its texts blanked: as long as `without_comments`."""
    return _PARTS.sub(lambda part: '"' * len(part[0]), without_comments(query))


def texts(query: str) -> str:
    """All that stands in quotes, a line each."""
    return "\n".join(_PARTS.findall(without_comments(query)))


def negated(query: str) -> Iterator[str]:
    """What follows `!in`, `!=`, `not` and the like: a list in brackets, or a single text."""
    said, bare = without_comments(query), without_texts(query)
    for sign in _NEGATED.finditer(bare):
        if bare[sign.end() : sign.end() + 1] == "(":
            yield said[sign.end() : _closed(bare, sign.end())]
        elif text := _PARTS.match(said, sign.end()):
            yield text[0]


def _closed(bare: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(bare)):
        depth += {"(": 1, ")": -1}.get(bare[place], 0)
        if depth == 0:
            return place + 1
    return len(bare)
