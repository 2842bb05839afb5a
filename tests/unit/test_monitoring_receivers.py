"""Action groups: every kind of receiver, one that exists, and the second one."""

from functools import cache

import pytest

from components.monitoring_arguments import (
    EmailReceiver,
    Notify,
    PushReceiver,
    SmsReceiver,
    VoiceReceiver,
    Watch,
    WebhookIdentity,
    WebhookReceiver,
)
from components.monitoring_children import MonitoringTools
from tests.unit.harness import Recording
from tests.unit.lone_monitoring import after
from tests.unit.monitoring_scene import RECEIVERS, RULES, SUBSCRIPTION, USE_ALERT, make, usual

URI = "https://prod-01.example.org/workflows/x/triggers/manual?sig=Very-Secret"
EXISTING = f"{SUBSCRIPTION}/resourceGroups/rg-ops/providers/Microsoft.Insights/actionGroups/ag-ops"
ALL_KINDS = Notify(
    emails=RECEIVERS,
    sms=[SmsReceiver("Night", "49", "15112345678")],
    voice=[VoiceReceiver("Call", "1", "4255550100")],
    push=[PushReceiver("Phone", "ada@contoso.com")],
    webhooks=[
        WebhookReceiver("Teams", URI),
        WebhookReceiver(
            "Tickets",
            "https://tickets.example.org/in",
            common_alert_schema=False,
            aad=WebhookIdentity("o-1", "api://tickets", "t-1"),
        ),
    ],
)
GROUPS = ("monitoring-action-group", "monitoring-watch-action-group")


@cache
def of_all_kinds() -> Recording:
    """A run with receivers of every kind, once for all tests that only look at it."""
    return make(notify=ALL_KINDS)


@pytest.mark.parametrize("group", GROUPS)
def test_receivers_of_every_kind_arrive_in_both_action_groups(group: str) -> None:
    inputs = of_all_kinds().named(group).inputs
    assert [one["emailAddress"] for one in inputs["emailReceivers"]] == [
        "it@contoso.com",
        "alarm@example.org",
    ]
    assert inputs["smsReceivers"] == [
        {"name": "Night", "countryCode": "49", "phoneNumber": "15112345678"}
    ]
    assert inputs["voiceReceivers"] == [
        {"name": "Call", "countryCode": "1", "phoneNumber": "4255550100"}
    ]
    assert inputs["azureAppPushReceivers"] == [{"name": "Phone", "emailAddress": "ada@contoso.com"}]
    assert inputs["webhookReceivers"] == [
        {"name": "Teams", "serviceUri": URI, "useCommonAlertSchema": True, "useAadAuth": False},
        {
            "name": "Tickets",
            "serviceUri": "https://tickets.example.org/in",
            "useCommonAlertSchema": False,
            "useAadAuth": True,
            "objectId": "o-1",
            "identifierUri": "api://tickets",
            "tenantId": "t-1",
        },
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_the_address_of_a_webhook_is_a_secret_wherever_it_is_kept(group: str) -> None:
    run = of_all_kinds()
    made = run.named(group)
    assert made.secret_inputs == {"webhookReceivers"}
    assert made.additional_secret_outputs == ("webhookReceivers",)
    rest = [r.inputs for r in run.registrations if r.name not in GROUPS]
    assert "Very-Secret" not in repr((rest, run.outputs, run.messages))


@pytest.mark.parametrize("group", GROUPS)
def test_an_action_group_is_made_anew_before_the_old_one_goes(group: str) -> None:
    assert of_all_kinds().named(group).delete_before_replace is False


def test_kinds_without_a_receiver_are_not_mentioned() -> None:
    inputs = usual().named(GROUPS[0]).inputs
    assert [key for key in inputs if key.endswith("Receivers")] == ["emailReceivers"]


def test_the_second_group_has_a_name_of_its_own() -> None:
    run = make(notify=Notify(RECEIVERS, name="ag-x", short_name="x"))
    first, second = (run.named(group).inputs for group in GROUPS)
    assert (first["actionGroupName"], second["actionGroupName"]) == ("ag-x", "ag-x-watch")
    assert second["groupShortName"] == "x"


def test_the_second_group_can_have_other_receivers() -> None:
    watch = Watch(notify=Notify([EmailReceiver("SOC", "soc@example.org")], name="ag-soc"))
    inputs = make(watch=watch).named(GROUPS[1]).inputs
    assert inputs["actionGroupName"] == "ag-soc"
    assert [one["name"] for one in inputs["emailReceivers"]] == ["SOC"]


def test_an_action_group_can_be_in_another_resource_group() -> None:
    run = make(notify=Notify(RECEIVERS, resource_group_name="rg-ops"))
    assert {run.named(group).inputs["resourceGroupName"] for group in GROUPS} == {"rg-ops"}
    assert run.named(USE_ALERT).inputs["resourceGroupName"] == "rg-break-glass"


def test_an_existing_action_group_is_told_and_not_touched() -> None:
    run = make(notify=Notify(existing=EXISTING))
    assert run.of_type("ActionGroup") == []
    for rule in RULES:
        actions = run.named(f"monitoring-{rule}").inputs["actions"]
        assert actions["actionGroups"] == [EXISTING]
    told = run.named("monitoring-rules-alert").inputs["actions"]["actionGroups"]
    assert [one["actionGroupId"] for one in told] == [EXISTING]
    assert run.outputs["ready"] is True


def test_beside_an_existing_group_the_second_one_can_be_new() -> None:
    second = Notify(RECEIVERS, name="ag-second")
    run = make(notify=Notify(existing=EXISTING), watch=Watch(notify=second))
    assert run.one("ActionGroup").name == GROUPS[1]


@pytest.mark.parametrize(
    ("name", "place", "ignored"),
    [
        ("ag-two", "rg-break-glass", []),
        ("AG-two", "rg-break-glass", ["actionGroupName"]),
        ("ag-two", "RG-Break-Glass", ["resourceGroupName"]),
        ("AG-two", "rg-watchers", ["actionGroupName"]),
        ("ag-three", "RG-Break-Glass", []),
    ],
)
def test_an_action_group_is_not_made_anew_for_capitals(
    name: str, place: str, ignored: list[str]
) -> None:
    def watched(name: str, place: str) -> Watch:
        return Watch(notify=Notify(RECEIVERS, name=name, resource_group_name=place))

    memory = after(make(watch=watched("ag-two", "rg-break-glass")))
    tools = MonitoringTools({}, lambda type_: memory.get(type_, {}))
    found = make(watch=watched(name, place), tools=tools)
    assert list(found.named("monitoring-watch-action-group").ignore_changes) == ignored
    assert found.named("monitoring-action-group").ignore_changes == ()
