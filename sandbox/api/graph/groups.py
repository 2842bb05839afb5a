"""Graph: groups, their members and owners (v1.0 and beta)."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.graph.member_of import direct_member_of
from sandbox.api.graph.odata import JSON, collection, entity, without
from sandbox.api.graph.routes import DIRECTORY_READ, DIRECTORY_WRITE, granted, graph_route
from sandbox.api.graph.users import public
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import groups
from sandbox.tenant.directory.groups import Link, object_id_of

router = Router()

READ = ("Group.Read.All", "Group.ReadWrite.All", *DIRECTORY_READ)
MEMBERS_READ = ("GroupMember.Read.All", "GroupMember.ReadWrite.All", *READ)
CREATE = ("Group.Create", "Group.ReadWrite.All", *DIRECTORY_WRITE)
WRITE = ("Group.ReadWrite.All", *DIRECTORY_WRITE)
MEMBERS_WRITE = ("GroupMember.ReadWrite.All", *WRITE)


def _shown(group: Mapping[str, Any]) -> JSON:
    return without(group, ("members", "owners"))


def _object(found: Mapping[str, Any]) -> JSON:
    return without(public(found) if "userPrincipalName" in found else found, ("members", "owners"))


@graph_route(router, "GET", "/groups", permissions=READ)
def list_groups(request: Request) -> Response:
    """All groups, paged."""
    return collection(request, request.tenant.directory.groups.values(), "groups", _shown)


@graph_route(router, "POST", "/groups", permissions=CREATE)
def create_group(request: Request) -> Response:
    """A new group, with the owners and members that the body binds."""
    group = groups.create_group(request.tenant.directory, request.object_body(), granted(request))
    return entity(request, _shown(group), "groups", 201)


@graph_route(router, "GET", "/groups/{id}", permissions=MEMBERS_READ)
def get_group(request: Request) -> Response:
    """One group."""
    group = request.tenant.directory.group(request.params["id"])
    return entity(request, _shown(group), "groups")


@graph_route(router, "PATCH", "/groups/{id}", permissions=WRITE)
def update_group(request: Request) -> Response:
    """Change the properties that the body names."""
    groups.update_group(
        request.tenant.directory, request.params["id"], request.object_body(), granted(request)
    )
    return Response(204)


@graph_route(router, "DELETE", "/groups/{id}", permissions=WRITE)
def delete_group(request: Request) -> Response:
    """Into the deleted items."""
    groups.delete_group(request.tenant.directory, request.params["id"], granted(request))
    return Response(204)


@graph_route(router, "GET", "/groups/{id}/members", permissions=MEMBERS_READ)
def list_members(request: Request) -> Response:
    """The direct members."""
    return _linked(request, "members")


@graph_route(router, "GET", "/groups/{id}/owners", permissions=MEMBERS_READ)
def list_owners(request: Request) -> Response:
    """The owners."""
    return _linked(request, "owners")


@graph_route(router, "GET", "/groups/{id}/transitiveMembers", permissions=MEMBERS_READ)
def transitive_members(request: Request) -> Response:
    """The members, through other groups too."""
    directory = request.tenant.directory
    found = sorted(directory.members_of(directory.group(request.params["id"])["id"]))
    return collection(request, directory.objects(found), "directoryObjects", _object)


@graph_route(router, "GET", "/groups/{id}/memberOf", permissions=MEMBERS_READ)
def member_of(request: Request) -> Response:
    """The groups and administrative units that list this group as their member."""
    group = request.tenant.directory.group(request.params["id"])
    return direct_member_of(request, group["id"])


@graph_route(router, "POST", "/groups/{id}/members/$ref", permissions=MEMBERS_WRITE)
def add_member(request: Request) -> Response:
    """Add one member by reference."""
    return _add(request, "members")


@graph_route(router, "POST", "/groups/{id}/owners/$ref", permissions=WRITE)
def add_owner(request: Request) -> Response:
    """Add one owner by reference."""
    return _add(request, "owners")


@graph_route(router, "DELETE", "/groups/{id}/members/{member}/$ref", permissions=MEMBERS_WRITE)
def remove_member(request: Request) -> Response:
    """Remove one member."""
    return _remove(request, "members")


@graph_route(router, "DELETE", "/groups/{id}/owners/{member}/$ref", permissions=WRITE)
def remove_owner(request: Request) -> Response:
    """Remove one owner."""
    return _remove(request, "owners")


def _linked(request: Request, link: Link) -> Response:
    directory = request.tenant.directory
    found = directory.objects(directory.group(request.params["id"])[link])
    return collection(request, found, "directoryObjects", _object)


def _add(request: Request, link: Link) -> Response:
    added = object_id_of(request.object_body().get("@odata.id"))
    groups.add_link(request.tenant.directory, request.params["id"], link, added, granted(request))
    return Response(204)


def _remove(request: Request, link: Link) -> Response:
    groups.remove_link(
        request.tenant.directory,
        request.params["id"],
        link,
        request.params["member"],
        granted(request),
    )
    return Response(204)
