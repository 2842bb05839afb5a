"""Graph: users (v1.0 and beta)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.api.graph.member_of import (
    direct_parents,
    related_routes,
    without_links,
)
from sandbox.api.graph.odata import JSON, collection, count, entity, without
from sandbox.api.graph.odata_directory import USERS
from sandbox.api.graph.odata_expand import Expansion
from sandbox.api.graph.routes import (
    DIRECTORY_READ,
    DIRECTORY_WRITE,
    actor,
    granted,
    graph_route,
)
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import users
from sandbox.tenant.directory.store import not_found
from sandbox.tenant.directory.user_permissions import (
    SINGLE_PROPERTIES,
    WHOLE_USER,
    require_update_permissions,
)

router = Router(case_insensitive=True)

READ = ("User.Read.All", "User.ReadWrite.All", *DIRECTORY_READ)
CREATE = ("User.Create", "User.ReadWrite.All", *DIRECTORY_WRITE)
UPDATE = tuple(dict.fromkeys((*WHOLE_USER, *SINGLE_PROPERTIES.values())))
DELETE = ("User.DeleteRestore.All", "User.ReadWrite.All")
MEMBER_OF = ("User.Read.All", "GroupMember.Read.All", "Group.Read.All", *DIRECTORY_READ)

_HIDDEN = ("passwordHash", "perUserMfaState")
_EMPTY: JSON = {
    "businessPhones": [],
    "showInAddressList": None,
    "authorizationInfo": {"certificateUserIds": []},
}
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
    return {name: user.get(name, _EMPTY.get(name)) for name in _DEFAULT}


def _related(request: Request) -> dict[str, Expansion]:
    """What `$expand` finds of a user."""
    directory = request.tenant.directory

    def manager(user: Mapping[str, Any]) -> Iterator[JSON]:
        found = directory.find_user(str(user.get("manager") or ""))
        if found is not None:
            yield {"@odata.type": "#microsoft.graph.user"} | public(found)

    def member_of(user: Mapping[str, Any]) -> Iterator[JSON]:
        yield from map(without_links, direct_parents(request, user["id"]))

    return {"manager": manager, "memberOf": member_of}


@graph_route(router, "GET", "/users", permissions=READ)
def list_users(request: Request) -> Response:
    """All users, paged."""
    directory = request.tenant.directory

    def named(id_or_upn: str) -> list[JSON]:
        found = directory.find_user(id_or_upn)
        return [] if found is None else [found]

    return collection(
        request,
        directory.users.values(),
        "users",
        lambda user: _shown(request, user),
        queries=USERS,
        related=_related(request),
        lookups={"id": named, "userPrincipalName": named},
    )


@graph_route(router, "GET", "/users/$count", permissions=READ)
def count_users(request: Request) -> Response:
    """How many users there are."""
    return count(request, request.tenant.directory.users.values(), USERS)


@graph_route(router, "POST", "/users", permissions=CREATE)
def create_user(request: Request) -> Response:
    """A new user; 400 when the name is taken or its domain isn't verified."""
    user = users.create_user(request.tenant.directory, request.object_body())
    return entity(request, _shown(request, user), "users", 201)


@graph_route(router, "GET", "/users/{id}", permissions=READ)
def get_user(request: Request) -> Response:
    """One user by object id or user principal name."""
    user = request.tenant.directory.user(request.params["id"])
    return entity(
        request,
        user,
        "users",
        show=lambda whole: _shown(request, whole),
        queries=USERS,
        related=_related(request),
    )


@graph_route(router, "PATCH", "/users/{id}", permissions=UPDATE)
def update_user(request: Request) -> Response:
    """Change the properties that the body names; some need a permission of their own."""
    require_update_permissions(granted(request), request.object_body())
    users.update_user(
        request.tenant.directory, request.params["id"], request.object_body(), actor(request)
    )
    return Response(204)


@graph_route(router, "DELETE", "/users/{id}", permissions=DELETE)
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


def _parents(request: Request) -> list[JSON]:
    """The groups and administrative units that list the user as their member."""
    return direct_parents(request, request.tenant.directory.user(request.params["id"])["id"])


def _transitive_groups(request: Request) -> list[JSON]:
    """All groups that the user is in, through other groups too."""
    directory = request.tenant.directory
    user = directory.user(request.params["id"])
    return directory.objects(sorted(directory.groups_of(user["id"])))


related_routes(router, "/users/{id}/memberOf", MEMBER_OF, _parents, without_links)
related_routes(
    router, "/users/{id}/transitiveMemberOf", MEMBER_OF, _transitive_groups, without_links
)
