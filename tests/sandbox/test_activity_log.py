"""What happens in a subscription: its events over REST, in a workspace, and to who listens."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from sandbox.api.server import TenantServer
from sandbox.tenant.clock import iso
from sandbox.tenant.monitor.activity import ActivityEvent
from sandbox.tenant.monitor.activity_operations import operation_of
from tests.sandbox.arm_manager import (
    ACTION_GROUP,
    GROUP,
    SETTINGS,
    SUBSCRIPTION,
    WORKSPACE,
    Manager,
    setting,
)
from tests.sandbox.clients.azure_clients import clients_of
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import object_id

EVENTS = f"{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
EXPORT = f"{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/export"
APP = object_id("app/object")
VERSION = {"api-version": "2021-05-01-preview"}


def export_body(category: str = "Administrative", **properties: Any) -> dict[str, Any]:
    logs = [{"category": category, "enabled": True}]
    return {"properties": {"workspaceId": WORKSPACE, "logs": logs, **properties}}


@pytest.fixture
def heard(tenant_server: TenantServer) -> list[ActivityEvent]:
    """The events of the tenant, readable at once, as a listener hears them."""
    found: list[ActivityEvent] = []
    tenant = tenant_server.world.default
    tenant.behaviour.turn({"activityDelaySeconds": 0, "logDelaySeconds": 0})
    tenant.activity.listen(found.append)
    return found


def events(manager: Manager, text: str) -> list[dict[str, Any]]:
    answer = manager.ask("GET", EVENTS, **{"api-version": "2015-04-01", "$filter": text})
    return answer.raise_for_status().json()["value"]


def since(server: TenantServer, more: str = "") -> str:
    start = iso(server.world.clock.now() - 3600)
    return f"eventTimestamp ge '{start}'{more}"


OPERATIONS = {
    ("PUT", GROUP): "Microsoft.Resources/subscriptions/resourceGroups/write",
    ("DELETE", GROUP): "Microsoft.Resources/subscriptions/resourceGroups/delete",
    ("PUT", ACTION_GROUP.lower()): "Microsoft.Insights/actionGroups/write",
    ("PATCH", ACTION_GROUP): "Microsoft.Insights/actionGroups/write",
    ("DELETE", ACTION_GROUP): "Microsoft.Insights/actionGroups/delete",
    ("POST", f"{WORKSPACE}/sharedKeys"): (
        "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
    ),
    ("POST", f"{SUBSCRIPTION}/providers/Microsoft.Insights/register"): (
        "Microsoft.Insights/register/action"
    ),
    ("PUT", EXPORT): "Microsoft.Insights/diagnosticSettings/write",
}


@pytest.mark.parametrize(("request_line", "name"), OPERATIONS.items())
def test_a_write_is_an_operation(request_line: tuple[str, str], name: str) -> None:
    operation = operation_of(*request_line)
    assert operation is not None
    assert operation.operation_name == name


@pytest.mark.parametrize(
    "request_line",
    [
        ("GET", ACTION_GROUP),
        ("HEAD", GROUP),
        ("PUT", f"{SETTINGS}/export"),
        ("POST", f"{WORKSPACE}/query"),
        ("PUT", "/subscriptions"),
    ],
)
def test_a_read_or_what_lies_in_no_subscription_is_none(request_line: tuple[str, str]) -> None:
    assert operation_of(*request_line) is None


def test_an_operation_is_heard_when_it_starts_and_when_it_ends(
    manager: Manager, heard: list[ActivityEvent]
) -> None:
    manager.make(GROUP, {"location": "westeurope"})
    started, ended = heard
    assert (started.status, ended.status, ended.sub_status) == ("Started", "Succeeded", "Created")
    assert started.correlation_id == ended.correlation_id
    assert started.event_id != ended.event_id
    assert ended.fields() | {"correlationId": ""} == {
        "caller": APP,
        "category": "Administrative",
        "correlationId": "",
        "level": "Informational",
        "operationName": "Microsoft.Resources/subscriptions/resourceGroups/write",
        "resourceGroup": "rg-Watch",
        "resourceId": GROUP,
        "resourceProvider": "Microsoft.Resources",
        "resourceType": "Microsoft.Resources/subscriptions/resourceGroups",
        "status": "Succeeded",
        "subscriptionId": object_id("subscription"),
        "subStatus": "Created",
    }


def test_a_refused_write_is_heard_as_failed(manager: Manager, heard: list[ActivityEvent]) -> None:
    manager.refused("PUT", ACTION_GROUP, action_group_body())
    ended = heard[-1]
    assert (ended.status, ended.level, ended.http_status) == ("Failed", "Error", 404)
    assert ended.error == "ResourceGroupNotFound"


def test_a_read_and_a_setting_of_the_tenant_are_not_heard(
    estate: Manager, heard: list[ActivityEvent]
) -> None:
    estate.ask("GET", WORKSPACE).raise_for_status()
    estate.make(f"{SETTINGS}/export", setting("AuditLogs"))
    assert heard == []


def test_microsofts_client_reads_the_events(
    tenant_server: TenantServer, estate: Manager, heard: list[ActivityEvent]
) -> None:
    estate.ask("DELETE", ACTION_GROUP).raise_for_status()
    with clients_of(tenant_server) as clients:
        found = list(clients.monitor.activity_logs.list(since(tenant_server)))
        group = since(tenant_server, " and resourceGroupName eq 'RG-watch'")
        inside = list(clients.monitor.activity_logs.list(group))
        with pytest.raises(HttpResponseError, match="is not supported"):
            list(clients.monitor.activity_logs.list("caller eq 'x'"))
    ended, started = found
    assert [event.status.value for event in (started, ended)] == ["Started", "Succeeded"]
    assert ended.operation_name.value == "Microsoft.Insights/actionGroups/delete"
    assert (ended.caller, ended.category.value, ended.level) == (
        APP,
        "Administrative",
        "Informational",
    )
    assert ended.authorization.action == "Microsoft.Insights/actionGroups/delete"
    assert ended.event_timestamp - started.event_timestamp < timedelta(seconds=5)
    assert ended.event_data_id == heard[-1].event_id
    assert [event.event_data_id for event in inside] == [event.event_data_id for event in found]


@pytest.mark.parametrize(
    ("more", "count"),
    [
        (" and resourceProvider eq 'microsoft.insights'", 2),
        (f" and resourceUri eq '{ACTION_GROUP.upper()}'", 2),
        (" and resourceGroupName eq 'other'", 0),
        (" and eventTimestamp le '2100-01-01T00:00:00.1234567Z'", 4),
    ],
)
@pytest.mark.usefixtures("heard")
def test_a_filter_chooses_events(
    tenant_server: TenantServer, manager: Manager, more: str, count: int
) -> None:
    manager.make(GROUP, {"location": "westeurope"})
    manager.make(ACTION_GROUP, action_group_body())
    assert len(events(manager, since(tenant_server, more))) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resourceGroupName eq 'x'",
        "eventTimestamp ge 'yesterday'",
        "eventTimestamp ge '2001-01-01'",
        "{start} and caller eq 'x'",
        "{start} or caller eq 'x'",
        "{start} and resourceGroupName eq 'x' and correlationId eq 'y'",
        "{start} and eventTimestamp le '2001-01-01'",
    ],
)
def test_other_filters_are_refused(
    tenant_server: TenantServer, manager: Manager, text: str
) -> None:
    text = text.format(start=since(tenant_server))
    query = {"api-version": "2015-04-01", "$filter": text}
    assert manager.refused("GET", EVENTS, **query) == (400, "BadRequest")


def test_an_event_can_be_read_some_minutes_later(
    tenant_server: TenantServer, manager: Manager
) -> None:
    manager.make(GROUP, {"location": "westeurope"})
    assert events(manager, since(tenant_server)) == []
    tenant_server.world.advance(9 * 60)
    assert len(events(manager, since(tenant_server))) == 2


def test_a_subscriptions_setting_sends_its_events_to_a_workspace(
    tenant_server: TenantServer, estate: Manager, heard: list[ActivityEvent]
) -> None:
    estate.ask("PUT", EXPORT, export_body(), **VERSION).raise_for_status()
    heard.clear()
    estate.ask("DELETE", ACTION_GROUP).raise_for_status()
    tenant = tenant_server.world.default
    # The export itself was the first to be exported.
    started, ended = tenant.logs.rows("AzureActivity")[2:]
    assert ended["OperationNameValue"] == "MICROSOFT.INSIGHTS/ACTIONGROUPS/DELETE"
    assert (started["ActivityStatusValue"], ended["ActivityStatusValue"]) == ("Start", "Success")
    assert (
        ended["Caller"]
        == ended["Claims_d"]["http://schemas.microsoft.com/identity/claims/objectidentifier"]
    )
    query = 'AzureActivity | where OperationNameValue endswith "ACTIONGROUPS/DELETE" | count'
    now = tenant_server.world.clock.now() + 1
    assert tenant.logs.query(WORKSPACE, query, start=0, now=now).rows == ({"Count": 2},)


def test_a_resource_that_falls_ill_is_in_the_log_and_in_its_export(
    tenant_server: TenantServer, estate: Manager, heard: list[ActivityEvent]
) -> None:
    estate.ask("PUT", EXPORT, export_body("ResourceHealth"), **VERSION).raise_for_status()
    tenant = tenant_server.world.default
    heard.clear()
    tenant.activity.record_health(WORKSPACE, "Available", "Unavailable", "Down")
    tenant.activity.record_health(WORKSPACE, "Unavailable", "Available", "Up")
    assert [(e.category, e.status, e.level) for e in heard] == [
        ("ResourceHealth", "Active", "Critical"),
        ("ResourceHealth", "Resolved", "Informational"),
    ]
    ill, well = tenant.logs.rows("AzureActivity")
    assert (ill["CategoryValue"], ill["ActivityStatusValue"]) == ("ResourceHealth", "Active")
    assert ill["Properties_d"]["currentHealthStatus"] == "Unavailable"
    assert well["Properties_d"]["previousHealthStatus"] == "Unavailable"


def test_without_the_category_or_the_setting_nothing_is_sent(
    tenant_server: TenantServer, estate: Manager, heard: list[ActivityEvent]
) -> None:
    estate.ask("PUT", EXPORT, export_body("Policy"), **VERSION).raise_for_status()
    estate.ask("DELETE", EXPORT, **VERSION).raise_for_status()
    estate.ask("DELETE", ACTION_GROUP).raise_for_status()
    assert heard
    assert tenant_server.world.default.logs.rows("AzureActivity") == []


def test_a_setting_can_be_read_listed_and_deleted(estate: Manager) -> None:
    made = estate.ask("PUT", EXPORT, export_body(), **VERSION).raise_for_status().json()
    assert estate.ask("GET", EXPORT, **VERSION).json() == made
    listed = estate.ask("GET", EXPORT.rpartition("/")[0], **VERSION).json()["value"]
    assert listed == [made]
    assert [estate.ask("DELETE", EXPORT, **VERSION).status_code for _ in range(2)] == [200, 204]
    assert estate.refused("GET", EXPORT, **VERSION) == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (export_body("AuditLogs"), (400, "BadRequest")),
        (export_body(workspaceId=None), (400, "BadRequest")),
        (export_body(workspaceId=f"{WORKSPACE}x"), (404, "ResourceNotFound")),
        (export_body(nonsense=1), (400, "InvalidRequestContent")),
        ({}, (400, "BadRequest")),
    ],
)
def test_a_setting_that_the_service_refuses(
    estate: Manager, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert estate.refused("PUT", EXPORT, body, **VERSION) == refusal


def test_one_category_goes_to_one_workspace_once(estate: Manager) -> None:
    estate.ask("PUT", EXPORT, export_body(), **VERSION).raise_for_status()
    second = estate.refused("PUT", f"{EXPORT}2", export_body(), **VERSION)
    assert second == (409, "Conflict")


def test_events_and_settings_survive_a_restart(
    tenant_server: TenantServer, estate: Manager
) -> None:
    estate.ask("PUT", EXPORT, export_body(), **VERSION).raise_for_status()
    before = tenant_server.world.default.to_document()
    after = tenant_server.world.add(before).to_document()
    for key in ("activityEvents", "activitySettings"):
        assert after[key] == before[key] != []
