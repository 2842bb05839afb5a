"""The authentication methods registered to users: listing and removing them.

A method belongs to its user's object id, so it survives the user's stay in the deleted items.
Passwords are a property of the user and shown as a method; passkeys and Temporary Access Passes
have modules of their own. Other methods come with the tenant document, or an administrator
registers them (`method_registration`). Source: Microsoft Graph v1.0, "authenticationMethod resource
type" and what derives from it.
"""

from sandbox.tenant.directory.method_kinds import (
    EMAIL,
    EMAIL_ID,
    FIDO2,
    KINDS,
    PHONE,
    PHONE_IDS,
    TEMPORARY_ACCESS_PASS,
)
from sandbox.tenant.directory.restricted_management import METHOD_MANAGERS, require_manageable
from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.errors import ServiceError

PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"  # noqa: S105 - a type's name
PASSKEY = FIDO2.type
ACCESS_PASS = TEMPORARY_ACCESS_PASS.type

PASSWORD_METHOD_ID = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105
"""The id of every user's password."""


def methods_of(directory: Directory, id_or_upn: str, kind: str | None = None) -> list[JSON]:
    """A user's methods of one type, or all: the password, then the others, oldest first.

    Raises ServiceError 404 for no such user.
    """
    user = directory.user(id_or_upn)
    changed = user.get("lastPasswordChangeDateTime") or user.get("createdDateTime")
    password = {"id": PASSWORD_METHOD_ID, "@odata.type": PASSWORD, "createdDateTime": changed}
    registered = (
        method
        for method in directory.authentication_methods.values()
        if method["userId"].lower() == user["id"]
    )
    return [
        method
        for method in (password, *registered)
        if kind is None or method["@odata.type"] == kind
    ]


def method_of(directory: Directory, id_or_upn: str, kind: str | None, method_id: str) -> JSON:
    """One method by the id that Graph shows, of a type or of any; raises ServiceError 404."""
    for method in methods_of(directory, id_or_upn, kind):
        if method_id in (shown_id(method), method.get("credentialId")):
            return method
    raise ServiceError(404, "resourceNotFound", f"The method '{method_id}' was not found.")


def add_method(directory: Directory, method: JSON) -> JSON:
    """Register a method, of a user whom the caller may manage."""
    return _changed(directory, method, present=True)


def delete_method(directory: Directory, id_or_upn: str, kind: str | None, method_id: str) -> None:
    """Remove a method, of a type or of any; raises ServiceError 404, and 400 for a password."""
    method = method_of(directory, id_or_upn, kind, method_id)
    if method["@odata.type"] == PASSWORD:
        raise refused("A password cannot be deleted.")
    _changed(directory, method, present=False)


def _changed(directory: Directory, method: JSON, *, present: bool) -> JSON:
    require_manageable(directory, method["userId"], METHOD_MANAGERS)
    methods = directory.authentication_methods
    with directory.changes.of("authenticationMethod", method["id"], methods):
        if present:
            methods[method["id"]] = method
        else:
            del methods[method["id"]]
    return method


def shown_id(method: JSON) -> str:
    """The id that Graph shows: a phone's and an e-mail address's are the same for everybody."""
    kind = KINDS.get(method["@odata.type"])
    if kind is PHONE:
        return PHONE_IDS[method["phoneType"]]
    return EMAIL_ID if kind is EMAIL else str(method["id"])


def refused(message: str) -> ServiceError:
    """The answer to a method that cannot be registered; the code is assumed."""
    return ServiceError(400, "badRequest", message)
