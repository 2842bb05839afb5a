"""Graph: named locations of Conditional Access, those that can be restored too.

They count against Conditional Access's one request a second. Permissions: Microsoft Graph, "List
namedLocations", "Create namedLocation", "Update ipNamedLocation", "Delete ipNamedLocation"; those
of the deleted items are assumed to be the same.
"""

from sandbox.api.graph.conditional_access import READ, WRITE, admitted
from sandbox.api.graph.odata import collection, entity
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Request, Response, Router

router = Router(case_insensitive=True)

_LOCATIONS = "/identity/conditionalAccess/namedLocations"
_DELETED = "/identity/conditionalAccess/deletedItems/namedLocations"


@graph_route(router, "GET", _LOCATIONS, permissions=READ)
def list_named_locations(request: Request) -> Response:
    """Page through all named locations."""
    return collection(request, admitted(request).named_locations(), _LOCATIONS[1:])


@graph_route(router, "POST", _LOCATIONS, permissions=WRITE)
def create_named_location(request: Request) -> Response:
    """Create a location of IP ranges or of countries."""
    area = admitted(request)
    area.require_licence()
    made = area.locations.create(request.object_body())
    return entity(request, made, _LOCATIONS[1:], 201)


@graph_route(router, "GET", _LOCATIONS + "/{id}", permissions=READ)
def get_named_location(request: Request) -> Response:
    """Read one named location."""
    location = admitted(request).named_location(request.params["id"])
    return entity(request, location, _LOCATIONS[1:])


@graph_route(router, "PATCH", _LOCATIONS + "/{id}", permissions=WRITE)
def update_named_location(request: Request) -> Response:
    """Change a named location; the answer has no body."""
    area = admitted(request)
    area.require_licence()
    area.locations.update(request.params["id"], request.object_body())
    return Response(204)


@graph_route(router, "DELETE", _LOCATIONS + "/{id}", permissions=WRITE)
def delete_named_location(request: Request) -> Response:
    """Move a named location to the deleted items."""
    area, location_id = admitted(request), request.params["id"]
    area.locations.delete(location_id, area.policies_at(location_id))
    return Response(204)


@graph_route(router, "GET", _DELETED, permissions=READ)
def list_deleted_named_locations(request: Request) -> Response:
    """The named locations that can be restored."""
    return collection(request, admitted(request).locations.deleted.all(), _DELETED[1:])


@graph_route(router, "GET", _DELETED + "/{id}", permissions=READ)
def get_deleted_named_location(request: Request) -> Response:
    """One named location that can be restored."""
    location = admitted(request).locations.deleted.get(request.params["id"])
    return entity(request, location, _DELETED[1:])


@graph_route(router, "POST", _DELETED + "/{id}/restore", permissions=WRITE)
def restore_named_location(request: Request) -> Response:
    """Bring a deleted named location back."""
    area = admitted(request)
    area.require_licence()
    return entity(request, area.locations.restore(request.params["id"]), _LOCATIONS[1:])


@graph_route(router, "DELETE", _DELETED + "/{id}", permissions=WRITE)
def purge_named_location(request: Request) -> Response:
    """Delete a named location for good."""
    admitted(request).locations.deleted.take(request.params["id"])
    return Response(204)
