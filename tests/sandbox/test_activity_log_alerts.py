"""Activity log alerts: which events of a subscription ring, once each, and what is then told."""

from typing import Any

import pytest

from sandbox.tenant.changes import Initiator
from sandbox.tenant.tenant import World
from tests.sandbox.watched_tenant import (
    ACTION_GROUP,
    RULE,
    SUBSCRIPTION,
    WatchedTenant,
    action_group_body,
    in_group,
)

ALERT = in_group("Microsoft.Insights", "activityLogAlerts", "watch-the-watch")
WRITE = "Microsoft.Insights/scheduledQueryRules/write"
DELETE = "Microsoft.Insights/scheduledQueryRules/delete"
ADA = Initiator("user", "0f3e4c1a-0000-4000-8000-00000000000a", "ada@contoso.example")

Leaf = dict[str, Any]


def leaf(field: str, *values: str) -> Leaf:
    given: Leaf = {"equals": values[0]} if len(values) == 1 else {"containsAny": list(values)}
    return {"field": field} | given


def alert(watched: WatchedTenant, *conditions: Leaf, **properties: Any) -> None:
    action = {"actionGroupId": ACTION_GROUP.text, "webhookProperties": {"team": "identity"}}
    given: dict[str, Any] = {
        "scopes": [f"/subscriptions/{SUBSCRIPTION}"],
        "condition": {"allOf": [leaf("category", "Administrative"), *conditions]},
        "actions": {"actionGroups": [action]},
        "description": "Somebody touched the alarm.",
    }
    watched.put(ALERT, {"location": "Global", "properties": given | properties}, "2020-10-01")


def happen(
    watched: WatchedTenant, method: str = "DELETE", path: str = RULE.text, status: int = 200
) -> None:
    watched.tenant.activity.record(method, path, status, ADA, "" if status < 400 else "Refused")
    watched.advance(minutes=20)


def told(watched: WatchedTenant) -> list[tuple[str, str]]:
    found = ((f["event"]["operationName"], f["event"]["status"]) for f in watched.firings)
    return sorted(found)


def test_the_deletion_of_a_rule_rings_and_mails(watched: WatchedTenant) -> None:
    alert(watched, leaf("operationName", DELETE), leaf("status", "Succeeded"))
    happen(watched)
    (firing,) = watched.firings
    assert (firing["kind"], firing["severity"], firing["target"]) == ("activity log", 4, RULE.text)
    mail = watched.mails[0]
    assert mail["subject"].startswith("Fired:Sev4 Azure Monitor Alert watch-the-watch on use-alert")
    for words in (DELETE, "ada@contoso.example", "Succeeded", "Somebody touched the alarm."):
        assert words in mail["body"]


def test_it_rings_when_the_event_can_be_read(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"activityDelaySeconds": 600})
    alert(watched, leaf("operationName", DELETE), leaf("status", "Succeeded"))
    watched.tenant.activity.record("DELETE", RULE.text, 200, ADA)
    watched.advance(minutes=4.9)
    assert watched.firings == []
    watched.advance(minutes=10.2)
    assert len(watched.firings) == 1


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], [(DELETE, "Started"), (DELETE, "Succeeded")]),
        ([leaf("status", "Succeeded")], [(DELETE, "Succeeded")]),
        ([leaf("status", "succeeded")], [(DELETE, "Succeeded")]),
        ([leaf("status", "Failed")], []),
        ([leaf("status", "succeeded", "failed")], [(DELETE, "Succeeded")]),
        ([leaf("level", "Error")], []),
        (
            [leaf("status", "Succeeded"), leaf("caller", "ada@contoso.example")],
            [(DELETE, "Succeeded")],
        ),
        ([leaf("caller", "bo@contoso.example")], []),
        (
            [leaf("status", "Succeeded"), leaf("resourceId", RULE.text.upper())],
            [(DELETE, "Succeeded")],
        ),
        ([leaf("status", "Succeeded"), leaf("resourceGroup", "rg-watch")], [(DELETE, "Succeeded")]),
        ([leaf("resourceType", "Microsoft.Insights/actionGroups")], []),
        ([leaf("properties.title", "x")], []),
        (
            [
                leaf("status", "Succeeded"),
                {"anyOf": [leaf("operationName", WRITE), leaf("operationName", DELETE)]},
            ],
            [(DELETE, "Succeeded")],
        ),
        ([{"anyOf": [leaf("operationName", WRITE), leaf("caller", "bo@x.example")]}], []),
    ],
)
def test_all_conditions_must_hold(
    watched: WatchedTenant, conditions: list[Leaf], expected: list[tuple[str, str]]
) -> None:
    alert(watched, *conditions)
    happen(watched)
    assert told(watched) == expected


