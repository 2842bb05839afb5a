"""The audit activities of Core Directory: users, groups, roles, administrative units."""

from collections.abc import Mapping, Sequence

from sandbox.tenant.changes import Change, Initiator
from sandbox.tenant.directory.object_schemas import GROUP_PROPERTIES, USER_PROPERTIES
from sandbox.tenant.directory.roles import BUILT_IN_ROLES
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.monitor.audit_activities import (
    JSON,
    PRIVILEGED_IDENTITY_MANAGEMENT,
    Activity,
    OperationType,
    changed_attributes,
    directory_name,
    modified,
    target,
    text,
)

# What a password is never leaves the directory; that it changed is an activity of its own.
_USER_ATTRIBUTES = tuple(
    (name, directory_name(name)) for name in sorted(USER_PROPERTIES - {"passwordProfile"})
)
_GROUP_ATTRIBUTES = tuple((name, directory_name(name)) for name in sorted(GROUP_PROPERTIES))
_UNIT_ATTRIBUTES = (
    ("displayName", "DisplayName"),
    ("description", "Description"),
    ("visibility", "Visibility"),
    ("isMemberManagementRestricted", "IsMemberManagementRestricted"),
)
# Observed in rows. How the directory calls the other roles is a guess: the name without spaces.
_WELL_KNOWN_ROLES = {
    "Application Developer": "ApplicationDevelopers",
    "Global Administrator": "TenantAdmins",
    "Privileged Role Administrator": "PrivilegedRoleAdmins",
    "User Administrator": "UserAccountAdmins",
}


