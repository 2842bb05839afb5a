"""What an audit record says: values, targets, initiators, and never a secret."""

import json
from typing import Any

import httpx

from sandbox.tenant.changes import ADMINISTRATOR, Initiator
from sandbox.tenant.directory import groups, users
from sandbox.tenant.tenant import Tenant
from tests.sandbox.audited import (
    ADA,
    APP,
    EVE,
    HAL,
    IT,
    MFA,
    NEW_USER,
    PASSWORD,
    READER,
    give_role,
    records_of,
    update,
)
from tests.sandbox.watched_tenant import WORKSPACE, WatchedTenant
from tests.support.tenant import object_id


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


def test_the_row_says_the_same_in_the_tables_columns() -> None:
    watched = WatchedTenant()
    user = next(iter(watched.tenant.directory.users.values()))
    app = Initiator("app", APP, "Deployment", object_id("app"))
    for initiator in (ADMINISTRATOR, app):
        with watched.tenant.changes.by(initiator):
            title = {"jobTitle": initiator.name}
            users.update_user(watched.tenant.directory, user["id"], title, None)
    watched.advance(minutes=10)
    by_user, by_app = watched.tenant.logs.rows("AuditLogs")
    record = next(watched.tenant.directory_log.audits())
    names = ("OperationName", "ActivityDisplayName", "Category", "LoggedByService", "Result")
    assert [by_app[name] for name in names] == [
        *("Update user", "Update user", "UserManagement", "Core Directory", "success"),
    ]
    assert (by_app["AADOperationType"], by_app["Id"]) == ("Update", record["id"])
    assert by_app["CorrelationId"] == record["correlationId"]
    assert list(by_user["InitiatedBy"]) == ["user"]
    assert by_app["InitiatedBy"] == {
        "app": {
            "appId": None,
            "displayName": "Deployment",
            "servicePrincipalId": APP,
            "servicePrincipalName": None,
        }
    }
    query = (
        "AuditLogs | where tostring(TargetResources[0].id) =~ "
        f'"{user["id"]}" and OperationName =~ "update USER" | count'
    )
    now = watched.clock.now()
    assert watched.tenant.logs.query(WORKSPACE.text, query, start=0, now=now).rows == (
        {"Count": 2},
    )


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
