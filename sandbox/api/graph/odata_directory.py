"""What Microsoft Graph documents for queries of directory objects: users, groups, and their links.

Counting, searching, negating and most sorting are advanced queries, which name themselves by a
header (`ConsistencyLevel: eventual`) and `$count=true`. Source: Microsoft Learn, "Advanced query
capabilities on Microsoft Entra ID objects" and "Use the $search query parameter".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.api.graph.odata_filter import Filter, Test
from sandbox.api.graph.odata_names import counted
from sandbox.api.routing import Request
from sandbox.tenant.directory.entity_types import DIRECTORY_OBJECT, GROUP, USER, EntityType
from sandbox.tenant.errors import ServiceError

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Queries:
    """By which properties a type of directory objects is sorted, plainly and in advanced queries.

    `expands` are the relationships that `$expand` can name; `items` are what is queried.
    """

    sorted_by: frozenset[str] = frozenset()
    sorted_in_advanced: frozenset[str] = frozenset()
    expands: frozenset[str] = frozenset()
    items: EntityType = DIRECTORY_OBJECT


USERS = Queries(
    frozenset({"displayName", "userPrincipalName"}),
    frozenset({"createdDateTime", "deletedDateTime"}),
    frozenset({"manager", "memberOf"}),
    USER,
)
GROUPS = Queries(
    frozenset({"displayName"}),
    frozenset({"deletedDateTime"}),
    frozenset({"members", "owners", "memberOf"}),
    GROUP,
)
OBJECTS = Queries(sorted_in_advanced=frozenset({"displayName"}))
"""A listing of objects of several types, for example a group's members."""

_MOST_BRACKETS = 100
_TOKENIZED = frozenset({"displayName", "description"})
_CLAUSE = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(AND|OR)\b|([()]))')
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MORE = "Refer to https://aka.ms/graph-docs/advanced-queries for more information"


def unsupported(message: str) -> ServiceError:
    """Graph's answer to a query that it does not run."""
    return ServiceError(400, "Request_UnsupportedQuery", message)


def is_eventual(request: Request) -> bool:
    """Whether the caller takes answers from the eventually consistent index."""
    return request.headers.get("consistencylevel", "").lower() == "eventual"


def is_advanced(request: Request) -> bool:
    """Whether this is an advanced query: the header, and `$count=true`."""
    return is_eventual(request) and counted(request.query.get("$count"))


def require_countable(request: Request) -> None:
    """Raise ServiceError 400 for a `/$count` without the header."""
    if not is_eventual(request):
        raise unsupported(
            "Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header "
            f"is missing. {_MORE}"
        )


def require_supported(request: Request, chosen: Filter | None) -> None:
    """Raise ServiceError 400 for an operator that only an advanced query may use."""
    if chosen is None or chosen.advanced is None or is_advanced(request):
        return
    raise unsupported(
        f"Operator '{chosen.advanced}' is not supported because the required parameters might be "
        "missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header. "
        f"{_MORE}"
    )


def in_order(request: Request, items: Iterable[Item], queries: Queries) -> list[Item]:
    """The items as `$orderby` wants them; raises ServiceError 400."""
    text = request.query.get("$orderby")
    found = list(items)
    if text is None:
        return found
    advanced = is_advanced(request)
    if not advanced and "$filter" in request.query:
        raise unsupported("Sorting not supported for current query.")
    allowed = queries.sorted_by | queries.sorted_in_advanced if advanced else queries.sorted_by
    # The last key first: each pass keeps the order of equal items.
    for part in reversed(text.split(",")):
        name, _, words = part.strip().partition(" ")
        direction = words.strip().lower()
        if name not in allowed or direction not in ("", "asc", "desc"):
            raise unsupported(f"Sorting by '{part.strip()}' is not supported for current query.")
        found.sort(key=lambda item: _sortable(item, name), reverse=direction == "desc")
    return found


def _sortable(item: Item, name: str) -> str:
    return str(item.get(name) or "").casefold()


def parse_search(request: Request) -> Test | None:
    """A test from `$search`, None without one; raises ServiceError 400."""
    text = request.query.get("$search")
    if text is None:
        return None
    if not is_eventual(request):
        raise unsupported(
            "Request with $search query parameter only works through MSGraph with a special "
            "request header: 'ConsistencyLevel: eventual'"
        )
    tokens: list[tuple[str, str]] = []
    position = 0
    while text[position:].strip():
        found = _CLAUSE.match(text, position)
        if found is None:
            raise _not_a_search(text)
        clause, word, bracket = found.groups()
        tokens.append(("clause", clause) if clause is not None else ("word", word or bracket))
        position = found.end()
    tokens.reverse()
    if sum(token == ("word", "(") for token in tokens) > _MOST_BRACKETS:
        raise _not_a_search(text)
    test = _any_of(tokens, text)
    if tokens:
        raise _not_a_search(text)
    return test


def _any_of(tokens: list[tuple[str, str]], text: str) -> Test:
    tests = [_all_of(tokens, text)]
    while tokens and tokens[-1] == ("word", "OR"):
        tokens.pop()
        tests.append(_all_of(tokens, text))
    return lambda item: any(test(item) for test in tests)


def _all_of(tokens: list[tuple[str, str]], text: str) -> Test:
    tests = [_clause(tokens, text)]
    while tokens and tokens[-1] != ("word", "OR") and tokens[-1] != ("word", ")"):
        if tokens[-1] == ("word", "AND"):
            tokens.pop()
        tests.append(_clause(tokens, text))
    return lambda item: all(test(item) for test in tests)


def _clause(tokens: list[tuple[str, str]], text: str) -> Test:
    kind, value = tokens.pop() if tokens else ("", "")
    if (kind, value) == ("word", "("):
        inner = _any_of(tokens, text)
        if not tokens or tokens.pop() != ("word", ")"):
            raise _not_a_search(text)
        return inner
    name, colon, wanted = value.replace('\\"', '"').partition(":")
    if kind != "clause" or not colon or not wanted:
        raise _not_a_search(text)
    if name in _TOKENIZED:
        sought = _words(wanted)

        def has_words(item: Item) -> bool:
            value = str(item.get(name) or "")
            return sought <= _words(value) | _joined(value)

        return has_words
    start = wanted.lower()
    return lambda item: str(item.get(name) or "").lower().startswith(start)


def _words(text: str) -> frozenset[str]:
    """The words of a text, parted by spaces, symbols, numbers, a capital after a small letter."""
    return frozenset(word.lower() for word in _WORD.findall(_HUMP.sub(" ", text)))


def _joined(text: str) -> frozenset[str]:
    """The parts of a text between its spaces that have symbols in them, each as one word."""
    parts = ((part, re.sub(r"\W", "", part)) for part in text.split())
    return frozenset(word.lower() for part, word in parts if word != part)


def _not_a_search(text: str) -> ServiceError:
    return ServiceError(
        400,
        "Request_BadRequest",
        f'Syntax error in $search: {text}. Clauses are "property:text", joined by AND or OR.',
    )
