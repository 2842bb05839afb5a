"""Giving directory roles and taking them away (active, permanent assignments)."""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.directory.administrative_units import SCOPED_ROLES, scope_of
from sandbox.tenant.directory.roles import role_definition
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request
from sandbox.tenant.errors import ServiceError

_TIMES = ("startDateTime", "endDateTime")


def create_role_assignment(directory: Directory, body: Mapping[str, Any]) -> JSON:
    """Give a role to a user, a role-assignable group or a service principal.

    Its scope is the tenant, or an administrative unit for the roles that can be given there.
    """
    for name in ("principalId", "roleDefinitionId", "directoryScopeId"):
        if not isinstance(body.get(name), str):
            raise bad_request(f"A value is required for property '{name}' of resource.")
    role = role_definition(body["roleDefinitionId"])
    scope = body["directoryScopeId"]
    if scope != "/":
        scope = scope_of(directory, scope)
        if role["id"] not in SCOPED_ROLES:
            raise bad_request(
                f"The role '{role['displayName']}' cannot be assigned with administrative unit "
                "scope."
            )
    principal = directory.find_object(body["principalId"])
    if principal is None:
        raise not_found(body["principalId"])
    if principal["@odata.type"].endswith(".group") and not principal["isAssignableToRole"]:
        raise bad_request("The principal is a group that cannot hold roles.")
    wanted = (principal["id"].lower(), role["id"])
    for assignment in directory.role_assignments_to(wanted[0]):
        if (assignment["roleDefinitionId"], assignment["directoryScopeId"]) == (wanted[1], scope):
            raise ServiceError(
                409,
                "Conflict",
                "A conflicting object with one or more of the specified property values is "
                "present in the directory.",
            )
    made: JSON = {
        "id": directory.changes.ids.new(),
        "principalId": wanted[0],
        "roleDefinitionId": wanted[1],
        "directoryScopeId": scope,
        "startDateTime": directory.clock.timestamp(),
    }
    with directory.changes.of("roleAssignment", made["id"], directory.role_assignments):
        directory.role_assignments[made["id"]] = made
    return made


def shown_assignment(assignment: Mapping[str, Any]) -> JSON:
    """An assignment as `roleAssignments` shows it, which says nothing of its times."""
    return {name: value for name, value in assignment.items() if name not in _TIMES}


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
