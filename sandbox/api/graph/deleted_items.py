"""Graph: the deleted items, where users and groups wait for 30 days to be restored.

Source: Microsoft Graph v1.0 reference, "List deletedItems", "Restore deleted item" and
"Permanently delete an item". A restored user may be given another name when its own is taken.
`autoReconcileProxyConflict` has nothing to do here: users have no proxy addresses of their own.
"""

from sandbox.api.graph.groups import DELETE as GROUP_RESTORE
from sandbox.api.graph.groups import READ as GROUP_READ
from sandbox.api.graph.groups import shown_object
from sandbox.api.graph.member_of import without_links
from sandbox.api.graph.odata import JSON, collection, count, entity
from sandbox.api.graph.odata_directory import GROUPS, USERS
from sandbox.api.graph.routes import actor, granted, graph_route
from sandbox.api.graph.users import DELETE as RESTORE
from sandbox.api.graph.users import READ, public
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import groups, users
from sandbox.tenant.directory.authority import denied, require_authority
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.store import not_found

router = Router(case_insensitive=True)

ITEM_READ = tuple(dict.fromkeys((*READ, *GROUP_READ)))

_ITEMS = "/directory/deletedItems"
_USERS = _ITEMS + "/microsoft.graph.user"
_GROUPS = _ITEMS + "/microsoft.graph.group"


@graph_route(router, "GET", _USERS, permissions=READ)
def list_deleted_users(request: Request) -> Response:
    """The deleted users; their names start with their object id, as Entra keeps them."""
    found = request.tenant.directory.deleted_users.values()
    return collection(request, found, "users", public, queries=USERS)


@graph_route(router, "GET", _USERS + "/$count", permissions=READ)
def count_deleted_users(request: Request) -> Response:
    """How many these are."""
    return count(request, request.tenant.directory.deleted_users.values(), USERS)


@graph_route(router, "GET", _GROUPS, permissions=GROUP_READ)
def list_deleted_groups(request: Request) -> Response:
    """The deleted groups."""
    found = request.tenant.directory.deleted_groups.values()
    return collection(request, found, "groups", without_links, queries=GROUPS)


@graph_route(router, "GET", _ITEMS + "/{id}", permissions=ITEM_READ)
def get_deleted_item(request: Request) -> Response:
    """One deleted user or group."""
    return entity(request, _deleted(request, READ, GROUP_READ), "directoryObjects")


@graph_route(router, "POST", _ITEMS + "/{id}/restore", permissions=(*RESTORE, *GROUP_RESTORE))
def restore_deleted_item(request: Request) -> Response:
    """Bring a deleted user or group back as it was."""
    directory, wanted = request.tenant.directory, request.params["id"].lower()
    _deleted(request, RESTORE, GROUP_RESTORE)
    if wanted in directory.deleted_groups:
        groups.restore_group(directory, wanted, granted(request))
    else:
        name = request.object_body().get("newUserPrincipalName")
        if name is not None and not isinstance(name, str):
            raise users.bad_request("Invalid value specified for 'newUserPrincipalName'.")
        users.restore_user(directory, wanted, actor(request), name)
    found = directory.objects([wanted])[0]
    return entity(request, shown_object(found), "directoryObjects")


@graph_route(router, "DELETE", _ITEMS + "/{id}", permissions=(*RESTORE, *GROUP_RESTORE))
def purge_deleted_item(request: Request) -> Response:
    """Delete a user or a group for good."""
    directory, wanted = request.tenant.directory, request.params["id"].lower()
    _deleted(request, RESTORE, GROUP_RESTORE)
    if (group := directory.deleted_groups.get(wanted)) is not None:
        groups.require_group_rights(group, granted(request))
    else:
        require_authority(directory, actor(request), wanted)
    purge(directory, wanted)
    return Response(204)


def _deleted(request: Request, for_users: tuple[str, ...], for_groups: tuple[str, ...]) -> JSON:
    """The deleted item; the caller needs a permission for what it is. Raises 404 and 403."""
    directory, wanted = request.tenant.directory, request.params["id"].lower()
    user, group = directory.deleted_users.get(wanted), directory.deleted_groups.get(wanted)
    found = user or group
    if found is None:
        raise not_found(request.params["id"])
    permissions = granted(request)
    enough = for_users if group is None else for_groups
    if permissions is not None and permissions.isdisjoint(enough):
        raise denied()
    kind = "user" if group is None else "group"
    return {"@odata.type": f"#microsoft.graph.{kind}"} | shown_object(found)
