"""Who may change a sensitive account.

Source: Microsoft Learn, "Who can perform sensitive actions" (users) and "Use Microsoft Entra groups
to manage role assignments": an account that holds an administrator role, or that is a member or
owner of a role-assignable group, can be reset, disabled, renamed or deleted only by a Privileged
Authentication Administrator or a Global Administrator, whatever an application's permissions say.
"""

from sandbox.tenant.directory.roles import (
    GLOBAL_ADMINISTRATOR,
    ORDINARY_ROLES,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
)
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError

SENSITIVE_PROPERTIES = frozenset(
    {
        "accountEnabled",
        "businessPhones",
        "mobilePhone",
        "otherMails",
        "passwordProfile",
        "userPrincipalName",
    }
)


def denied() -> ServiceError:
    """Graph's answer to a caller without the right."""
    return ServiceError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def require_authority(directory: Directory, actor: str | None, user_id: str) -> None:
    """Raise ServiceError 403 unless the actor may change this account in sensitive ways.

    `actor` is the object id of the calling service principal; None is an administrator at work in
    a portal (a Global Administrator).
    """
    if actor is None or not is_sensitive(directory, user_id):
        return
    if not directory.roles_of(actor) & {
        GLOBAL_ADMINISTRATOR,
        PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    }:
        raise denied()


def is_sensitive(directory: Directory, user_id: str) -> bool:
    """Whether an account holds an administrator role or belongs to a role-assignable group."""
    if directory.roles_of(user_id) - ORDINARY_ROLES:
        return True
    groups = (directory.groups[group_id] for group_id in directory.groups_of(user_id))
    return any(group["isAssignableToRole"] for group in groups) or any(
        group["isAssignableToRole"] and user_id.lower() in group["owners"]
        for group in directory.groups.values()
    )
