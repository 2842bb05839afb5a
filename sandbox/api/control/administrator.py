"""The control face: what an administrator at work in a portal does to users and groups.

Nothing here is asked for a token or throttled; what a service refuses to everybody, it refuses here
too. `?as=<user principal name>` says who is at work, for the audit log.
"""

from typing import Any

from sandbox.api.graph.authentication_methods import shown_method
from sandbox.api.graph.users import public
from sandbox.api.routing import Handler, Request, Response, Router
from sandbox.tenant.directory import groups, role_schedules, users
from sandbox.tenant.directory.authentication_methods import delete_method
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.groups import Link
from sandbox.tenant.directory.licence_assignment import assign_licence, remove_licence
from sandbox.tenant.directory.method_registration import register_method
from sandbox.tenant.directory.per_user_mfa import PROPERTY, per_user_mfa, set_per_user_mfa
from sandbox.tenant.directory.roles import BUILT_IN_ROLES, role_id
from sandbox.tenant.errors import ServiceError

router = Router()

_USER, _GROUP, _ITEM = "/sandbox/users/{id}", "/sandbox/groups/{id}", "/sandbox/deleted-items/{id}"


@router.route("GET", _USER)
def get_user(request: Request) -> Response:
    """A user, with all properties that an administrator sees."""
    directory = request.tenant.directory
    user = public(directory.user(request.params["id"]))
    return Response(body=user | {PROPERTY: per_user_mfa(directory, user["id"])})


@router.route("PATCH", _USER)
def update_user(request: Request) -> Response:
    """An administrator changes a user."""
    users.update_user(request.tenant.directory, request.params["id"], request.object_body(), None)
    return Response(204)


@router.route("DELETE", _USER)
def delete_user(request: Request) -> Response:
    """An administrator deletes a user (softly, as portals do)."""
    users.delete_user(request.tenant.directory, request.params["id"], None)
    return Response(204)


# What a user signs in with


@router.route("POST", f"{_USER}/methods")
def add_method(request: Request) -> Response:
    """Register an authentication method of any kind, by `@odata.type` and properties."""
    directory = request.tenant.directory
    made = register_method(directory, request.params["id"], request.object_body())
    return Response(201, shown_method(directory, made))


@router.route("DELETE", f"{_USER}/methods/{{method}}")
def remove_method(request: Request) -> Response:
    """Delete an authentication method by the id that Graph shows; a password stays."""
    delete_method(request.tenant.directory, request.params["id"], None, request.params["method"])
    return Response(204)


@router.route("PUT", f"{_USER}/per-user-mfa")
def switch_per_user_mfa(request: Request) -> Response:
    """Set `perUserMfaState`; the answer is the state that the user then has."""
    directory = request.tenant.directory
    state = set_per_user_mfa(directory, request.params["id"], request.object_body())
    return Response(body={PROPERTY: state})


@router.route("PUT", f"{_USER}/licences/{{sku}}")
def give_licence(request: Request) -> Response:
    """Assign a licence by its part number or id."""
    assign_licence(request.tenant.directory, request.params["id"], request.params["sku"])
    return Response(204)


@router.route("DELETE", f"{_USER}/licences/{{sku}}")
def take_licence(request: Request) -> Response:
    """Take a licence away."""
    remove_licence(request.tenant.directory, request.params["id"], request.params["sku"])
    return Response(204)


# Roles


@router.route("GET", f"{_USER}/roles")
def list_roles(request: Request) -> Response:
    """The roles of a user for the whole tenant, active or eligible, with their end."""
    directory = request.tenant.directory
    user_id = directory.user(request.params["id"])["id"]
    held = [
        {
            "role": BUILT_IN_ROLES[entry["roleDefinitionId"]],
            "roleDefinitionId": entry["roleDefinitionId"],
            "state": state,
            "endDateTime": entry.get("endDateTime"),
        }
        for state, entries in (
            ("active", directory.role_assignments),
            ("eligible", directory.role_eligibilities),
        )
        for entry in entries.values()
        if entry["principalId"] == user_id and entry["directoryScopeId"] == "/"
    ]
    return Response(body={"value": held})


@router.route("PUT", f"{_USER}/roles/{{role}}")
def give_role(request: Request) -> Response:
    """Make a role active or eligible, permanent or until `endDateTime`."""
    body, known = request.object_body(), {"state", "endDateTime"}
    state: Any = body.get("state", "active")
    end: Any = body.get("endDateTime")
    if body.keys() - known or state not in ("active", "eligible"):
        raise ServiceError(
            400, "BadRequest", "Expected state (active or eligible) and endDateTime, nothing else."
        )
    if end is not None and not isinstance(end, str):
        raise ServiceError(400, "BadRequest", "endDateTime: expected a date and time, or null.")
    give = role_schedules.make_eligible if state == "eligible" else role_schedules.give_role
    give(request.tenant.directory, request.params["id"], _role(request), end)
    return Response(204)


@router.route("DELETE", f"{_USER}/roles/{{role}}")
def take_role(request: Request) -> Response:
    """Take a role away, active or eligible."""
    role_schedules.take_role(request.tenant.directory, request.params["id"], _role(request))
    return Response(204)


def _role(request: Request) -> str:
    """The template id of the role that the path names by display name or template id."""
    wanted = request.params["role"]
    if wanted.lower() in BUILT_IN_ROLES:
        return wanted.lower()
    try:
        return role_id(wanted)
    except ValueError as error:
        raise ServiceError(404, "NotFound", f"{error}.") from None


# Groups


@router.route("POST", "/sandbox/groups")
def create_group(request: Request) -> Response:
    """An administrator makes a group."""
    made = groups.create_group(request.tenant.directory, request.object_body(), None)
    return Response(201, made)


@router.route("GET", _GROUP)
def get_group(request: Request) -> Response:
    """A group, with the ids of its members and owners."""
    return Response(body=dict(request.tenant.directory.group(request.params["id"])))


@router.route("PATCH", _GROUP)
def update_group(request: Request) -> Response:
    """An administrator changes a group."""
    groups.update_group(request.tenant.directory, request.params["id"], request.object_body(), None)
    return Response(204)


@router.route("DELETE", _GROUP)
def delete_group(request: Request) -> Response:
    """An administrator deletes a group (softly)."""
    groups.delete_group(request.tenant.directory, request.params["id"], None)
    return Response(204)


def _adding(link: Link) -> Handler:
    def add(request: Request) -> Response:
        params = request.params
        groups.add_link(request.tenant.directory, params["id"], link, params["object"], None)
        return Response(204)

    return add


def _removing(link: Link) -> Handler:
    def remove(request: Request) -> Response:
        params = request.params
        groups.remove_link(request.tenant.directory, params["id"], link, params["object"], None)
        return Response(204)

    return remove


_LINKS: tuple[Link, ...] = ("members", "owners")
for _link in _LINKS:
    router.route("PUT", f"{_GROUP}/{_link}/{{object}}")(_adding(_link))
    router.route("DELETE", f"{_GROUP}/{_link}/{{object}}")(_removing(_link))


# Deleted items


@router.route("POST", f"{_ITEM}/restore")
def restore(request: Request) -> Response:
    """An administrator brings a deleted user or group back."""
    directory, wanted = request.tenant.directory, request.params["id"]
    if wanted.lower() in directory.deleted_groups:
        groups.restore_group(directory, wanted)
    else:
        users.restore_user(directory, wanted)
    return Response(204)


@router.route("DELETE", _ITEM)
def delete_for_good(request: Request) -> Response:
    """An administrator deletes a deleted user or group for good."""
    purge(request.tenant.directory, request.params["id"])
    return Response(204)
