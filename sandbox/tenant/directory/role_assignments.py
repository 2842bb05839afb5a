"""Giving directory roles and taking them away (active, permanent assignments)."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sandbox.tenant.directory.roles import role_definition
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request
from sandbox.tenant.errors import ServiceError


def create_role_assignment(directory: Directory, body: Mapping[str, Any]) -> JSON:
    """Give a role to a user, a role-assignable group or a service principal, tenant-wide."""
    for name in ("principalId", "roleDefinitionId"):
        if not isinstance(body.get(name), str):
            raise bad_request(f"A value is required for property '{name}' of resource.")
    if body.get("directoryScopeId") != "/":
        raise bad_request("The directoryScopeId must be '/': only tenant-wide roles are simulated.")
    role = role_definition(body["roleDefinitionId"])
    principal = directory.find_object(body["principalId"])
    if principal is None:
        raise not_found(body["principalId"])
    if principal["@odata.type"].endswith(".group") and not principal["isAssignableToRole"]:
        raise bad_request("The principal is a group that cannot hold roles.")
    wanted = (principal["id"].lower(), role["id"])
    for assignment in directory.role_assignments_to(wanted[0]):
        if (assignment["principalId"], assignment["roleDefinitionId"]) == wanted:
            raise ServiceError(
                409,
                "Conflict",
                "A conflicting object with one or more of the specified property values is "
                "present in the directory.",
            )
    made: JSON = {
        "id": str(uuid4()),
        "principalId": wanted[0],
        "roleDefinitionId": wanted[1],
        "directoryScopeId": "/",
    }
    with directory.changes.of("roleAssignment", made["id"], directory.role_assignments):
        directory.role_assignments[made["id"]] = made
    return made


def role_assignment(directory: Directory, assignment_id: str) -> JSON:
    """The role assignment with this id; raises ServiceError 404."""
    found = directory.role_assignments.get(assignment_id.lower())
    if found is None or directory.find_object(found["principalId"]) is None:
        raise not_found(assignment_id)
    return found


def delete_role_assignment(directory: Directory, assignment_id: str) -> None:
    """Take a role away."""
    found = role_assignment(directory, assignment_id)["id"].lower()
    with directory.changes.of("roleAssignment", found, directory.role_assignments):
        del directory.role_assignments[found]
