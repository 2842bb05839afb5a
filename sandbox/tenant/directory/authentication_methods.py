"""The authentication methods registered to users: listing and removing them.

A method belongs to its user's object id, so it survives the user's stay in the deleted items.
Passwords are a property of the user and shown as a method; passkeys and Temporary Access Passes
have modules of their own. Other methods (phone, Authenticator, Windows Hello …) are not simulated.
Source: Microsoft Graph v1.0, "authenticationMethod resource type" and what derives from it.
"""

from sandbox.tenant.directory.restricted_management import METHOD_MANAGERS, require_manageable
from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.errors import ServiceError

PASSWORD = "#microsoft.graph.passwordAuthenticationMethod"  # noqa: S105 - a type's name
PASSKEY = "#microsoft.graph.fido2AuthenticationMethod"
ACCESS_PASS = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"  # noqa: S105

PASSWORD_METHOD_ID = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105
"""The id of every user's password."""


def methods_of(directory: Directory, id_or_upn: str, kind: str) -> list[JSON]:
    """A user's methods of one type, oldest first; raises ServiceError 404 for no such user."""
    user = directory.user(id_or_upn)
    if kind == PASSWORD:
        changed = user.get("lastPasswordChangeDateTime") or user.get("createdDateTime")
        return [{"id": PASSWORD_METHOD_ID, "@odata.type": PASSWORD, "createdDateTime": changed}]
    return [
        method
        for method in directory.authentication_methods.values()
        if method["userId"].lower() == user["id"] and method["@odata.type"] == kind
    ]


def method_of(directory: Directory, id_or_upn: str, kind: str, method_id: str) -> JSON:
    """One method by the id that Graph shows; raises ServiceError 404."""
    for method in methods_of(directory, id_or_upn, kind):
        if method_id in (method["id"], method.get("credentialId")):
            return method
    raise ServiceError(404, "resourceNotFound", f"The method '{method_id}' was not found.")


def add_method(directory: Directory, method: JSON) -> JSON:
    """Register a method, of a user whom the caller may manage."""
    return _changed(directory, method, present=True)


def delete_method(directory: Directory, id_or_upn: str, kind: str, method_id: str) -> None:
    """Remove a passkey or a Temporary Access Pass; raises ServiceError 404."""
    _changed(directory, method_of(directory, id_or_upn, kind, method_id), present=False)


def _changed(directory: Directory, method: JSON, *, present: bool) -> JSON:
    require_manageable(directory, method["userId"], METHOD_MANAGERS)
    methods = directory.authentication_methods
    with directory.changes.of("authenticationMethod", method["id"], methods):
        if present:
            methods[method["id"]] = method
        else:
            del methods[method["id"]]
    return method


def refused(message: str) -> ServiceError:
    """The answer to a method that cannot be registered; the code is assumed."""
    return ServiceError(400, "badRequest", message)
