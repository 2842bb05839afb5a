"""Every write leaves its audit record: one case for each activity, with Microsoft's names."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from sandbox.tenant.changes import ADMINISTRATOR, Initiator
from sandbox.tenant.directory import groups, role_assignments, users
from sandbox.tenant.directory.administrative_units import create_unit
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.tenant import Tenant, World
from tests.sandbox.seed_tenant import StillClock
from tests.sandbox.watched_tenant import WatchedTenant
from tests.support.tenant import AT_ONCE, object_id, small_document

JSON = dict[str, Any]
ADA, EVE, HAL = (object_id(f"users/{name}") for name in ("ada", "eve", "hal"))
IT, APP = object_id("groups/it"), object_id("app/object")
PASSWORD = "Correct-Horse-4711!"
NEW_USER = {
    "accountEnabled": True,
    "displayName": "New",
    "mailNickname": "new",
    "userPrincipalName": "new@fabrikam.example",
    "passwordProfile": {"password": PASSWORD},
}
NEW_GROUP = {
    "displayName": "Wardens",
    "mailEnabled": False,
    "mailNickname": "wardens",
    "securityEnabled": True,
}
POLICY = {
    "displayName": "Block",
    "state": "disabled",
    "conditions": {
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["block"]},
}
MFA = object_id("policies/mfa")
READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


def made_tenant(**knobs: object) -> Tenant:
    at_once = {**AT_ONCE, "directoryLogDelaySeconds": 0, **knobs}
    return World(StillClock(), at_once).add(small_document())


def deleted(tenant: Tenant) -> Tenant:
    users.delete_user(tenant.directory, EVE, None)
    groups.delete_group(tenant.directory, IT, None)
    return tenant


def in_unit(tenant: Tenant) -> str:
    unit = create_unit(tenant.directory, {"displayName": "Cell"})
    return unit["id"]


def records_of(act: Callable[[Tenant], object], tenant: Tenant | None = None) -> list[JSON]:
    """The records that an act of an administrator leaves, oldest first."""
    tenant = tenant or made_tenant()
    before = {record["id"] for record in tenant.directory_log.audits()}
    with tenant.changes.by(ADMINISTRATOR):
        act(tenant)
    made = [record for record in tenant.directory_log.audits() if record["id"] not in before]
    return made[::-1]


def update(values: Mapping[str, Any]) -> Callable[[Tenant], object]:
    return lambda tenant: users.update_user(tenant.directory, EVE, values, None)


def give_role(tenant: Tenant) -> JSON:
    body = {"principalId": EVE, "roleDefinitionId": READER, "directoryScopeId": "/"}
    return role_assignments.create_role_assignment(tenant.directory, body)


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


def test_a_changed_value_is_told_as_json_text() -> None:
    record, _disabled = records_of(update({"accountEnabled": False}))
    (target,) = record["targetResources"]
    assert (target["id"], target["type"]) == (EVE, "User")
    assert target["modifiedProperties"] == [
        {"displayName": "AccountEnabled", "oldValue": "[true]", "newValue": "[false]"},
        {
            "displayName": "Included Updated Properties",
            "oldValue": None,
            "newValue": '"AccountEnabled"',
        },
        {"displayName": "TargetId.UserType", "oldValue": None, "newValue": '"Member"'},
    ]


def test_a_policys_record_holds_its_old_and_its_new_json() -> None:
    change = {"conditions": {"users": {"excludeUsers": [EVE]}}}
    (record,) = records_of(lambda t: t.conditional_access.update_policy(MFA, change))
    (target,) = record["targetResources"]
    assert (target["id"], target["displayName"]) == (MFA, "Require MFA for all users")
    (value,) = target["modifiedProperties"]
    assert value["displayName"] == "ConditionalAccessPolicy"
    assert json.loads(value["oldValue"])["conditions"]["users"]["excludeUsers"] == []
    assert json.loads(value["newValue"])["conditions"]["users"]["excludeUsers"] == [EVE]


def test_a_members_record_names_the_member_and_the_group() -> None:
    (record,) = records_of(lambda t: groups.remove_link(t.directory, IT, "members", HAL, None))
    member, group = record["targetResources"]
    assert (member["id"], member["type"], group["id"]) == (HAL, "User", IT)
    values = {item["displayName"]: item for item in member["modifiedProperties"]}
    assert values["Group.DisplayName"] == {
        "displayName": "Group.DisplayName",
        "oldValue": '"IT"',
        "newValue": None,
    }


def test_a_roles_record_names_the_role() -> None:
    (record,) = records_of(give_role)
    values = {
        p["displayName"]: p["newValue"] for p in record["targetResources"][0]["modifiedProperties"]
    }
    assert values["Role.DisplayName"] == '"Global Reader"'
    assert values["Role.TemplateId"] == f'"{READER}"'


def test_an_administrator_whom_nobody_named_is_the_first_global_administrator() -> None:
    (record,) = records_of(update({"jobTitle": "Chief"}))
    assert record["initiatedBy"]["app"] is None
    assert record["initiatedBy"]["user"]["id"] == ADA


def test_an_application_is_named_by_its_service_principal() -> None:
    def act(tenant: Tenant) -> None:
        with tenant.changes.by(Initiator("app", APP, "Break-glass deployment", object_id("app"))):
            update({"jobTitle": "Chief"})(tenant)

    (record,) = records_of(act)
    assert record["initiatedBy"]["user"] is None
    assert record["initiatedBy"]["app"]["servicePrincipalId"] == APP
    assert record["initiatedBy"]["app"]["displayName"] == "Break-glass deployment"


def test_somebodys_own_password_is_changed_not_reset() -> None:
    def act(tenant: Tenant) -> None:
        with tenant.changes.by(Initiator("user", EVE, "eve@fabrikam.onmicrosoft.com")):
            update({"passwordProfile": {"password": PASSWORD}})(tenant)

    (record,) = records_of(act)
    assert record["activityDisplayName"] == "Change user password"


def test_a_refused_write_leaves_no_record(graph_client: httpx.Client, tenant_server: Any) -> None:
    tenant = tenant_server.world.default
    tenant.behaviour.turn({"directoryLogDelaySeconds": 0})
    assert graph_client.post("/v1.0/users", json=NEW_USER | {"mailNickname": None}).is_client_error
    assert list(tenant.directory_log.audits()) == []


def test_no_record_and_no_row_holds_a_password_or_its_hash() -> None:
    watched = WatchedTenant()
    directory = watched.tenant.directory
    name = f"new@{directory.initial_domain}"
    user = users.create_user(directory, NEW_USER | {"userPrincipalName": name})
    first = user["passwordHash"]
    users.update_user(
        directory, user["id"], {"passwordProfile": {"password": PASSWORD + "2"}}, None
    )
    second = user["passwordHash"]
    users.delete_user(directory, user["id"], None)
    users.restore_user(directory, user["id"])
    watched.advance(minutes=10)
    told = json.dumps(
        [*watched.tenant.directory_log.audits(), *watched.tenant.logs.rows("AuditLogs")]
    )
    assert "Reset user password" in told
    for secret in (PASSWORD, first, second, "passwordHash", "passwordProfile"):
        assert secret not in told


def test_the_same_seed_and_the_same_acts_give_the_same_delays() -> None:
    def delays() -> list[str]:
        watched = WatchedTenant()
        watched.tenant.behaviour.turn({"logDelaySpreadSeconds": 60})
        for _ in range(5):
            watched.sign_in()
        rows = watched.tenant.logs.to_document()["logRows"]
        return [row["_ingestion_time"] for row in next(iter(rows.values()))["SigninLogs"]]

    assert delays() == delays()
    assert delays() != sorted(delays())
