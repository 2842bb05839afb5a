"""Graph: groups, their members and owners (v1.0 and beta)."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.api.graph.member_of import (
    direct_parents,
    related_routes,
    without_links,
)
from sandbox.api.graph.odata import JSON, Lookups, collection, count, entity
from sandbox.api.graph.odata_directory import GROUPS, OBJECTS
from sandbox.api.graph.odata_expand import Expansion
from sandbox.api.graph.routes import (
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    granted,
    graph_route,
    require_replicated,
)
from sandbox.api.graph.users import public
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import groups
from sandbox.tenant.directory.groups import Link, bound_ids, object_id_of

router = Router(case_insensitive=True)

READ = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *DIRECTORY_READ)
MEMBERS_READ = (
    *("GroupMember.Read.All", "GroupMember.ReadWrite.All"),
    *("Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"),
)
# The last is not in Microsoft's table; the azuread provider reads parents with it and nothing else.
MEMBER_OF = ("GroupMember.Read.All", "Group.Read.All", *DIRECTORY_READ, "Group.ReadWrite.All")
CREATE = ("Group.Create", "Group.ReadWrite.All", *DIRECTORY_WRITE)
WRITE = ("Group.ReadWrite.All", *DIRECTORY_WRITE)
DELETE = ("Group.ReadWrite.All",)
MEMBERS_WRITE = ("GroupMember.ReadWrite.All", *WRITE)


def shown_object(found: Mapping[str, Any]) -> JSON:
    """A user, group or service principal as any reader may see it."""
    return without_links(public(found) if "userPrincipalName" in found else found)


def _related(request: Request) -> dict[str, Expansion]:
    """What `$expand` finds of a group."""
    directory = request.tenant.directory
    return {
        "members": lambda group: map(shown_object, directory.objects(group["members"])),
        "owners": lambda group: map(shown_object, directory.objects(group["owners"])),
        "memberOf": lambda group: map(without_links, direct_parents(request, group["id"])),
    }


@graph_route(router, "GET", "/groups", permissions=READ)
def list_groups(request: Request) -> Response:
    """All groups, paged."""
    groups_by_id = request.tenant.directory.groups
    return collection(
        request,
        groups_by_id.values(),
        "groups",
        without_links,
        queries=GROUPS,
        related=_related(request),
        lookups={"id": lambda group_id: [groups_by_id[group_id]] * (group_id in groups_by_id)},
    )


@graph_route(router, "GET", "/groups/$count", permissions=READ)
def count_groups(request: Request) -> Response:
    """How many groups there are."""
    return count(request, request.tenant.directory.groups.values(), GROUPS)


@graph_route(router, "POST", "/groups", permissions=CREATE)
def create_group(request: Request) -> Response:
    """A new group, with the owners and members that the body binds."""
    group = groups.create_group(request.tenant.directory, request.object_body(), granted(request))
    return entity(request, without_links(group), "groups", 201)


@graph_route(router, "GET", "/groups/{id}", permissions=READ)
def get_group(request: Request) -> Response:
    """One group."""
    group = request.tenant.directory.group(request.params["id"])
    return entity(
        request, group, "groups", show=without_links, queries=GROUPS, related=_related(request)
    )


@graph_route(router, "PATCH", "/groups/{id}", permissions=WRITE)
def update_group(request: Request) -> Response:
    """Change the properties that the body names, and add the members that it binds."""
    group, body = request.params["id"], request.object_body()
    if bound := bound_ids(body, "members"):
        require_replicated(request, group, *bound)
    groups.update_group(request.tenant.directory, group, body, granted(request))
    return Response(204)


@graph_route(router, "DELETE", "/groups/{id}", permissions=DELETE)
def delete_group(request: Request) -> Response:
    """Into the deleted items."""
    groups.delete_group(request.tenant.directory, request.params["id"], granted(request))
    return Response(204)


@graph_route(router, "GET", "/groups/{id}/members", permissions=MEMBERS_READ)
def list_members(request: Request) -> Response:
    """The direct members."""
    return _linked(request, "members")


@graph_route(router, "GET", "/groups/{id}/members/$count", permissions=MEMBERS_READ)
def count_members(request: Request) -> Response:
    """How many direct members there are."""
    return count(request, _objects(request, "members"), OBJECTS)


@graph_route(router, "GET", "/groups/{id}/owners", permissions=MEMBERS_READ)
def list_owners(request: Request) -> Response:
    """The owners."""
    return _linked(request, "owners")


@graph_route(router, "GET", "/groups/{id}/owners/$count", permissions=MEMBERS_READ)
def count_owners(request: Request) -> Response:
    """How many owners there are."""
    return count(request, _objects(request, "owners"), OBJECTS)


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


def _objects(request: Request, link: Link) -> list[JSON]:
    directory = request.tenant.directory
    return _visible(request, directory.objects(directory.group(request.params["id"])[link]))


def _visible(request: Request, found: Iterable[JSON]) -> list[JSON]:
    """v1.0 leaves service principals out: "List group members", "List group owners"."""
    if request.path.startswith("/beta/"):
        return [*found]
    return [item for item in found if not item["@odata.type"].endswith(".servicePrincipal")]


def _linked(request: Request, link: Link) -> Response:
    directory = request.tenant.directory
    ids = directory.group(request.params["id"])[link]

    def named(object_id: str) -> list[JSON]:
        return _visible(request, directory.objects([object_id] if object_id in ids else []))

    lookups: Lookups = {"id": named}
    return collection(
        request,
        _objects(request, link),
        "directoryObjects",
        shown_object,
        queries=OBJECTS,
        lookups=lookups,
    )


def _parents(request: Request) -> list[JSON]:
    """The groups and administrative units that list this group as their member."""
    return direct_parents(request, request.tenant.directory.group(request.params["id"])["id"])


def _transitive(request: Request) -> list[JSON]:
    """The members, through other groups too."""
    directory = request.tenant.directory
    found = directory.members_of(directory.group(request.params["id"])["id"])
    return _visible(request, directory.objects(sorted(found)))


def _add(request: Request, link: Link) -> Response:
    group, added = request.params["id"], object_id_of(request.object_body().get("@odata.id"))
    require_replicated(request, group, added)
    groups.add_link(request.tenant.directory, group, link, added, granted(request))
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


related_routes(router, "/groups/{id}/transitiveMembers", MEMBERS_READ, _transitive, shown_object)
related_routes(router, "/groups/{id}/memberOf", MEMBER_OF, _parents, without_links)
