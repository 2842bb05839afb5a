"""The tenant's own diagnostic settings, which belong to no subscription."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.arm_manager import GROUP, SETTINGS, WORKSPACE, Manager, setting
from tests.sandbox.watched_tenant import SETTING, WatchedTenant, setting_body
from tests.support.tenant import running_tenant, small_document

PLACE = {"location": "westeurope"}
WORKSPACE_ID = ResourceId("Microsoft.OperationalInsights", "workspaces", "log-Watch", "", "rg")


def test_a_diagnostic_setting_of_the_tenant_is_made_read_listed_and_deleted(
    estate: Manager,
) -> None:
    path = f"{SETTINGS}/break-glass"
    made = estate.make(path, setting("SignInLogs", "AuditLogs"))
    assert made["id"].lower() == path.lower()
    assert made["properties"]["workspaceId"] == WORKSPACE
    assert [log["category"] for log in made["properties"]["logs"]] == ["SignInLogs", "AuditLogs"]
    assert estate.ask("GET", path.upper().replace("/PROVIDERS", "/providers")).json() == made
    assert estate.ask("GET", SETTINGS).json()["value"] == [made]
    assert estate.ask("DELETE", path).status_code == 200
    assert estate.refused("GET", path) == (404, "ResourceNotFound")


def test_a_category_reaches_a_sink_through_one_setting_only(estate: Manager) -> None:
    estate.make(f"{SETTINGS}/security", setting("SignInLogs"))
    path = f"{SETTINGS}/break-glass"
    answer = estate.ask(
        "PUT", path, setting("AuditLogs", "SignInLogs", workspace=WORKSPACE.upper())
    )
    assert answer.status_code == 409
    message = answer.json()["error"]["message"]
    assert "is already used in diagnostic setting 'security' for category 'SignInLogs'" in message
    assert estate.refused("GET", path) == (404, "ResourceNotFound")
    assert estate.make(path, setting("AuditLogs"))["name"] == "break-glass"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (setting("SigninLogs2"), 400, "BadRequest"),
        (setting(workspace=""), 400, "BadRequest"),
        (setting(workspace=WORKSPACE + "2"), 404, "ResourceNotFound"),
        (setting(workspace="log-watch"), 400, "BadRequest"),
        ({"properties": {"storageAccountId": "logs", "logs": []}}, 400, "BadRequest"),
    ],
)
def test_a_diagnostic_setting_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    assert estate.refused("PUT", f"{SETTINGS}/x", body) == (status, code)


def test_a_tenant_has_five_diagnostic_settings_at_most(estate: Manager) -> None:
    for number in range(5):
        workspace = f"{WORKSPACE}-{number}"
        estate.make(workspace, {"location": "westeurope"})
        estate.make(f"{SETTINGS}/s{number}", setting("AuditLogs", workspace=workspace))
    assert estate.refused("PUT", f"{SETTINGS}/s5", setting("AuditLogs")) == (409, "Conflict")


def test_an_unknown_category_is_refused_with_those_that_there_are(estate: Manager) -> None:
    answer = estate.ask("PUT", f"{SETTINGS}/x", setting("SigninLogs2"))
    message = answer.json()["error"]["message"]
    assert message.startswith("Category 'SigninLogs2' is not supported, supported categories are:")
    listed = estate.ask("GET", f"{SETTINGS}Categories").json()["value"]
    names = [category["name"] for category in listed]
    assert names == message.partition("are: '")[2].rstrip("'").split(", ")
    assert {"SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"} < set(names)


def test_how_many_settings_there_may_be_is_a_knob(estate: Manager, control: httpx.Client) -> None:
    knobs = {"diagnosticSettingLimit": 1}
    control.patch("/sandbox/behaviour", json=knobs).raise_for_status()
    estate.make(f"{SETTINGS}/one", setting("AuditLogs"))
    assert estate.refused("PUT", f"{SETTINGS}/two", setting("SignInLogs")) == (409, "Conflict")
    assert estate.ask("PUT", f"{SETTINGS}/one", setting("SignInLogs")).status_code == 200


@pytest.mark.parametrize(
    "sink",
    [
        {"storageAccountId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/logs"},
        {
            "eventHubAuthorizationRuleId": f"{GROUP}/providers/Microsoft.EventHub/namespaces/n"
            "/authorizationRules/RootManageSharedAccessKey",
            "eventHubName": "logs",
        },
    ],
)
def test_other_sinks_are_taken(estate: Manager, sink: dict[str, str]) -> None:
    logs = [{"category": "SignInLogs", "enabled": True}]
    made = estate.make(f"{SETTINGS}/x", {"properties": {**sink, "logs": logs}})
    assert made["properties"]["workspaceId"] is None
    assert {name: made["properties"][name] for name in sink} == sink
    again = {"properties": {**sink, "logs": logs}}
    assert estate.refused("PUT", f"{SETTINGS}/y", again) == (409, "Conflict")


def test_a_new_setting_is_not_read_for_a_while_but_works(watched: WatchedTenant) -> None:
    azure = watched.tenant.azure
    azure.delete(SETTING)
    watched.tenant.behaviour.diagnostic_setting_lag_seconds = 60
    watched.put(SETTING, setting_body(), "2017-04-01")
    restored = Tenant.from_document(watched.tenant.to_document(), watched.clock)
    for tenant in (watched.tenant, restored):
        assert tenant.azure.tenant_settings() == []
        with pytest.raises(ServiceError, match="404 ResourceNotFound"):
            tenant.azure.get(SETTING)
        assert tenant.azure.log_destinations("SignInLogs") != []
    watched.put(SETTING, setting_body("AuditLogs"), "2017-04-01")
    with pytest.raises(ServiceError, match="404 ResourceNotFound"):
        watched.tenant.azure.get(SETTING)
    watched.clock.advance(60)
    for tenant in (watched.tenant, restored):
        assert [item["name"] for item in tenant.azure.tenant_settings()] == [SETTING.name]
        assert tenant.azure.get(SETTING)["name"] == SETTING.name


def test_the_same_seed_hides_a_setting_as_long() -> None:
    def seconds(seed: int) -> list[float]:
        hidden: list[float] = []
        for name in ("a", "b"):
            watched = WatchedTenant()
            watched.tenant.behaviour.random_seed = seed
            watched.tenant.behaviour.diagnostic_setting_lag_seconds = 100
            setting_id = replace(SETTING, name=name)
            watched.tenant.azure.delete(SETTING)
            watched.put(setting_id, setting_body(), "2017-04-01")
            document = watched.tenant.to_document()["azureSeenFrom"]
            hidden.append(document[setting_id.key] - watched.clock.now())
        return hidden

    first, second = seconds(1)
    assert seconds(1) == [first, second]
    assert len({first, second, *seconds(2)}) == 4
    assert all(0 <= found <= 100 for found in (first, second))


def test_a_tenant_without_premium_exports_no_sign_ins() -> None:
    document: dict[str, Any] = small_document() | {"subscribedSkus": []}
    with running_tenant(document) as server:
        tenant = server.world.default
        tenant.azure.put_group(next(iter(tenant.azure.subscriptions)), "rg", PLACE)
        workspace = replace(WORKSPACE_ID, subscription=next(iter(tenant.azure.subscriptions)))
        tenant.azure.put(workspace, PLACE, "2023-09-01", "app")
        tenant.azure.put(SETTING, setting_body(workspace=workspace.text), "2017-04-01", "app")
        assert tenant.azure.log_destinations("SignInLogs") == []
        assert tenant.azure.log_destinations("NonInteractiveUserSignInLogs") == []
        assert len(tenant.azure.log_destinations("AuditLogs")) == 1
