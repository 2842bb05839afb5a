"""Roles for a while and roles that somebody may take: Privileged Identity Management (PIM).

An active role for a while is a role assignment with an end, so that it is in `roleAssignments` like
any other; an eligible one is not there, it gives nothing until it is activated. Sources: Microsoft
Graph v1.0, "unifiedRoleAssignmentSchedule", "unifiedRoleEligibilitySchedule" and their instances
("List roleAssignmentSchedules": an assignment made without PIM is in the list too). The refusal
without Entra ID P2 is that of public reports. Not simulated: activation, requests, approval,
schedules that begin later, groups' members (`memberType` is `Direct`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sandbox.tenant.clock import iso
from sandbox.tenant.directory.licences import has_privileged_identity_management
from sandbox.tenant.directory.role_assignments import create_role_assignment, delete_role_assignment
from sandbox.tenant.directory.roles import role_definition
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request
from sandbox.tenant.errors import ServiceError

_TENANT = "/"


def assignment_schedules(directory: Directory) -> list[JSON]:
    """Every active role, permanent or with an end; raises ServiceError 400 without Entra ID P2."""
    require_privileged_identity_management(directory)
    return [_assigned(entry) for entry in directory.live_role_assignments()]


def eligibility_schedules(directory: Directory) -> list[JSON]:
    """Every role that somebody may activate; raises ServiceError 400 without Entra ID P2."""
    require_privileged_identity_management(directory)
    return [_schedule(entry) for entry in _there(directory)]


def assignment_instances(directory: Directory) -> list[JSON]:
    """The same as `assignment_schedules`, in the shape of what is in force now."""
    require_privileged_identity_management(directory)
    return [
        _instance(entry)
        | {
            "assignmentType": "Assigned",
            "roleAssignmentOriginId": entry["id"],
            "roleAssignmentScheduleId": entry["id"],
        }
        for entry in directory.live_role_assignments()
    ]


def eligibility_instances(directory: Directory) -> list[JSON]:
    """The same as `eligibility_schedules`, in the shape of what is in force now."""
    require_privileged_identity_management(directory)
    return [
        _instance(entry) | {"roleEligibilityScheduleId": entry["id"]} for entry in _there(directory)
    ]


def give_role(directory: Directory, user_id: str, role_id: str, until: str | None = None) -> JSON:
    """Make a role active for a user, or an active one permanent or time-bound; `until`: its end.

    Ends an eligibility for it. Raises ServiceError 400 for an end that is no time or has passed.
    """
    user, role = directory.user(user_id)["id"], str(role_definition(role_id)["id"])
    end = _end(directory, until)
    for entry in _held(directory.role_eligibilities.values(), user, role):
        _drop_eligibility(directory, entry["id"])
    found = _held(directory.role_assignments_to(user), user, role)
    body = {"principalId": user, "roleDefinitionId": role, "directoryScopeId": _TENANT}
    given = found[0] if found else create_role_assignment(directory, body)
    if given.get("endDateTime") != end:
        with directory.changes.of("roleAssignment", given["id"], directory.role_assignments):
            given["endDateTime"] = end
    return given


def make_eligible(
    directory: Directory, user_id: str, role_id: str, until: str | None = None
) -> JSON:
    """Let a user activate a role; an active one is taken away, as when PIM converts it."""
    require_privileged_identity_management(directory)
    user, role = directory.user(user_id)["id"], str(role_definition(role_id)["id"])
    end = _end(directory, until)
    take_role(directory, user, role, missing_ok=True)
    made: JSON = {
        "id": directory.changes.ids.new(),
        "principalId": user,
        "roleDefinitionId": role,
        "directoryScopeId": _TENANT,
        "startDateTime": directory.clock.timestamp(),
        "endDateTime": end,
    }
    with directory.changes.of("roleEligibility", made["id"], directory.role_eligibilities):
        directory.role_eligibilities[made["id"]] = made
    return made


def take_role(
    directory: Directory, user_id: str, role_id: str, *, missing_ok: bool = False
) -> None:
    """End an active role and an eligible one at the scope of the tenant; 404 for neither."""
    user, role = directory.user(user_id)["id"], str(role_definition(role_id)["id"])
    active = _held(directory.role_assignments_to(user), user, role)
    eligible = _held(directory.role_eligibilities.values(), user, role)
    if not (active or eligible or missing_ok):
        raise not_found(role_id)
    for entry in active:
        delete_role_assignment(directory, entry["id"])
    for entry in eligible:
        _drop_eligibility(directory, entry["id"])


def expire_roles(directory: Directory) -> None:
    """End what has come to its end."""
    for entry in [*directory.role_assignments.values()]:
        if _has_ended(directory, entry):
            with directory.changes.of("roleAssignment", entry["id"], directory.role_assignments):
                del directory.role_assignments[entry["id"]]
    for entry in [*directory.role_eligibilities.values()]:
        if _has_ended(directory, entry):
            _drop_eligibility(directory, entry["id"])


def require_privileged_identity_management(directory: Directory) -> None:
    """Raise ServiceError 400 for a tenant without Entra ID P2 or ID Governance."""
    if not has_privileged_identity_management(directory):
        raise ServiceError(
            400,
            "AadPremiumLicenseRequired",
            "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance "
            "license.",
        )


def _there(directory: Directory) -> list[JSON]:
    return [
        entry
        for entry in directory.role_eligibilities.values()
        if directory.find_object(entry["principalId"]) is not None
    ]


def _held(entries: Iterable[JSON], user: str, role: str) -> list[JSON]:
    wanted = (user, role, _TENANT)
    keys = ("principalId", "roleDefinitionId", "directoryScopeId")
    return [entry for entry in entries if tuple(entry[key] for key in keys) == wanted]


def _drop_eligibility(directory: Directory, schedule_id: str) -> None:
    with directory.changes.of("roleEligibility", schedule_id, directory.role_eligibilities):
        del directory.role_eligibilities[schedule_id]


def _has_ended(directory: Directory, entry: JSON) -> bool:
    end = entry.get("endDateTime")
    return end is not None and datetime.fromisoformat(end).timestamp() <= directory.clock.now()


def _end(directory: Directory, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        end = datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise bad_request("endDateTime must be a date and time in ISO 8601.") from None
    if end <= directory.clock.now():
        raise bad_request("endDateTime must be in the future.")
    return iso(end)


def _instance(entry: Mapping[str, object]) -> JSON:
    return {
        "id": entry["id"],
        "principalId": entry["principalId"],
        "roleDefinitionId": entry["roleDefinitionId"],
        "directoryScopeId": entry["directoryScopeId"],
        "appScopeId": None,
        "memberType": "Direct",
        "startDateTime": entry.get("startDateTime"),
        "endDateTime": entry.get("endDateTime"),
    }


def _schedule(entry: Mapping[str, object]) -> JSON:
    shown = _instance(entry)
    start, end = shown.pop("startDateTime"), shown.pop("endDateTime")
    expiration = {
        "type": "noExpiration" if end is None else "afterDateTime",
        "endDateTime": end,
        "duration": None,
    }
    return shown | {
        "createdUsing": entry["id"],
        "createdDateTime": start,
        "modifiedDateTime": None,
        "status": "Provisioned",
        "scheduleInfo": {"startDateTime": start, "recurrence": None, "expiration": expiration},
    }


def _assigned(entry: Mapping[str, object]) -> JSON:
    return _schedule(entry) | {"assignmentType": "Assigned"}
