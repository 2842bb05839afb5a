"""Which application permissions let an application change which properties of a user.

Source: Microsoft Graph, "Update user" and "Microsoft Graph permissions reference". Two permissions
cover a user as a whole, others one part of it. For passwords and for administrators an application
needs more than that: see `authority`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from sandbox.tenant.directory.authority import PASSWORD_PERMISSION, denied

WHOLE_USER = ("User.ReadWrite.All", "Directory.ReadWrite.All")

SINGLE_PROPERTIES: Mapping[str, str] = {
    "accountEnabled": "User.EnableDisableAccount.All and User.Read.All",
    "passwordProfile": PASSWORD_PERMISSION,
    "businessPhones": "User-Phone.ReadWrite.All",
    "mobilePhone": "User-Phone.ReadWrite.All",
    "otherMails": "User-Mail.ReadWrite.All",
}
"""The permissions that open one property and nothing else."""


def require_update_permissions(granted: AbstractSet[str] | None, properties: Iterable[str]) -> None:
    """Raise ServiceError 403 unless the permissions cover every property that a request changes.

    `granted` None is an administrator at work in a portal.
    """
    if granted is None or not granted.isdisjoint(WHOLE_USER):
        return
    for name in properties:
        single = SINGLE_PROPERTIES.get(name)
        if single is None or not granted >= set(single.split(" and ")):
            raise denied()
