"""The part of OData that Graph's collections understand here.

`$filter`, `$select`, `$top`, `$count`, `$skiptoken` everywhere; `$orderby`, `$search`, `$expand`
and `/$count` for directory objects. Any other option is refused by name, never ignored.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.api.graph.odata_directory import (
    Queries,
    in_order,
    is_eventual,
    parse_search,
    require_countable,
    require_supported,
    unsupported,
)
from sandbox.api.graph.odata_expand import Expansion, expansion_of
from sandbox.api.graph.odata_filter import parse_filter
from sandbox.api.graph.odata_names import counted, require_selected
from sandbox.api.graph.odata_select import narrowed
from sandbox.api.routing import Request, Response
from sandbox.tenant.directory.entity_sets import ENTITY_SETS
from sandbox.tenant.directory.entity_types import EntityType

JSON = dict[str, Any]
Lookups = Mapping[str, Callable[[str], Iterable[Mapping[str, Any]]]]

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 999
_KNOWN = frozenset({"$filter", "$select", "$top", "$count", "$skiptoken"})
_DIRECTORY = _KNOWN | {"$orderby", "$search", "$expand"}


def collection(
    request: Request,
    items: Iterable[Mapping[str, Any]],
    context: str,
    show: Callable[[Mapping[str, Any]], JSON] = dict,
    *,
    queries: Queries | None = None,
    related: Mapping[str, Expansion] | None = None,
    lookups: Lookups | None = None,
) -> Response:
    """One page of a collection: filtered, sorted, cut to `$top`, the next page's address with it.

    `queries` says what directory objects support, `related` finds what `$expand` names. `lookups`
    finds the few items whose property has a value, so that a filter need not see all of them.
    """
    _require_known(request.query, queries, ENTITY_SETS[context])
    found = _chosen(request, items, queries, lookups or {}, ENTITY_SETS[context])
    expansion = expansion_of(request, queries, related or {})
    start, size = _skipped(request.query), _page_size(request.query)
    if expansion is not None:
        size = min(size, _DEFAULT_PAGE)
    body: JSON = {"@odata.context": f"{request.base_url}/{_version(request)}/$metadata#{context}"}
    if counted(request.query.get("$count")) and (queries is None or is_eventual(request)):
        body["@odata.count"] = len(found)
    if start + size < len(found):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        query = {name: value for name, value in request.query.items() if name != "$skiptoken"}
        query["$skiptoken"] = token
        body["@odata.nextLink"] = f"{request.base_url}{_quoted(request.path)}?{urlencode(query)}"
    page = found[start : start + size]
    body["value"] = [_whole(request, item, show(item), expansion) for item in page]
    return Response(body=body)


def entity(
    request: Request,
    item: Mapping[str, Any],
    context: str,
    status: int = 200,
    *,
    show: Callable[[Mapping[str, Any]], JSON] = dict,
    queries: Queries | None = None,
    related: Mapping[str, Expansion] | None = None,
) -> Response:
    """One object, with the properties that `$select` names and the links that `$expand` does."""
    _require_known(request.query, queries, ENTITY_SETS[context])
    head = {"@odata.context": f"{request.base_url}/{_version(request)}/$metadata#{context}/$entity"}
    expansion = expansion_of(request, queries, related or {})
    return Response(status, head | _whole(request, item, show(item), expansion))


def count(request: Request, items: Iterable[Mapping[str, Any]], queries: Queries) -> Response:
    """How many items there are, as plain text."""
    require_countable(request)
    _require_known(request.query, queries, queries.items)
    return Response(body=str(len(_chosen(request, items, queries, {}, queries.items))))


def selected(request: Request, item: Mapping[str, Any]) -> JSON:
    """The properties that `$select` names (all without it); one that has no value is null."""
    return narrowed(item, request.query.get("$select"))


def without(item: Mapping[str, Any], names: Sequence[str]) -> JSON:
    """A copy without these keys."""
    return {key: value for key, value in item.items() if key not in names}


def _chosen(
    request: Request,
    items: Iterable[Mapping[str, Any]],
    queries: Queries | None,
    lookups: Lookups,
    of: EntityType,
) -> list[Mapping[str, Any]]:
    """The items that the query asks for, in its order."""
    text = request.query.get("$filter")
    chosen = None if text is None else parse_filter(text, of)
    if queries is not None:
        require_supported(request, chosen)
    if chosen is not None:
        quick = next((name for name in chosen.equal if name in lookups), None)
        if quick is not None:
            items = lookups[quick](chosen.equal[quick])
        items = [item for item in items if chosen.test(item)]
    if queries is None:
        return list(items)
    if (sought := parse_search(request)) is not None:
        items = [item for item in items if sought(item)]
    return in_order(request, items, queries)


def _whole(
    request: Request,
    item: Mapping[str, Any],
    shown: Mapping[str, Any],
    expansion: Callable[[Mapping[str, Any]], JSON] | None,
) -> JSON:
    narrow = selected(request, shown)
    return narrow if expansion is None else narrow | expansion(item)


def _require_known(query: Mapping[str, str], queries: Queries | None, of: EntityType) -> None:
    require_selected(query.get("$select"), of)
    counted(query.get("$count"))
    known = _KNOWN if queries is None else _DIRECTORY
    for name in query:
        if name.startswith("$") and name not in known:
            raise unsupported(f"The query option '{name}' is not supported here.")


def _quoted(path: str) -> str:
    return quote(path, safe="/$@'(),=:")


def _version(request: Request) -> str:
    return request.path.split("/")[1]


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("$top", str(_DEFAULT_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise unsupported(
            f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."
        )
    return int(text)


def _skipped(query: Mapping[str, str]) -> int:
    if "$skiptoken" not in query:
        return 0
    try:
        return int(base64.urlsafe_b64decode(query["$skiptoken"]))
    except ValueError:
        raise unsupported("Invalid value specified for $skiptoken.") from None
