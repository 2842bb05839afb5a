"""Graph: what a user or a group is a direct member of, groups and administrative units."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.graph.odata import JSON, collection, count, without
from sandbox.api.graph.odata_directory import OBJECTS
from sandbox.api.graph.routes import granted
from sandbox.api.routing import Request, Response

READ_HIDDEN = "Member.Read.Hidden"


def direct_member_of(request: Request, object_id: str) -> Response:
    """The groups and units that list an object, but units whose members the caller may not see."""
    found = direct_parents(request, object_id)
    return collection(request, found, "directoryObjects", without_links, queries=OBJECTS)


def direct_member_of_count(request: Request, object_id: str) -> Response:
    """How many these are."""
    return count(request, direct_parents(request, object_id), OBJECTS)


def direct_parents(request: Request, object_id: str) -> list[JSON]:
    """These groups and units themselves, with their types."""
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
