"""What may be done with administrative units, their members and their own administrators.

A unit holds users and groups; a role given at its scope reaches these only. Sources: Microsoft
Graph v1.0, "administrativeUnit resource type"; Microsoft Learn, "Restricted management
administrative units in Microsoft Entra ID" and "Assign Microsoft Entra roles".

Simplified: a deleted unit is gone at once and for good; devices and membership by rule are not
simulated. What a scoped role lets its holder do is asked only where management is restricted.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.directory.roles import BUILT_IN_ROLES
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request

SCOPED_ROLES = frozenset(
    role
    for role, name in BUILT_IN_ROLES.items()
    if name
    in {
        "Authentication Administrator",
        "Groups Administrator",
        "Helpdesk Administrator",
        "License Administrator",
        "Password Administrator",
        "Privileged Authentication Administrator",
        "SharePoint Administrator",
        "Teams Administrator",
        "User Administrator",
    }
)
"""The built-in roles that can be given at the scope of a unit."""

_SCOPE = "/administrativeUnits/"
_MAXIMUM_RESTRICTED = 100
_TEXTS = frozenset({"displayName", "description", "visibility"})
_FIXED = "isMemberManagementRestricted"
_VISIBILITIES = ("HiddenMembership", "Public")


def create_unit(directory: Directory, body: Mapping[str, Any]) -> JSON:
    """Add a unit without members. Raises ServiceError 400 for what Graph refuses."""
    values = _checked(body)
    if not values.get("displayName"):
        raise bad_request(
            "A value is required for property 'displayName' of resource 'AdministrativeUnit'."
        )
    if values.get(_FIXED) is True:
        restricted = sum(bool(unit.get(_FIXED)) for unit in directory.administrative_units.values())
        if restricted >= _MAXIMUM_RESTRICTED:
            raise bad_request(
                "The number of administrative units with restricted management has reached its "
                "limit of 100."
            )
    unit: JSON = {
        "id": directory.changes.ids.new(),
        "deletedDateTime": None,
        "description": None,
        "visibility": None,
        _FIXED: None,
        **values,
        "members": [],
    }
    units = directory.administrative_units
    with directory.changes.of("administrativeUnit", unit["id"], units):
        units[unit["id"]] = unit
    return unit


def unit_of(directory: Directory, unit_id: str) -> JSON:
    """The unit with this object id; raises ServiceError 404."""
    if (found := directory.administrative_units.get(unit_id.lower())) is None:
        raise not_found(unit_id)
    return found


def update_unit(directory: Directory, unit_id: str, body: Mapping[str, Any]) -> None:
    """Change a unit's properties; whether its management is restricted is settled for good."""
    unit = unit_of(directory, unit_id)
    values = _checked(body)
    if _FIXED in values and bool(values.pop(_FIXED)) != bool(unit[_FIXED]):
        raise bad_request(
            f"The property '{_FIXED}' is immutable: it can be set only when the administrative "
            "unit is created."
        )
    with directory.changes.of("administrativeUnit", unit["id"], directory.administrative_units):
        unit.update(values)


def delete_unit(directory: Directory, unit_id: str) -> None:
    """Delete a unit with the roles that were given at its scope; its members stay as they are."""
    unit = unit_of(directory, unit_id)
    given = directory.role_assignments
    for assignment in list(given.values()):
        if assignment["directoryScopeId"] == _SCOPE + unit["id"]:
            with directory.changes.of("roleAssignment", assignment["id"], given):
                del given[assignment["id"]]
    with directory.changes.of("administrativeUnit", unit["id"], directory.administrative_units):
        del directory.administrative_units[unit["id"]]


def add_member(directory: Directory, unit_id: str, object_id: str) -> None:
    """Add a user or a group; raises ServiceError 400 when it is a member already."""
    unit = unit_of(directory, unit_id)
    found = directory.find_object(object_id)
    if found is None:
        raise not_found(object_id)
    if found["@odata.type"] not in ("#microsoft.graph.user", "#microsoft.graph.group"):
        raise bad_request("Only users, groups and devices can be members of administrative units.")
    if unit[_FIXED] and (found.get("mailEnabled") or "Unified" in found.get("groupTypes", [])):
        raise bad_request(
            "Microsoft 365 groups and mail-enabled groups cannot be members of an administrative "
            "unit with restricted management."
        )
    if found["id"] in unit["members"]:
        raise bad_request(
            "One or more added object references already exist for the following modified "
            "properties: 'members'."
        )
    with directory.changes.of("administrativeUnit", unit["id"], directory.administrative_units):
        unit["members"].append(found["id"])


def remove_member(directory: Directory, unit_id: str, object_id: str) -> None:
    """Remove a member; raises ServiceError 404 when it is none."""
    unit = unit_of(directory, unit_id)
    member(directory, unit_id, object_id)
    with directory.changes.of("administrativeUnit", unit["id"], directory.administrative_units):
        unit["members"].remove(object_id.lower())


def member(directory: Directory, unit_id: str, object_id: str) -> JSON:
    """One member; raises ServiceError 404."""
    found = directory.find_object(object_id)
    if object_id.lower() not in unit_of(directory, unit_id)["members"] or found is None:
        raise not_found(object_id)
    return found


def scope_of(directory: Directory, directory_scope_id: str) -> str:
    """A scope `/administrativeUnits/{id}` as it is kept; raises ServiceError 404, or 400."""
    if not directory_scope_id.startswith(_SCOPE):
        raise bad_request(
            "The directoryScopeId must be '/' or '/administrativeUnits/{id}': other scopes are not "
            "simulated."
        )
    return _SCOPE + str(unit_of(directory, directory_scope_id.removeprefix(_SCOPE))["id"])


def scoped_assignments(directory: Directory, unit_id: str) -> list[JSON]:
    """The role assignments at the scope of a unit, whose principal is there now."""
    scope = _SCOPE + str(unit_of(directory, unit_id)["id"])
    return [
        assignment
        for assignment in directory.live_role_assignments()
        if assignment["directoryScopeId"] == scope
    ]


def scoped_membership(directory: Directory, unit_id: str, assignment: JSON) -> JSON:
    """A role assignment as a `scopedRoleMembership` of its unit.

    `roleId` is the role's template id: what Graph shows there, the id of the tenant's activated
    directory role, is not simulated.
    """
    (principal,) = directory.objects([assignment["principalId"]])
    shown = ("id", "displayName", "userPrincipalName")
    return {
        "id": assignment["id"],
        "administrativeUnitId": unit_id.lower(),
        "roleId": assignment["roleDefinitionId"],
        "roleMemberInfo": {name: principal.get(name) for name in shown},
    }


def _checked(body: Mapping[str, Any]) -> JSON:
    values: JSON = {}
    for name, value in body.items():
        if "@odata." in name:
            continue
        if name == "membershipType" and value in (None, "Assigned"):
            continue
        if name == _FIXED:
            fits = value is None or isinstance(value, bool)
        elif name == "visibility":
            fits = value is None or value in _VISIBILITIES
        elif name in _TEXTS:
            fits = value is None or isinstance(value, str)
        else:
            raise bad_request(
                f"The property '{name}' of resource 'AdministrativeUnit' does not exist or is not "
                "simulated."
            )
        if not fits:
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource 'AdministrativeUnit'."
            )
        values[name] = value
    return values
