"""The part of OData that Graph's directory collections understand here.

`$filter` with `eq`, `ne`, `startsWith`, `in`, `and`, `or`, `not` and parentheses; `$select`,
`$top`, `$count`, `$skiptoken`. Any other option is refused by name, never ignored.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.api.routing import Request, Response
from sandbox.tenant.errors import ServiceError

JSON = dict[str, Any]
Test = Callable[[Mapping[str, Any]], bool]

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 999
_KNOWN = frozenset({"$filter", "$select", "$top", "$count", "$skiptoken"})
_LISTS = frozenset(
    {
        *("businessPhones", "otherMails", "proxyAddresses", "identities", "groupTypes"),
        *("assignedLicenses", "assignedPlans", "provisionedPlans", "supportedServices"),
    }
)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w./-]*|[0-9][\w-]*)|([(),]))")


def collection(
    request: Request,
    items: Iterable[Mapping[str, Any]],
    context: str,
    show: Callable[[Mapping[str, Any]], JSON] = dict,
) -> Response:
    """One page of a collection: filtered, cut to `$top`, the next page's address with it."""
    _require_known(request.query)
    test = parse_filter(request.query["$filter"]) if "$filter" in request.query else None
    found = [item for item in items if test is None or test(item)]
    start, size = _skipped(request.query), _page_size(request.query)
    body: JSON = {"@odata.context": f"{request.base_url}/{_version(request)}/$metadata#{context}"}
    if request.query.get("$count") == "true":
        body["@odata.count"] = len(found)
    if start + size < len(found):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        query = {name: value for name, value in request.query.items() if name != "$skiptoken"}
        query["$skiptoken"] = token
        body["@odata.nextLink"] = f"{request.base_url}{_quoted(request.path)}?{urlencode(query)}"
    body["value"] = [selected(request, show(item)) for item in found[start : start + size]]
    return Response(body=body)


def entity(request: Request, item: Mapping[str, Any], context: str, status: int = 200) -> Response:
    """One object, with the properties that `$select` names."""
    _require_known(request.query)
    head = {"@odata.context": f"{request.base_url}/{_version(request)}/$metadata#{context}/$entity"}
    return Response(status, head | selected(request, item))


def selected(request: Request, item: Mapping[str, Any]) -> JSON:
    """The properties that `$select` names (all without it); one that has no value is null."""
    if "$select" not in request.query:
        return dict(item)
    names = [name.strip() for name in request.query["$select"].split(",") if name.strip()]
    lower = {key.lower(): key for key in item}
    chosen: JSON = {key: item[key] for key in item if key.startswith("@odata.")}
    for name in names:
        key = lower.get(name.lower(), name)
        chosen[key] = item.get(key, [] if key in _LISTS else None)
    return chosen


def parse_filter(text: str) -> Test:
    """A test of an object from a `$filter` expression; raises ServiceError 400."""
    return _Parser(text).parse()


def _require_known(query: Mapping[str, str]) -> None:
    for name in query:
        if name.startswith("$") and name not in _KNOWN:
            raise _bad(f"The query option '{name}' is not supported here.")


def _quoted(path: str) -> str:
    return quote(path, safe="/$@'(),=:")


def _version(request: Request) -> str:
    return request.path.split("/")[1]


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("$top", str(_DEFAULT_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise _bad(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return int(text)


def _skipped(query: Mapping[str, str]) -> int:
    if "$skiptoken" not in query:
        return 0
    try:
        return int(base64.urlsafe_b64decode(query["$skiptoken"]))
    except ValueError:
        raise _bad("Invalid value specified for $skiptoken.") from None


def _bad(message: str) -> ServiceError:
    return ServiceError(400, "Request_UnsupportedQuery", message)


class _Parser:
    """Recursive descent over the tokens of one `$filter` expression."""

    def __init__(self, text: str) -> None:
        self._text = text
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
        return lambda item: any(test(item) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._accept("and"):
            tests.append(self._single())
        return lambda item: all(test(item) for test in tests)

    def _single(self) -> Test:
        if self._accept("not"):
            inverted = self._single()
            return lambda item: not inverted(item)
        if self._accept("("):
            inner = self._either()
            self._expect(")")
            return inner
        name = self._next()
        if name.lower() == "startswith" and self._accept("("):
            name = self._next()
            self._expect(",")
            prefix = self._literal()
            self._expect(")")
            if not isinstance(prefix, str):
                raise self._error()
            return lambda item: str(_value(item, name) or "").lower().startswith(prefix.lower())
        operator = self._next().lower()
        if operator == "in":
            self._expect("(")
            values = [_folded(self._literal())]
            while self._accept(","):
                values.append(_folded(self._literal()))
            self._expect(")")
            return lambda item: _folded(_value(item, name)) in values
        value = _folded(self._literal())
        if operator == "eq":
            return lambda item: _folded(_value(item, name)) == value
        if operator == "ne":
            return lambda item: _folded(_value(item, name)) != value
        raise self._error()

    def _literal(self) -> str | bool | None:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        return words.get(token.lower(), token)

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


def without(item: Mapping[str, Any], names: Sequence[str]) -> JSON:
    """A copy without these keys."""
    return {key: value for key, value in item.items() if key not in names}
