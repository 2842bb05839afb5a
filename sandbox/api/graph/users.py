"""Graph: users and the deleted items (v1.0 and beta)."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.graph.member_of import direct_member_of
from sandbox.api.graph.odata import JSON, collection, entity, without
from sandbox.api.graph.routes import (
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    actor,
    graph_route,
)
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import groups, users
from sandbox.tenant.directory.store import not_found

router = Router()

READ = ("User.Read.All", "User.ReadWrite.All", *DIRECTORY_READ)
WRITE = ("User.ReadWrite.All", *DIRECTORY_WRITE)
RESTORE = ("User.DeleteRestore.All", *WRITE)
GROUP_READ = ("Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All", *DIRECTORY_READ)

_HIDDEN = ("passwordHash",)
_EMPTY: JSON = {"businessPhones": [], "showInAddressList": None}
_DEFAULT = (
    *("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone"),
    *("officeLocation", "preferredLanguage", "surname", "userPrincipalName"),
)


def public(user: Mapping[str, Any]) -> JSON:
    """A user as any reader may see it: never a password, never its hash."""
    return _EMPTY | without(user, _HIDDEN)


def _shown(request: Request, user: Mapping[str, Any]) -> JSON:
    """v1.0 answers a few properties unless `$select` names others; beta answers all."""
    if "$select" in request.query or request.path.startswith("/beta/"):
        return public(user)
    return {name: public(user).get(name) for name in _DEFAULT}


@graph_route(router, "GET", "/users", permissions=READ)
def list_users(request: Request) -> Response:
    """All users, paged."""
    found = request.tenant.directory.users.values()
    return collection(request, found, "users", lambda user: _shown(request, user))


@graph_route(router, "POST", "/users", permissions=WRITE)
def create_user(request: Request) -> Response:
    """A new user; 400 when the name is taken or its domain isn't verified."""
    user = users.create_user(request.tenant.directory, request.object_body())
    return entity(request, _shown(request, user), "users", 201)


@graph_route(router, "GET", "/users/{id}", permissions=READ)
def get_user(request: Request) -> Response:
    """One user by object id or user principal name."""
    user = request.tenant.directory.user(request.params["id"])
    return entity(request, _shown(request, user), "users")


@graph_route(router, "PATCH", "/users/{id}", permissions=WRITE)
def update_user(request: Request) -> Response:
    """Change the properties that the body names."""
    users.update_user(
        request.tenant.directory, request.params["id"], request.object_body(), actor(request)
    )
    return Response(204)


@graph_route(router, "DELETE", "/users/{id}", permissions=WRITE)
def delete_user(request: Request) -> Response:
    """Into the deleted items, for 30 days."""
    users.delete_user(request.tenant.directory, request.params["id"], actor(request))
    return Response(204)


@graph_route(router, "GET", "/users/{id}/manager", permissions=READ)
def get_manager(request: Request) -> Response:
    """The manager, or 404 when there is none."""
    directory = request.tenant.directory
    manager = directory.user(request.params["id"]).get("manager")
    found = directory.find_user(manager) if isinstance(manager, str) else None
    if found is None:
        raise not_found("manager")
    return entity(request, _shown(request, found), "directoryObjects")


@graph_route(router, "GET", "/users/{id}/memberOf", permissions=GROUP_READ)
def member_of(request: Request) -> Response:
    """The groups and administrative units that list the user as their member."""
    user = request.tenant.directory.user(request.params["id"])
    return direct_member_of(request, user["id"])


@graph_route(router, "GET", "/users/{id}/transitiveMemberOf", permissions=GROUP_READ)
def transitive_member_of(request: Request) -> Response:
    """All groups that the user is in, through other groups too."""
    directory = request.tenant.directory
    return _groups(request, sorted(directory.groups_of(directory.user(request.params["id"])["id"])))


def _groups(request: Request, ids: list[str]) -> Response:
    found = request.tenant.directory.objects(ids)
    return collection(
        request, found, "directoryObjects", lambda g: without(g, ("members", "owners"))
    )


# Deleted items


@graph_route(router, "GET", "/directory/deletedItems/microsoft.graph.user", permissions=READ)
def list_deleted_users(request: Request) -> Response:
    """The deleted users; their names start with their object id, as Entra keeps them."""
    found = request.tenant.directory.deleted_users.values()
    return collection(request, found, "users", public)


@graph_route(router, "GET", "/directory/deletedItems/microsoft.graph.group", permissions=GROUP_READ)
def list_deleted_groups(request: Request) -> Response:
    """The deleted groups."""
    found = request.tenant.directory.deleted_groups.values()
    return collection(request, found, "groups", lambda g: without(g, ("members", "owners")))


@graph_route(router, "GET", "/directory/deletedItems/{id}", permissions=READ)
def get_deleted_item(request: Request) -> Response:
    """One deleted user or group."""
    directory, wanted = request.tenant.directory, request.params["id"].lower()
    if (group := directory.deleted_groups.get(wanted)) is not None:
        kind = {"@odata.type": "#microsoft.graph.group"}
        return entity(request, kind | without(group, ("members", "owners")), "directoryObjects")
    kind = {"@odata.type": "#microsoft.graph.user"}
    user = public(users.deleted_user(directory, wanted))
    return entity(request, kind | user, "directoryObjects")


@graph_route(router, "POST", "/directory/deletedItems/{id}/restore", permissions=RESTORE)
def restore_deleted_item(request: Request) -> Response:
    """Bring a deleted user or group back as it was."""
    directory, wanted = request.tenant.directory, request.params["id"].lower()
    if wanted in directory.deleted_groups:
        groups.restore_group(directory, wanted)
    else:
        users.restore_user(directory, wanted)
    found = directory.objects([wanted])[0]
    return entity(request, without(public(found), ("members", "owners")), "directoryObjects")


@graph_route(router, "DELETE", "/directory/deletedItems/{id}", permissions=RESTORE)
def purge_deleted_item(request: Request) -> Response:
    """Delete a user for good."""
    users.purge_user(request.tenant.directory, request.params["id"])
    return Response(204)
