"""Who may change a sensitive account.

Source: Microsoft Graph, "Working with users": the tables "Who can reset passwords?" and "Who can
perform sensitive actions?", and "Update user" and "Delete user" for applications. What counts is
the roles of the account, or that it is a member or owner of a role-assignable group; then it is the
calling application's own directory roles that decide, whatever its Microsoft Graph permissions are.

An ordinary account needs a role or a permission: for its password User-PasswordProfile.ReadWrite.
All, which User.ReadWrite.All does not include (public reports; before 2025 it did).
"""

from collections.abc import Collection, Mapping

from sandbox.tenant.directory.roles import (
    GLOBAL_ADMINISTRATOR,
    ORDINARY_ROLES,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    role_id,
)
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError

SENSITIVE_PROPERTIES = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "onPremisesImmutableId",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    }
)
PASSWORD_PERMISSION = "User-PasswordProfile.ReadWrite.All"  # noqa: S105 - a permission's name

# What self-service password reset relies on goes with the password.
_RESET = frozenset({"passwordProfile", "businessPhones", "mobilePhone", "otherMails"})
_EVERYBODY = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})


def _ids(*names: str) -> frozenset[str]:
    return frozenset(role_id(name) for name in names)


_READERS = _ids("Message Center Reader", "Reports Reader", "Usage Summary Reports Reader")
_LEAST = _ids("Directory Readers", "Guest Inviter", "Password Administrator")
_BY_USER_ADMINISTRATOR = (
    _LEAST | _READERS | _ids("Groups Administrator", "Helpdesk Administrator", "User Administrator")
)
_BY_AUTHENTICATION_ADMINISTRATOR = _LEAST | _READERS | _ids("Authentication Administrator")

MAY_CHANGE: Mapping[str, frozenset[str]] = {
    role_id("Authentication Administrator"): _BY_AUTHENTICATION_ADMINISTRATOR,
    role_id("User Administrator"): _BY_USER_ADMINISTRATOR,
}
"""By the role of the one who acts: the roles that the account may hold."""

MAY_RESET: Mapping[str, frozenset[str]] = {
    **MAY_CHANGE,
    role_id("Password Administrator"): _LEAST,
    role_id("Helpdesk Administrator"): _LEAST | _READERS | _ids("Helpdesk Administrator"),
}
"""The same for passwords, and for what self-service password reset relies on."""


def denied() -> ServiceError:
    """Graph's answer to a caller without the right."""
    return ServiceError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def require_authority(
    directory: Directory, actor: str | None, user_id: str, changed: Collection[str] = ()
) -> None:
    """Raise ServiceError 403 unless the actor may change this account in sensitive ways.

    `actor` is the object id of the calling service principal; None is an administrator at work in
    a portal (a Global Administrator). `changed` are the sensitive properties; none: the account is
    deleted or restored.
    """
    if actor is None:
        return
    reset = bool(changed) and _RESET.issuperset(changed)
    if _has_role_for(directory, actor, user_id, MAY_RESET if reset else MAY_CHANGE):
        return
    if is_sensitive(directory, user_id):
        raise denied()
    if "passwordProfile" in changed and not _has_permission(directory, actor, PASSWORD_PERMISSION):
        raise denied()


def is_sensitive(directory: Directory, user_id: str) -> bool:
    """Whether an account holds an administrator role or belongs to a role-assignable group."""
    return bool(directory.roles_of(user_id) - ORDINARY_ROLES) or _in_assignable(directory, user_id)


def _has_role_for(
    directory: Directory, actor: str, user_id: str, table: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a role of the actor covers every role of the account."""
    held = directory.roles_of(actor)
    if held & _EVERYBODY:
        return True
    if _in_assignable(directory, user_id):
        return False
    roles = directory.roles_of(user_id)
    return any(roles <= table[role] for role in held & table.keys())


def _has_permission(directory: Directory, actor: str, permission: str) -> bool:
    app = directory.applications.by_object_id(actor)
    return app is not None and permission in app.graph_permissions


def _in_assignable(directory: Directory, user_id: str) -> bool:
    groups = (directory.groups[group_id] for group_id in directory.groups_of(user_id))
    return any(group["isAssignableToRole"] for group in groups) or any(
        group["isAssignableToRole"] and user_id.lower() in group["owners"]
        for group in directory.groups.values()
    )
