"""Graph: administrative units, their members and the roles at their scope.

Both versions know them under `/directory/administrativeUnits`; beta also has the older path
`/administrativeUnits`. Members of a unit whose membership is hidden are shown only to whoever may
read hidden members; that others get 403 is assumed.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from sandbox.api.graph.member_of import may_see, without_links
from sandbox.api.graph.odata import JSON, collection, entity
from sandbox.api.graph.odata_directory import OBJECTS, Queries
from sandbox.api.graph.routes import DIRECTORY_READ, DIRECTORY_WRITE, granted
from sandbox.api.graph.users import public
from sandbox.api.routing import Handler, Request, Response, Router
from sandbox.tenant.directory import administrative_units as units
from sandbox.tenant.directory.authority import denied
from sandbox.tenant.directory.entity_types import ADMINISTRATIVE_UNIT
from sandbox.tenant.directory.groups import create_group, object_id_of
from sandbox.tenant.directory.role_assignments import (
    create_role_assignment,
    delete_role_assignment,
)
from sandbox.tenant.directory.store import not_found
from sandbox.tenant.directory.users import bad_request

router = Router(case_insensitive=True)

READ = ("AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All", *DIRECTORY_READ)
WRITE = ("AdministrativeUnit.ReadWrite.All", *DIRECTORY_WRITE)
ROLES_WRITE = ("RoleManagement.ReadWrite.Directory",)
ROLES_READ = ("RoleManagement.Read.Directory", *ROLES_WRITE, *DIRECTORY_READ)

UNITS = Queries(frozenset({"displayName"}), items=ADMINISTRATIVE_UNIT)

_UNIT = "/{id}"
_MEMBERS = "/{id}/members"
_ROLES = "/{id}/scopedRoleMembers"
_BASES = ("/v1.0/directory", "/beta/directory", "/beta")


def _route(method: str, tail: str, *, permissions: tuple[str, ...]) -> Callable[[Handler], Handler]:
    """Register a handler at each place where Graph has administrative units."""

    def register(handler: Handler) -> Handler:
        for base in _BASES:
            template = f"{base}/administrativeUnits{tail}"
            router.route(method, template, permissions=permissions)(handler)
        return handler

    return register


@_route("GET", "", permissions=READ)
def list_units(request: Request) -> Response:
    """All units, paged."""
    found = request.tenant.directory.administrative_units.values()
    return collection(request, found, "administrativeUnits", without_links, queries=UNITS)


@_route("POST", "", permissions=WRITE)
def create_unit(request: Request) -> Response:
    """A new unit."""
    unit = units.create_unit(request.tenant.directory, request.object_body())
    return entity(request, without_links(unit), "administrativeUnits", 201)


@_route("GET", _UNIT, permissions=READ)
def get_unit(request: Request) -> Response:
    """One unit."""
    unit = units.unit_of(request.tenant.directory, request.params["id"])
    return entity(request, without_links(unit), "administrativeUnits")


@_route("PATCH", _UNIT, permissions=WRITE)
def update_unit(request: Request) -> Response:
    """Change the properties that the body names."""
    units.update_unit(request.tenant.directory, request.params["id"], request.object_body())
    return Response(204)


@_route("DELETE", _UNIT, permissions=WRITE)
def delete_unit(request: Request) -> Response:
    """Delete a unit; its members stay."""
    units.delete_unit(request.tenant.directory, request.params["id"])
    return Response(204)


@_route("GET", _MEMBERS, permissions=READ)
def list_members(request: Request) -> Response:
    """The users and groups in a unit."""
    unit = _readable(request)
    found = request.tenant.directory.objects(unit["members"])
    return collection(request, found, "directoryObjects", _object, queries=OBJECTS)


@_route("GET", f"{_MEMBERS}/$ref", permissions=READ)
def list_member_references(request: Request) -> Response:
    """The addresses of the members."""
    found = request.tenant.directory.objects(_readable(request)["members"])
    base = f"{request.base_url}/v1.0/directoryObjects"
    return Response(body={"value": [{"@odata.id": f"{base}/{item['id']}"} for item in found]})


@_route("POST", f"{_MEMBERS}/$ref", permissions=WRITE)
def add_member(request: Request) -> Response:
    """Add a user or a group by reference."""
    added = object_id_of(request.object_body().get("@odata.id"))
    units.add_member(request.tenant.directory, request.params["id"], added)
    return Response(204)


@_route("POST", _MEMBERS, permissions=WRITE)
def create_member(request: Request) -> Response:
    """Make a group inside the unit."""
    directory, body = request.tenant.directory, request.object_body()
    units.unit_of(directory, request.params["id"])
    group = create_group(directory, body, granted(request))
    units.add_member(directory, request.params["id"], group["id"])
    return entity(request, _object(directory.objects([group["id"]])[0]), "directoryObjects", 201)


@_route("GET", f"{_MEMBERS}/{{member}}", permissions=READ)
def get_member(request: Request) -> Response:
    """One member."""
    _readable(request)
    directory, params = request.tenant.directory, request.params
    found = units.member(directory, params["id"], params["member"])
    return entity(request, _object(found), "directoryObjects")


@_route("DELETE", f"{_MEMBERS}/{{member}}/$ref", permissions=WRITE)
def remove_member(request: Request) -> Response:
    """Remove a member."""
    units.remove_member(request.tenant.directory, request.params["id"], request.params["member"])
    return Response(204)


@_route("GET", _ROLES, permissions=ROLES_READ)
def list_scoped_roles(request: Request) -> Response:
    """Who holds a role at the unit's scope."""
    return collection(request, _scoped(request), "scopedRoleMemberships")


