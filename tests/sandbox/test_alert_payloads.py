"""What receivers get, how often, and what is not simulated."""

from typing import Any

import pytest

from tests.sandbox.watched_tenant import ACTION_GROUP, WatchedTenant, action_group_body

PHONE = {"name": "sms", "countryCode": "49", "phoneNumber": "15112345678"}


def receive(watched: WatchedTenant, **receivers: Any) -> None:
    group = action_group_body(**{"emailReceivers": [], **receivers})
    watched.put(ACTION_GROUP, group, "2024-10-01-preview")


def ring(watched: WatchedTenant, times: int = 1, **rule: Any) -> None:
    watched.with_rule(**rule)
    for _use in range(times):
        watched.sign_in()
        watched.advance(minutes=10)


def statuses(watched: WatchedTenant) -> list[str]:
    return [message["status"] for message in watched.mails]


def test_a_webhook_gets_the_common_schema_with_links_instead_of_rows(
    watched: WatchedTenant,
) -> None:
    receive(watched, webhookReceivers=[{"name": "hook", "serviceUri": "https://hook.example/a"}])
    actions = {
        "actionGroups": [ACTION_GROUP.text],
        "customProperties": {"runbook": "https://wiki.example/break-glass"},
    }
    ring(watched, description="Call the duty officer.", actions=actions)
    payload = watched.mails[0]["payload"]
    essentials, context = payload["data"]["essentials"], payload["data"]["alertContext"]
    assert payload["schemaId"] == "azureMonitorCommonAlertSchema"
    assert (essentials["alertRule"], essentials["severity"]) == ("use-alert", "Sev0")
    assert (essentials["monitoringService"], essentials["signalType"]) == ("Log Alerts V2", "Log")
    assert essentials["monitorCondition"] == "Fired"
    assert essentials["description"] == "Call the duty officer."
    assert context["properties"] == {"runbook": "https://wiki.example/break-glass"}
    (condition,) = context["condition"]["allOf"]
    assert condition["metricValue"] == 1
    assert "/query?query=" in condition["linkToSearchResultsAPI"]
    assert "203.0.113.9" not in str(payload)
    assert "wiki.example" not in watched.mails[0]["body"]


def test_a_resolved_alert_says_when_it_fired_and_when_it_ended(watched: WatchedTenant) -> None:
    receive(watched, webhookReceivers=[{"name": "hook", "serviceUri": "https://hook.example/a"}])
    ring(watched, autoMitigate=True)
    watched.advance(minutes=60)
    first, last = (message["payload"]["data"]["essentials"] for message in watched.mails)
    assert (first["monitorCondition"], last["monitorCondition"]) == ("Fired", "Resolved")
    assert first["alertId"] == last["alertId"]
    assert last["firedDateTime"] == first["firedDateTime"] < last["resolvedDateTime"]


def test_short_messages_name_the_action_group(watched: WatchedTenant) -> None:
    receive(watched, smsReceivers=[PHONE])
    ring(watched)
    assert watched.mails[0]["body"].startswith("BreakGlass: Fired:Sev0 Azure Monitor Alert")


@pytest.mark.parametrize("channel", ["smsReceivers", "voiceReceivers"])
def test_a_number_gets_one_message_in_five_minutes(watched: WatchedTenant, channel: str) -> None:
    receive(watched, **{channel: [PHONE]})
    watched.put(
        ACTION_GROUP,
        action_group_body(**{"emailReceivers": [], channel: [PHONE]}),
        "2024-10-01-preview",
    )
    query = "SigninLogs | project UserId"
    watched.sign_in()
    watched.advance(minutes=5)
    watched.with_rule(query, evaluationFrequency="PT1M", windowSize="PT15M")
    watched.advance(minutes=6.5)
    assert statuses(watched) == ["sent", *["suppressed"] * 4, "sent"]
    assert "rate limit" in watched.mails[1]["reason"]
    assert "rate limit" in watched.firings[1]["notTold"][0]


def test_an_address_gets_a_hundred_mails_an_hour_and_word_of_it(watched: WatchedTenant) -> None:
    receive(watched, emailReceivers=[{"name": "duty", "emailAddress": "duty@contoso.example"}])
    condition = {"dimensions": [{"name": "CorrelationId", "operator": "Include", "values": ["*"]}]}
    for number in range(103):
        watched.sign_in(CorrelationId=f"{number:03}")
    watched.advance(minutes=4)
    watched.with_rule("SigninLogs | project CorrelationId", condition=condition)
    watched.advance(minutes=5)
    assert statuses(watched).count("sent") == 101
    assert statuses(watched).count("suppressed") == 3
    notices = [mail for mail in watched.mails if "rate limit reached" in mail["subject"]]
    assert len(notices) == 1
    watched.advance(minutes=70)
    assert statuses(watched).count("sent") == 202


def test_receivers_that_are_not_simulated_are_listed_loudly(watched: WatchedTenant) -> None:
    receive(
        watched,
        armRoleReceivers=[{"name": "owners", "roleId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}],
        logicAppReceivers=[
            {"name": "flow", "resourceId": "/x", "callbackUrl": "https://flow.example/?sig=key"}
        ],
    )
    ring(watched)
    assert statuses(watched) == ["not simulated", "not simulated"]
    assert "does not simulate receivers of the kind 'role'" in watched.mails[0]["reason"]
    assert len(watched.firings[0]["notTold"]) == 2
    assert "sig=key" not in str(watched.mails)


def test_a_firing_says_whom_nobody_told(watched: WatchedTenant) -> None:
    watched.put(ACTION_GROUP, action_group_body(enabled=False), "2024-10-01-preview")
    ring(watched)
    assert "is disabled" in watched.firings[0]["notTold"][0]
    watched.tenant.azure.delete(ACTION_GROUP)
    watched.sign_in()
    watched.advance(minutes=10)
    assert "does not exist" in watched.firings[-1]["notTold"][0]
    assert watched.mails == []
