"""`$expand` of one relationship of directory objects.

Source: Microsoft Learn, "Use query parameters to customize responses" and the known issues of
Microsoft Graph: one relationship at a time, at most 20 objects of it, no next page of them, no
advanced query beside it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from sandbox.api.graph.odata_directory import Queries, is_advanced, unsupported
from sandbox.api.graph.odata_names import require_expanded, require_selected
from sandbox.api.graph.odata_select import narrowed
from sandbox.api.routing import Request
from sandbox.tenant.directory.entity_types import DIRECTORY_OBJECT

JSON = dict[str, Any]
Expansion = Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]
"""The objects that a relationship of an object leads to."""

MOST_EXPANDED = 20
_SINGLE = frozenset({"manager"})
_EXPAND = re.compile(r"\s*([A-Za-z]+)\s*(?:\(\s*\$select\s*=\s*([\w,\s]+)\))?\s*")


def expansion_of(
    request: Request, queries: Queries | None, related: Mapping[str, Expansion]
) -> Callable[[Mapping[str, Any]], JSON] | None:
    """What `$expand` adds to an object, None without it; raises ServiceError 400."""
    text = request.query.get("$expand")
    if text is None or queries is None:
        return None
    found = _EXPAND.fullmatch(text)
    if found is not None:
        require_expanded(found[1], queries.items)
        require_selected(found[2], DIRECTORY_OBJECT)
    if found is None or found[1] not in queries.expands or found[1] not in related:
        raise unsupported(f"The expansion '{text}' is not supported here.")
    if is_advanced(request):
        raise unsupported("$expand is not supported with advanced queries.")
    name, select = found[1], found[2]
    reach = related[name]

    def expand(item: Mapping[str, Any]) -> JSON:
        reached = [narrowed(found, select) for found in islice(reach(item), MOST_EXPANDED)]
        if name in _SINGLE:
            return {name: reached[0]} if reached else {}
        return {name: reached}

    return expand