@_route("POST", _ROLES, permissions=ROLES_WRITE)
def add_scoped_role(request: Request) -> Response:
    """Give a role at the unit's scope."""
    directory, body = request.tenant.directory, request.object_body()
    unit_id = str(units.unit_of(directory, request.params["id"])["id"])
    member = body.get("roleMemberInfo")
    if not isinstance(member, dict):
        raise bad_request("A value is required for property 'roleMemberInfo' of the membership.")
    who = cast("JSON", member).get("id")
    wanted: JSON = {
        "directoryScopeId": f"/administrativeUnits/{unit_id}",
        "roleDefinitionId": body.get("roleId"),
        "principalId": who,
    }
    made = create_role_assignment(directory, wanted)
    membership = units.scoped_membership(directory, unit_id, made)
    return entity(request, membership, "scopedRoleMemberships", 201)


@_route("GET", f"{_ROLES}/{{role}}", permissions=ROLES_READ)
def get_scoped_role(request: Request) -> Response:
    """One scoped role."""
    return entity(request, _one_scoped(request), "scopedRoleMemberships")


@_route("DELETE", f"{_ROLES}/{{role}}", permissions=ROLES_WRITE)
def remove_scoped_role(request: Request) -> Response:
    """Take a scoped role away."""
    delete_role_assignment(request.tenant.directory, _one_scoped(request)["id"])
    return Response(204)


def _scoped(request: Request) -> list[JSON]:
    directory, unit_id = request.tenant.directory, request.params["id"]
    found = units.scoped_assignments(directory, unit_id)
    return [units.scoped_membership(directory, unit_id, assignment) for assignment in found]


def _one_scoped(request: Request) -> JSON:
    wanted = request.params["role"]
    for membership in _scoped(request):
        if membership["id"] == wanted.lower():
            return membership
    raise not_found(wanted)


def _readable(request: Request) -> JSON:
    """The unit, if the caller may see its members."""
    unit = units.unit_of(request.tenant.directory, request.params["id"])
    if not may_see(request, unit):
        raise denied()
    return unit


def _object(found: Mapping[str, Any]) -> JSON:
    return without_links(public(found) if "userPrincipalName" in found else found)