class DirectoryActivities:
    """Reads changes of directory objects, with the names of what they point to."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def of_user(
        self, change: Change, changes: Sequence[Change], initiator: Initiator
    ) -> list[Activity]:
        """A user was added, changed, deleted or restored."""
        before, after = change.before, change.after
        if after is None:
            return [self._deleted("user", "UserManagement", "User", change, changes)]
        if before is None:
            restored = _moved(change, changes, "deletedUser")
            changed = changed_attributes(None, after, _USER_ATTRIBUTES)
            if restored:
                return [_user_activity("Restore user", "Restore", after, [])]
            return [_user_activity("Add user", "Add", after, changed)]
        found: list[Activity] = []
        changed = changed_attributes(before, after, _USER_ATTRIBUTES)
        if len(changed) > 1:
            kind = modified("TargetId.UserType", None, text(after.get("userType")))
            found.append(_user_activity("Update user", "Update", after, [*changed, kind]))
        if before.get("accountEnabled") != after.get("accountEnabled"):
            name = "Enable account" if after.get("accountEnabled") else "Disable account"
            enabled = changed_attributes(before, after, [("accountEnabled", "AccountEnabled")])
            found.append(_user_activity(name, "Update", after, enabled))
        if before.get("assignedLicenses") != after.get("assignedLicenses"):
            found.append(_user_activity("Change user license", "Update", after, []))
        if before.get("perUserMfaState") != after.get("perUserMfaState"):
            off = after.get("perUserMfaState") == "disabled"
            name = "Disable Strong Authentication" if off else "Enable Strong Authentication"
            found.append(_user_activity(name, "Update", after, []))
        return found + _password_activities(before, after, initiator)

    def of_group(self, change: Change, changes: Sequence[Change]) -> list[Activity]:
        """A group was added, changed, deleted or restored, or its members or owners changed."""
        before, after = change.before, change.after
        if after is None:
            return [self._deleted("group", "GroupManagement", "Group", change, changes)]
        if before is None and _moved(change, changes, "deletedGroup"):
            return [_group_activity("Restore group", "Restore", after, [])]
        found: list[Activity] = []
        changed = changed_attributes(before, after, _GROUP_ATTRIBUTES)
        if before is None:
            found.append(_group_activity("Add group", "Add", after, changed))
        elif len(changed) > 1:
            found.append(_group_activity("Update group", "Update", after, changed))
        for link, word in (("members", "member"), ("owners", "owner")):
            added, removed = _difference(before, after, link)
            found += [self._link(f"Add {word} to group", "Assign", after, one) for one in added]
            found += [
                self._link(f"Remove {word} from group", "Unassign", after, one) for one in removed
            ]
        return found

    def of_role_assignment(self, change: Change) -> list[Activity]:
        """A directory role was given or taken away, or an active one got another end."""
        assignment: JSON = change.after or change.before or {}
        if change.before is not None and change.after is not None:
            return [self._pim("Add member to role in PIM completed", "Assign", assignment)]
        scope, given = str(assignment.get("directoryScopeId") or "/"), change.after is not None
        role_id = str(assignment["roleDefinitionId"])
        role = BUILT_IN_ROLES.get(role_id, role_id)
        values = {
            "Role.ObjectID": role_id,
            "Role.DisplayName": role,
            "Role.TemplateId": role_id,
            "Role.WellKnownObjectName": _WELL_KNOWN_ROLES.get(role, role.replace(" ", "")),
        }
        verb, preposition = ("Add", "to") if given else ("Remove", "from")
        member = "member" if scope == "/" else "scoped member"
        name = f"{verb} {member} {preposition} role"
        if self._is_restricted_unit(scope):
            name = (
                f"{verb} member {preposition} role scoped over Restricted Management "
                "Administrative Unit"
            )
        targets = [
            self._principal(assignment["principalId"], _one_sided(values, given)),
            target("Role", role_id),
        ]
        if scope != "/":
            unit = scope.rpartition("/")[2]
            targets.append(target("AdministrativeUnit", unit, self._unit_name(unit)))
        return [Activity(name, "RoleManagement", "Assign" if given else "Unassign", targets)]

    def of_eligibility(self, change: Change) -> Activity:
        """A directory role was made eligible for somebody, or is it no more."""
        entry: JSON = change.after or change.before or {}
        if change.after is not None:
            return self._pim("Add eligible member to role in PIM completed", "Assign", entry)
        return self._pim("Remove eligible member from role in PIM completed", "Unassign", entry)

    def _pim(self, name: str, operation: OperationType, entry: JSON) -> Activity:
        """An activity of Privileged Identity Management; its rows' other properties are assumed."""
        role_id = str(entry["roleDefinitionId"])
        lasts = "timebound" if entry.get("endDateTime") else "permanent"
        return Activity(
            f"{name} ({lasts})",
            "RoleManagement",
            operation,
            [
                target("Role", role_id, BUILT_IN_ROLES.get(role_id, role_id)),
                self._principal(entry["principalId"], []),
            ],
            PRIVILEGED_IDENTITY_MANAGEMENT,
        )

    def of_unit(self, change: Change) -> list[Activity]:
        """An administrative unit was added, changed or deleted, or its members changed."""
        before, after = change.before, change.after
        unit: JSON = after or before or {}
        found: list[Activity] = []
        category, kind = "AdministrativeUnit", "AdministrativeUnit"
        changed = changed_attributes(before, after or {}, _UNIT_ATTRIBUTES)
        one = target(kind, unit["id"], unit.get("displayName"), changed)
        if after is None:
            hard = modified("Is Hard Deleted", None, text("False"))
            one = target(kind, unit["id"], unit.get("displayName"), [hard])
            return [Activity("Delete administrative unit", category, "Delete", [one])]
        if before is None:
            found.append(Activity("Add administrative unit", category, "Add", [one]))
        elif len(changed) > 1:
            found.append(Activity("Update administrative unit", category, "Update", [one]))
        restricted = after.get("isMemberManagementRestricted") is True
        where = "restricted management administrative unit" if restricted else "administrative unit"
        for given, members in zip(
            (True, False), _difference(before, after, "members"), strict=True
        ):
            name = f"Add member to {where}" if given else f"Remove member from {where}"
            values = {
                "AdministrativeUnit.ObjectID": unit["id"],
                "AdministrativeUnit.DisplayName": unit.get("displayName"),
            }
            for member in members:
                targets = [
                    self._principal(member, _one_sided(values, given)),
                    target(kind, unit["id"]),
                ]
                operation: OperationType = "Assign" if given else "Unassign"
                found.append(Activity(name, category, operation, targets))
        return found

    def hard_deleted(self, change: Change, changes: Sequence[Change]) -> list[Activity]:
        """A user or group left the deleted items for good; one that was restored did not."""
        alive = "user" if change.kind == "deletedUser" else "group"
        if change.before is None or change.after is not None or _moved(change, changes, alive):
            return []
        category = "UserManagement" if alive == "user" else "GroupManagement"
        hard = modified("Is Hard Deleted", None, text("True"))
        one = _object_target(alive.title(), change.before, [hard])
        return [Activity(f"Hard Delete {alive}", category, "Delete", [one])]

    def _deleted(
        self, word: str, category: str, kind: str, change: Change, changes: Sequence[Change]
    ) -> Activity:
        """The target's name is what it is called in the deleted items."""
        gone = next(
            (one.after for one in changes if one.object_id == change.object_id and one.after), None
        )
        hard = modified("Is Hard Deleted", None, text(str(gone is None)))
        one = _object_target(kind, gone or change.before or {}, [hard])
        return Activity(f"Delete {word}", category, "Delete", [one])

    def _link(self, name: str, operation: OperationType, group: JSON, member_id: str) -> Activity:
        values = {"Group.ObjectID": group["id"], "Group.DisplayName": group["displayName"]}
        changed = [
            *_one_sided(values, operation == "Assign"),
            modified("Group.WellKnownObjectName", None, None),
        ]
        targets = [self._principal(member_id, changed), target("Group", group["id"])]
        targets[1]["groupType"] = _group_type(group)
        return Activity(name, "GroupManagement", operation, targets)

    def _principal(self, object_id: str, changed: list[JSON]) -> JSON:
        found = self._directory.find_object(object_id) or self._directory.deleted_users.get(
            object_id, {"id": object_id}
        )
        kinds = {"group": "Group", "servicePrincipal": "ServicePrincipal"}
        kind = kinds.get(str(found.get("@odata.type", "")).rpartition(".")[2], "User")
        return _object_target(kind, found, changed)

    def _is_restricted_unit(self, scope: str) -> bool:
        unit = self._unit(scope.rpartition("/")[2])
        return unit.get("isMemberManagementRestricted") is True

    def _unit_name(self, unit_id: str) -> str | None:
        return self._unit(unit_id).get("displayName")

    def _unit(self, unit_id: str) -> JSON:
        return self._directory.administrative_units.get(unit_id.lower(), {})


