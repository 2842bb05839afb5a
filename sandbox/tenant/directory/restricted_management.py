"""Restricted management: members of such an administrative unit obey its own administrators only.

Whoever has no role at the scope of the unit changes nothing of its members: no Global
Administrator, no group owner, no application with whatever Microsoft Graph permission. Reading
them, adding them to groups and giving them roles stays possible. Source: Microsoft Learn,
"Restricted management administrative units in Microsoft Entra ID". The text of the refusal is that
of public reports.

Simplified: which of the unit's roles may change what is told apart by users, passwords, groups and
authentication methods only. Not simulated: the half hour that protection outlives its unit.
"""

from collections.abc import Collection

from sandbox.tenant.directory.authority import is_sensitive
from sandbox.tenant.directory.roles import role_id
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError

_METHODS = ("Authentication Administrator", "Privileged Authentication Administrator")

USER_MANAGERS = frozenset({role_id("User Administrator")})
PASSWORD_MANAGERS = USER_MANAGERS | {
    role_id(name) for name in (*_METHODS, "Helpdesk Administrator", "Password Administrator")
}
METHOD_MANAGERS = frozenset(role_id(name) for name in _METHODS)
GROUP_MANAGERS = frozenset({role_id("Groups Administrator"), role_id("User Administrator")})


def is_restricted(directory: Directory, object_id: str) -> bool:
    """Whether an object is a member of any unit with restricted management."""
    return bool(_scopes(directory, object_id))


def require_manageable(directory: Directory, object_id: str, roles: Collection[str]) -> None:
    """Raise ServiceError 403 unless who asks may change this object.

    `roles` are those of which the one who asks needs one, at the scope of a restricted unit.
    """
    scopes = _scopes(directory, object_id)
    held = {
        role
        for scope in scopes
        for role in directory.roles_of(directory.changes.initiator.object_id, scope)
    }
    if scopes and held.isdisjoint(roles):
        raise _restricted()


def require_manageable_user(
    directory: Directory, user_id: str, changed: Collection[str], *, sensitive: bool
) -> None:
    """The same for properties of a user.

    A `sensitive` change of an administrator is open to nobody: the roles that could make it cannot
    be given at the scope of a unit.
    """
    only_password = set(changed) == {"passwordProfile"}
    require_manageable(directory, user_id, PASSWORD_MANAGERS if only_password else USER_MANAGERS)
    if sensitive and is_restricted(directory, user_id) and is_sensitive(directory, user_id):
        raise _restricted()


def require_manageable_group(directory: Directory, group_id: str, *, links: bool = False) -> None:
    """The same for a group; `links`: its members or owners.

    Those of a role-assignable group cannot be changed at all while it is in such a unit: only
    Global and Privileged Role Administrators could, and neither role is given at a unit's scope.
    """
    require_manageable(directory, group_id, GROUP_MANAGERS)
    group = directory.group(group_id)
    if links and group["isAssignableToRole"] and is_restricted(directory, group_id):
        raise _restricted()


def _scopes(directory: Directory, object_id: str) -> list[str]:
    return [
        f"/administrativeUnits/{unit['id']}"
        for unit in directory.units_of(object_id)
        if unit.get("isMemberManagementRestricted")
    ]


def _restricted() -> ServiceError:
    return ServiceError(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation. Target object is a member of a "
        "restricted management administrative unit and can only be modified by administrators "
        "scoped to that administrative unit. Check that you are assigned a role that has "
        "permission to perform the operation for this restricted management administrative unit. "
        "Learn more: https://go.microsoft.com/fwlink/?linkid=2197831",
    )