def test_a_refused_change_rings_as_failed(watched: WatchedTenant) -> None:
    alert(watched, leaf("level", "Error"))
    happen(watched, status=403)
    assert told(watched) == [(DELETE, "Failed")]


@pytest.mark.parametrize(
    ("scope", "rings"),
    [
        (f"/subscriptions/{SUBSCRIPTION}", True),
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-watch", True),
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-other", False),
        (RULE.text, True),
    ],
)
def test_only_events_within_the_scopes_ring(
    watched: WatchedTenant, scope: str, rings: bool
) -> None:
    alert(watched, leaf("status", "Succeeded"), scopes=[scope])
    happen(watched)
    assert bool(watched.firings) is rings


def test_another_category_a_read_and_a_disabled_alert_ring_nothing(
    watched: WatchedTenant,
) -> None:
    alert(watched, condition={"allOf": [leaf("category", "ServiceHealth")]})
    happen(watched)
    alert(watched)
    happen(watched, "GET")
    alert(watched, enabled=False)
    happen(watched)
    assert watched.firings == []


def test_an_alert_that_was_deleted_meanwhile_rings_nothing(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"activityDelaySeconds": 600})
    alert(watched)
    watched.tenant.activity.record("DELETE", RULE.text, 200, ADA)
    watched.tenant.azure.delete(ALERT)
    watched.advance(minutes=20)
    assert watched.firings == []


def test_an_event_that_waits_survives_a_restart(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"activityDelaySeconds": 600})
    alert(watched, leaf("status", "Succeeded"))
    watched.tenant.activity.record("DELETE", RULE.text, 200, ADA)
    tenant = World(watched.clock).add(watched.tenant.to_document())
    watched.clock.advance(1200)
    tenant.tick()
    assert [firing["rule"] for firing in tenant.alert_rules.firings()] == ["watch-the-watch"]


@pytest.mark.parametrize("common", [True, False])
def test_webhooks_get_the_schema_that_they_ask_for(watched: WatchedTenant, common: bool) -> None:
    hook = {"name": "hook", "serviceUri": "https://hook.example/a", "useCommonAlertSchema": common}
    group = action_group_body(emailReceivers=[], webhookReceivers=[hook])
    watched.put(ACTION_GROUP, group, "2024-10-01-preview")
    alert(watched, leaf("status", "Succeeded"))
    happen(watched)
    (message,) = watched.mails
    payload = message["payload"]
    if common:
        assert payload["schemaId"] == "azureMonitorCommonAlertSchema"
        essentials, context = payload["data"]["essentials"], payload["data"]["alertContext"]
        assert essentials["monitoringService"] == "Activity Log - Administrative"
        assert (essentials["severity"], essentials["signalType"]) == ("Sev4", "Activity Log")
        assert payload["data"]["customProperties"] == {"team": "identity"}
    else:
        assert payload["schemaId"] == "Microsoft.Insights/activityLogs"
        assert payload["data"]["status"] == "Activated"
        assert payload["data"]["properties"] == {"team": "identity"}
        context = payload["data"]["context"]["activityLog"]
        assert context["resourceId"] == RULE.text
    assert (context["operationName"], context["status"]) == (DELETE, "Succeeded")
    assert context["caller"] == "ada@contoso.example"
