"""azure-mgmt-monitor: action groups, alert rules, and diagnostic settings by its own pipeline."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest

from tests.sandbox.clients.azure_clients import GROUP, Clients
from tests.sandbox.watched_tenant import setting_body

SETTING = "/providers/microsoft.aadiam/diagnosticSettings/break-glass"


def test_an_action_group_keeps_its_receivers(clients: Clients) -> None:
    groups = clients.monitor.action_groups
    made = clients.make_action_group()
    assert (made.group_short_name, made.location) == ("BreakGlass", "global")
    assert [r.email_address for r in made.email_receivers] == [
        "duty@contoso.example",
        "partner@fabrikam.example",
    ]
    assert {r.status for r in made.email_receivers} == {"Enabled"}
    assert groups.update(GROUP, "watchers", {"properties": {"enabled": False}}).enabled is False
    assert len(groups.get(GROUP, "WATCHERS").email_receivers) == 2
    assert [group.name for group in groups.list_by_subscription_id()] == ["watchers"]
    assert [group.name for group in groups.list_by_resource_group(GROUP)] == ["watchers"]
    groups.delete(GROUP, "watchers")
    groups.delete(GROUP, "watchers")
    assert list(groups.list_by_resource_group(GROUP)) == []


def test_a_test_notification_reaches_the_receivers_it_names(clients: Clients) -> None:
    clients.make_action_group()
    receivers = [{"name": "duty", "emailAddress": "duty@contoso.example"}]
    body = {"alertType": "logalertv2", "emailReceivers": receivers}
    poller = clients.monitor.action_groups
    done = poller.begin_create_notifications_at_action_group_resource_level(
        GROUP, "watchers", body
    ).result()
    assert done.state == "Complete"
    assert [(found.name, found.status) for found in done.action_details] == [("duty", "Succeeded")]
    (message,) = clients.server.world.default.outbox.messages()
    assert (message["channel"], message["recipient"]) == ("email", "duty@contoso.example")


def test_a_query_rule_comes_back_with_its_defaults(clients: Clients) -> None:
    made = clients.make_rule()
    rules = clients.monitor.scheduled_query_rules
    assert (made.severity, made.enabled, made.auto_mitigate) == (0, True, False)
    assert made.system_data.created_by_type == "Application"
    periods = made.criteria.all_of[0].failing_periods
    assert (periods.number_of_evaluation_periods, periods.min_failing_periods_to_alert) == (1, 1)
    assert rules.get(GROUP, "USE-alert").id == made.id
    changed = rules.update(GROUP, "use-alert", {"properties": {"severity": 2}})
    assert (changed.severity, changed.evaluation_frequency) == (2, made.evaluation_frequency)
    assert [rule.name for rule in rules.list_by_subscription()] == ["use-alert"]
    assert [rule.name for rule in rules.list_by_resource_group(GROUP)] == ["use-alert"]
    rules.delete(GROUP, "use-alert")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        rules.get(GROUP, "use-alert")


def test_a_query_that_is_no_kql_is_refused_when_the_rule_is_saved(clients: Clients) -> None:
    broken: dict[str, Any] = {"query": "SigninLogs | where ("}
    clients.make_rule(condition=broken)
    with pytest.raises(HttpResponseError, match="could not be validated"):
        clients.make_rule(condition=broken, skipQueryValidation=False)


def test_an_activity_log_alert_is_made_changed_listed_and_deleted(clients: Clients) -> None:
    group = clients.make_action_group()
    alerts = clients.monitor.activity_log_alerts
    condition = [
        {"field": "category", "equals": "Administrative"},
        {"anyOf": [{"field": "operationName", "containsAny": ["Microsoft.Insights/x/delete"]}]},
    ]
    body: dict[str, Any] = {
        "location": "Global",
        "properties": {
            "scopes": [f"/subscriptions/{clients.subscription}"],
            "condition": {"allOf": condition},
            "actions": {"actionGroups": [{"actionGroupId": group.id}]},
        },
    }
    made = alerts.create_or_update(GROUP, "tampering", body)
    assert (made.location, made.enabled, made.type) == (
        "global",
        True,
        "Microsoft.Insights/activityLogAlerts",
    )
    assert made.condition.all_of[1].any_of[0].contains_any == ["Microsoft.Insights/x/delete"]
    changed = alerts.update(
        GROUP, "Tampering", {"tags": {"a": "b"}, "properties": {"enabled": False}}
    )
    assert (changed.enabled, changed.tags) == (False, {"a": "b"})
    read = alerts.get(GROUP, "tampering")
    assert (read.enabled, read.actions.action_groups[0].action_group_id) == (False, group.id)
    assert [alert.name for alert in alerts.list_by_subscription_id()] == ["tampering"]
    assert [alert.name for alert in alerts.list_by_resource_group(GROUP)] == ["tampering"]
    alerts.delete(GROUP, "tampering")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        alerts.get(GROUP, "tampering")


def test_a_diagnostic_setting_of_the_tenant_goes_through_the_clients_own_pipeline(
    clients: Clients,
) -> None:
    workspace = clients.make_workspace()

    def send(method: str, path: str = SETTING, body: Any = None) -> Any:
        url, query = f"{clients.server.url}{path}", {"api-version": "2017-04-01"}
        return clients.resources.send_request(HttpRequest(method, url, params=query, json=body))

    assert send("GET").status_code == 404
    made = send("PUT", body=setting_body("SignInLogs", workspace=workspace.id))
    assert (made.status_code, made.json()["name"]) == (200, "break-glass")
    assert send("GET").json() == made.json()
    listed = send("GET", SETTING.rpartition("/")[0]).json()["value"]
    assert [setting["name"] for setting in listed] == ["break-glass"]
    assert send("DELETE").status_code == 200
    assert send("DELETE").status_code == 204
