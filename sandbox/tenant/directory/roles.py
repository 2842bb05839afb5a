"""Entra's built-in directory roles: found by name, shown as Graph shows them, the ordinary ones.

Sources: Microsoft Learn, "Microsoft Entra built-in roles"; Microsoft Graph, "Update user" (whose
holders an application may change with its permissions alone).
"""

from sandbox.tenant.directory.built_in_roles import BUILT_IN_ROLES
from sandbox.tenant.errors import ServiceError

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
PRIVILEGED_AUTHENTICATION_ADMINISTRATOR = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"

ORDINARY_ROLES = frozenset(
    role_id
    for role_id, name in BUILT_IN_ROLES.items()
    if name
    in {"Directory Readers", "Guest Inviter", "Message Center Reader", "Reports Reader"}
    | {"Usage Summary Reports Reader"}
)
"""Roles whose holders are treated like ordinary users when somebody resets or deletes them."""


def role_id(name: str) -> str:
    """The template id of a role's display name; raises `ValueError` for an unknown one."""
    for template_id, display_name in BUILT_IN_ROLES.items():
        if display_name.lower() == name.lower():
            return template_id
    raise ValueError(f"unknown directory role {name!r}; expected a built-in role's display name")


def role_definition(template_id: str) -> dict[str, object]:
    """A `unifiedRoleDefinition` as Graph shows it; raises ServiceError 404."""
    name = BUILT_IN_ROLES.get(template_id.lower())
    if name is None:
        raise ServiceError(
            404,
            "Request_ResourceNotFound",
            f"Resource '{template_id}' does not exist or one of its queried reference-property "
            "objects are not present.",
        )
    return {
        "id": template_id.lower(),
        "templateId": template_id.lower(),
        "displayName": name,
        "isBuiltIn": True,
        "isEnabled": True,
        "version": "1",
    }
