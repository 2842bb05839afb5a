"""Every write leaves its audit record: one case for each activity, with Microsoft's names."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.tenant.changes import Initiator
from sandbox.tenant.directory import groups, role_assignments, users
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.tenant import Tenant
from tests.sandbox.audited import (
    ADA,
    EVE,
    HAL,
    IT,
    JSON,
    MFA,
    NEW_GROUP,
    NEW_USER,
    PASSWORD,
    POLICY,
    deleted,
    give_role,
    in_unit,
    made_tenant,
    records_of,
    update,
)
from tests.support.tenant import object_id

USERS, GROUPS, POLICIES = "UserManagement", "GroupManagement", "Policy"
ACTS: dict[str, tuple[Callable[[Tenant], object], str, list[str]]] = {
    "a new user": (lambda t: users.create_user(t.directory, NEW_USER), USERS, ["Add user"]),
    "a changed user": (update({"jobTitle": "Chief"}), USERS, ["Update user"]),
    "a disabled user": (
        update({"accountEnabled": False}),
        USERS,
        ["Update user", "Disable account"],
    ),
    "an enabled user": (
        lambda t: users.update_user(
            t.directory, object_id("users/old"), {"accountEnabled": True}, None
        ),
        USERS,
        ["Update user", "Enable account"],
    ),
    "a reset password": (
        update({"passwordProfile": {"password": PASSWORD}}),
        USERS,
        ["Reset user password"],
    ),
    "a password that must be changed": (
        update({"passwordProfile": {"forceChangePasswordNextSignIn": True}}),
        USERS,
        ["Set force change user password"],
    ),
    "a deleted user": (
        lambda t: users.delete_user(t.directory, EVE, None),
        USERS,
        ["Delete user"],
    ),
    "a new group": (
        lambda t: groups.create_group(t.directory, NEW_GROUP, None),
        GROUPS,
        ["Add group"],
    ),
    "a changed group": (
        lambda t: groups.update_group(t.directory, IT, {"description": "us"}, None),
        GROUPS,
        ["Update group"],
    ),
    "a deleted group": (
        lambda t: groups.delete_group(t.directory, IT, None),
        GROUPS,
        ["Delete group"],
    ),
    "a member added": (
        lambda t: groups.add_link(t.directory, IT, "members", EVE, None),
        GROUPS,
        ["Add member to group"],
    ),
    "a member removed": (
        lambda t: groups.remove_link(t.directory, IT, "members", HAL, None),
        GROUPS,
        ["Remove member from group"],
    ),
    "an owner added": (
        lambda t: groups.add_link(t.directory, IT, "owners", EVE, None),
        GROUPS,
        ["Add owner to group"],
    ),
    "a role given": (give_role, "RoleManagement", ["Add member to role"]),
    "a role taken": (
        lambda t: role_assignments.delete_role_assignment(t.directory, object_id("roles/hal")),
        "RoleManagement",
        ["Remove member from role"],
    ),
    "a new policy": (
        lambda t: t.conditional_access.create_policy(POLICY),
        POLICIES,
        ["Add conditional access policy"],
    ),
    "a changed policy": (
        lambda t: t.conditional_access.update_policy(MFA, {"state": "disabled"}),
        POLICIES,
        ["Update conditional access policy"],
    ),
    "a deleted policy": (
        lambda t: t.conditional_access.delete_policy(MFA),
        POLICIES,
        ["Delete conditional access policy"],
    ),
    "a new unit": (in_unit, "AdministrativeUnit", ["Add administrative unit"]),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_an_act_is_recorded_under_microsofts_name(act: str) -> None:
    do, category, names = ACTS[act]
    records = records_of(do)
    assert [record["activityDisplayName"] for record in records] == names
    assert {record["category"] for record in records} == {category}
    assert {record["result"] for record in records} == {"success"}
    service = "Conditional Access" if category == POLICIES else "Core Directory"
    assert {record["loggedByService"] for record in records} == {service}
    assert len({record["correlationId"] for record in records}) == 1


LEAVING: dict[str, Callable[[Tenant], object]] = {
    "Restore user": lambda t: users.restore_user(t.directory, EVE),
    "Hard Delete user": lambda t: purge(t.directory, EVE),
    "Restore group": lambda t: groups.restore_group(t.directory, IT),
    "Hard Delete group": lambda t: purge(t.directory, IT),
}


@pytest.mark.parametrize("name", list(LEAVING))
def test_what_leaves_the_deleted_items_is_recorded(name: str) -> None:
    (record,) = records_of(LEAVING[name], deleted(made_tenant()))
    assert record["activityDisplayName"] == name


CHANGED: list[tuple[str, str, str, str]] = [
    ("namedLocation", "Add named location", POLICIES, "Conditional Access"),
    ("securityDefaults", "Update security defaults", POLICIES, "Conditional Access"),
    (
        "authenticationStrength",
        "Authentication Strength Policy Create",
        "ApplicationManagement",
        "Authentication Methods",
    ),
]


@pytest.mark.parametrize(("kind", "name", "category", "service"), CHANGED)
def test_other_policies_are_recorded_by_the_service_that_keeps_them(
    kind: Any, name: str, category: str, service: str
) -> None:
    def add(tenant: Tenant) -> None:
        store: dict[str, JSON] = {}
        with tenant.changes.of(kind, "p", store):
            store["p"] = {"id": "p", "displayName": "Office"}

    (record,) = records_of(add)
    assert (record["activityDisplayName"], record["category"]) == (name, category)
    assert record["loggedByService"] == service
    (value,) = record["targetResources"][0]["modifiedProperties"]
    assert value["oldValue"] is None
    assert json.loads(value["newValue"]) == {"id": "p", "displayName": "Office"}


@pytest.mark.parametrize(
    ("kind", "own", "names"),
    [
        ("phone", True, ["User registered security info"]),
        ("phone", False, ["Admin registered security info"]),
        ("fido2", True, ["Add Passkey (device-bound)", "User registered security info"]),
    ],
)
def test_registered_security_info_is_recorded(kind: str, own: bool, names: list[str]) -> None:
    def register(tenant: Tenant) -> None:
        store = tenant.directory.authentication_methods
        by = Initiator("user", EVE if own else ADA, "somebody@fabrikam.example")
        with tenant.changes.by(by), tenant.changes.of("authenticationMethod", "m", store):
            store["m"] = {
                "id": "m",
                "userId": EVE,
                "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethod",
            }

    records = records_of(register)
    assert [record["activityDisplayName"] for record in records] == names
    assert {record["targetResources"][0]["id"] for record in records} == {EVE}


def test_members_of_a_unit_are_recorded_one_by_one() -> None:
    tenant = made_tenant()
    unit = in_unit(tenant)

    def add(tenant: Tenant) -> None:
        units = tenant.directory.administrative_units
        with tenant.changes.of("administrativeUnit", unit, units):
            units[unit] = units[unit] | {"members": [EVE, HAL]}

    records = records_of(add, tenant)
    assert [r["activityDisplayName"] for r in records] == ["Add member to administrative unit"] * 2
    assert [r["targetResources"][0]["id"] for r in records] == [EVE, HAL]
