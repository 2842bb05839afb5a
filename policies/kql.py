"""How a query is put together: its operators, its columns, its conditions. Nothing is run.

Source: Microsoft Learn, "Query statements" and "The string data type" of Kusto Query Language.
"""

import re
from collections.abc import Iterator
from typing import Final

_PARTS: Final = re.compile(
    r"""//[^\n]*|```.*?```|@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""",
    re.DOTALL,
)
"""Comments and texts, in one expression: each may look like the start of the other."""
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_DEPTH: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def without_comments(query: str) -> str:
    """The query as the service runs it."""
    return _PARTS.sub(lambda part: " " if part[0].startswith("//") else part[0], query).strip()


def split(text: str, mark: str) -> list[str]:
    """What stands between marks that are in no text and in no brackets; without comments."""
    said = without_comments(text)
    bare = _PARTS.sub(lambda part: '"' * len(part[0]), said)
    found, depth, start, place = list[str](), 0, 0, 0
    while place < len(bare):
        depth += _DEPTH.get(bare[place], 0)
        if depth == 0 and bare.startswith(mark, place):
            found.append(said[start:place].strip())
            start = place = place + len(mark)
        else:
            place += 1
    return [*found, said[start:].strip()]


def after_the_first_statement(query: str) -> str:
    """What follows the first semicolon that is in no text, that one included; without comments."""
    said = without_comments(query)
    bare = _PARTS.sub(lambda part: '"' * len(part[0]), said)
    place = bare.find(";")
    return said[place:] if place >= 0 else ""


def operators(query: str) -> list[str]:
    """The query's source and its operators, in order."""
    return split(query, "|")


def inside(text: str) -> str | None:
    """What is in the brackets around the whole text; None when there are none."""
    if not (text.startswith("(") and text.endswith(")")):
        return None
    said = without_comments(text)
    bare = _PARTS.sub(lambda part: '"' * len(part[0]), said)
    depth = 0
    for place, sign in enumerate(bare):
        depth += _DEPTH.get(sign, 0)
        if depth == 0 and place < len(bare) - 1:
            return None
    return said[1:-1].strip()


def texts(listed: str) -> list[str] | None:
    """The texts of a list with commas, of the plain kind in single or double quotes; None when
    there is anything else in it.
    """
    return None if None in (found := [*_plain(listed)]) else [one for one in found if one]


def _plain(listed: str) -> Iterator[str | None]:
    for one in split(listed, ","):
        whole = _PARTS.fullmatch(one)
        plain = whole and one[0] in "\"'"
        yield _ESCAPED.sub(r"\1", one[1:-1]) if plain else None
