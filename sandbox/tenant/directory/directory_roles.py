"""Directory roles as objects of a tenant, the older view of the roles that it uses.

A built-in role has one template id everywhere; its object in a tenant has an id of its own and is
there from the role's first use on. Sources: Microsoft Graph v1.0, "directoryRole resource type",
"List directoryRoles", "List members of a directory role" (holders for the whole tenant; those of
an administrative unit are its scoped members). Assumed: a role is in use while somebody holds it,
and the role Global Administrator always is.
"""

from uuid import UUID, uuid5

from sandbox.tenant.directory.roles import GLOBAL_ADMINISTRATOR, role_definition
from sandbox.tenant.directory.store import JSON, Directory, not_found


def directory_roles(directory: Directory) -> list[JSON]:
    """The roles that are in use, by their display names."""
    used = {GLOBAL_ADMINISTRATOR} | {
        assignment["roleDefinitionId"] for assignment in directory.live_role_assignments()
    }
    roles = [_role(directory, template_id) for template_id in used]
    return sorted(roles, key=lambda role: str(role["displayName"]))


def directory_role(directory: Directory, role_id: str) -> JSON:
    """The role with this object id; raises ServiceError 404 for one that is not in use."""
    for role in directory_roles(directory):
        if role["id"] == role_id.lower():
            return role
    raise not_found(role_id)


def role_members(directory: Directory, role_id: str) -> list[JSON]:
    """The users, groups and service principals that hold a role for the whole tenant."""
    template_id = directory_role(directory, role_id)["roleTemplateId"]
    return directory.objects(
        [
            assignment["principalId"]
            for assignment in directory.live_role_assignments()
            if assignment["roleDefinitionId"] == template_id
            and assignment["directoryScopeId"] == "/"
        ]
    )


def _role(directory: Directory, template_id: str) -> JSON:
    definition = role_definition(template_id)
    return {
        "id": str(uuid5(UUID(directory.tenant_id), template_id)),
        "deletedDateTime": None,
        "description": None,
        "displayName": definition["displayName"],
        "roleTemplateId": template_id,
    }
