"""Graph: what a user or a group is a direct member of, groups and administrative units."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.api.graph.odata import JSON, collection, count, without
from sandbox.api.graph.odata_directory import OBJECTS
from sandbox.api.graph.routes import granted, graph_route
from sandbox.api.routing import Request, Response, Router

READ_HIDDEN = "Member.Read.Hidden"


def related_routes(
    router: Router,
    template: str,
    permissions: tuple[str, ...],
    found: Callable[[Request], Sequence[JSON]],
    show: Callable[[Mapping[str, Any]], JSON],
) -> None:
    """Register a listing of directory objects, and `/$count`, which says how many there are."""

    def listed(request: Request) -> Response:
        return collection(request, found(request), "directoryObjects", show, queries=OBJECTS)

    def counted(request: Request) -> Response:
        return count(request, found(request), OBJECTS)

    graph_route(router, "GET", template, permissions=permissions)(listed)
    graph_route(router, "GET", f"{template}/$count", permissions=permissions)(counted)


def direct_parents(request: Request, object_id: str) -> list[JSON]:
    """The groups and units that list an object, but units whose members the caller may not see."""
    directory = request.tenant.directory
    groups = directory.objects([group["id"] for group in directory.direct_groups_of(object_id)])
    kind = {"@odata.type": "#microsoft.graph.administrativeUnit"}
    units = [kind | unit for unit in directory.units_of(object_id) if may_see(request, unit)]
    return [*groups, *units]


def may_see(request: Request, unit: Mapping[str, Any]) -> bool:
    """Whether the caller may see who is a member of a unit."""
    permissions = granted(request)
    hidden = unit.get("visibility") == "HiddenMembership"
    return not hidden or permissions is None or READ_HIDDEN in permissions


def without_links(found: Mapping[str, Any]) -> JSON:
    """A group or unit without the ids of its members and owners."""
    return without(found, ("members", "owners"))