def _password_activities(before: JSON, after: JSON, initiator: Initiator) -> list[Activity]:
    if before.get("passwordHash") != after.get("passwordHash"):
        own = initiator.kind == "user" and initiator.object_id == after["id"]
        name = "Change user password" if own else "Reset user password"
        return [_user_activity(name, "Update", after, [])]
    if before.get("passwordProfile") != after.get("passwordProfile"):
        return [_user_activity("Set force change user password", "Update", after, [])]
    return []


def _user_activity(
    name: str, operation: OperationType, user: JSON, changed: list[JSON]
) -> Activity:
    return Activity(name, "UserManagement", operation, [_object_target("User", user, changed)])


def _group_activity(
    name: str, operation: OperationType, group: JSON, changed: list[JSON]
) -> Activity:
    return Activity(name, "GroupManagement", operation, [_object_target("Group", group, changed)])


def _object_target(kind: str, found: JSON, changed: list[JSON]) -> JSON:
    return target(
        kind,
        found.get("id"),
        found.get("displayName"),
        changed,
        user_principal_name=found.get("userPrincipalName"),
        group_type=_group_type(found) if kind == "Group" else None,
    )


def _group_type(group: JSON) -> str:
    return "unifiedGroups" if "Unified" in (group.get("groupTypes") or ()) else "azureAD"


def _one_sided(values: Mapping[str, str | None], given: bool) -> list[JSON]:
    """Values that came, or went."""
    return [
        modified(name, None, text(value)) if given else modified(name, text(value), None)
        for name, value in values.items()
    ]


def _moved(change: Change, changes: Sequence[Change], kind: str) -> bool:
    return any(other.kind == kind and other.object_id == change.object_id for other in changes)


def _difference(before: JSON | None, after: JSON, name: str) -> tuple[list[str], list[str]]:
    """What a list of object ids gained and lost."""
    old: list[str] = (before or {}).get(name) or []
    new: list[str] = after.get(name) or []
    lost, gained = set(old), set(new)
    return [one for one in new if one not in lost], [one for one in old if one not in gained]
