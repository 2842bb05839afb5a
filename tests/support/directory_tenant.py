"""A small tenant whose application may manage administrative units and authentication methods."""

from tests.support.tenant import JSON, small_document

UNIT_PERMISSION = "AdministrativeUnit.ReadWrite.All"
METHOD_PERMISSION = "UserAuthenticationMethod.ReadWrite.All"
POLICY_PERMISSION = "Policy.ReadWrite.AuthenticationMethod"


def directory_document(*permissions: str, roles: tuple[str, ...] = ()) -> JSON:
    """The small document; its application has these Graph permissions and directory roles too."""
    document = small_document()
    document["apps"][0]["graphPermissions"] += permissions
    document["apps"][0]["directoryRoles"] += roles
    return document
