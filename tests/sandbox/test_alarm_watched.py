"""The alarms besides the first, end to end: what rings through which action group, and what not."""

import pytest

from alerting.alarm_names import NAMES
from tests.sandbox.alarm_scene import ADA, SUBSCRIPTION, WATCHERS, Alarm
from tests.support.findings import rung
from tests.support.tenant import object_id

USE = "Break-glass account used"
RULES, HEALTH, TAMPER, EXCLUSION, SILENCE = (
    NAMES[f"{alert}-alert"] for alert in ("rules", "health", "tamper", "exclusion", "silence")
)
BOSS = WATCHERS.emails[0].address if WATCHERS.emails else ""
STAFF = object_id("groups/staff")
AS_HAL = "?as=hal@fabrikam.onmicrosoft.com"


def switch(alarm: Alarm, child: str, *, enabled: bool) -> None:
    path = f"{alarm.id_of(child)}?api-version=2025-01-01-preview"
    alarm.ask("PATCH", path, {"properties": {"enabled": enabled}})


def test_a_rule_that_somebody_disables_rings_through_the_second_group() -> None:
    alarm = Alarm()
    alarm.advance(2)
    switch(alarm, "use-alert", enabled=False)
    alarm.sign_in()
    alarm.advance(30)
    assert alarm.messages(USE) == []
    (message,) = alarm.messages(RULES)
    assert (message["channel"], message["recipient"]) == ("email", BOSS)
    for words in ("Microsoft.Insights/scheduledQueryRules/write", "Succeeded", USE):
        assert words in message["body"]
    switch(alarm, "use-alert", enabled=True)
    alarm.advance(2)
    alarm.sign_in()
    alarm.advance(30)
    assert len(alarm.messages(USE)) == 4
    assert len(alarm.messages(RULES)) == 2


@pytest.mark.parametrize("child", ["use-alert", "tamper-alert", "silence-alert", "action-group"])
def test_a_deleted_rule_or_action_group_rings_once(child: str) -> None:
    alarm = Alarm()
    version = "2023-01-01" if child == "action-group" else "2025-01-01-preview"
    alarm.ask("DELETE", f"{alarm.id_of(child)}?api-version={version}")
    alarm.advance(30)
    assert [message["recipient"] for message in alarm.messages(RULES)] == [BOSS]


def test_the_workspaces_end_rings() -> None:
    alarm = Alarm()
    alarm.ask("DELETE", f"{alarm.id_of('workspace')}?api-version=2023-09-01")
    alarm.advance(30)
    assert [message["recipient"] for message in alarm.messages(RULES)] == [BOSS]


def test_setting_everything_up_rings_nobody() -> None:
    alarm = Alarm()
    alarm.advance(30)
    assert alarm.tenant.tenant.outbox.messages() == []


def test_a_rule_that_azure_disables_because_it_fails_rings() -> None:
    alarm = Alarm()
    rule = alarm.tenant.tenant.azure.find(alarm.id_of("use-alert"))
    assert rule is not None
    rule["properties"]["criteria"]["allOf"][0]["query"] = "SigninLogs | where NoSuchColumn == 1"
    alarm.ask("PUT", f"{rule['id']}?api-version=2025-01-01-preview", rule)
    alarm.sign_in()
    alarm.advance(30)
    assert len(alarm.messages(RULES)) == 1
    (ill,) = alarm.messages(HEALTH)
    assert ill["recipient"] == BOSS
    assert alarm.firings(HEALTH)[0]["event"]["properties.currentHealthStatus"] == "Unavailable"
    alarm.advance(8 * 1440)
    assert len(alarm.messages(HEALTH)) == 1
    told = [m["body"] for m in alarm.messages(RULES) if "disable/action" in m["body"]]
    assert len(told) == 1
    assert alarm.messages(USE) == []


def test_a_day_without_a_sign_in_rings_each_day_and_a_day_with_one_does_not() -> None:
    alarm = Alarm()
    alarm.advance(1440)
    assert alarm.minutes(SILENCE) == [1440]
    for _ in range(3):
        alarm.advance(700)
        alarm.sign_in("eve")
        alarm.advance(740)
    assert alarm.minutes(SILENCE) == [1440]
    alarm.advance(1440)
    assert alarm.minutes(SILENCE) == [1440, 5 * 1440]


@pytest.mark.parametrize("lapsed", [True, False])
def test_an_export_that_ends_is_silence(lapsed: bool) -> None:
    alarm = Alarm()
    alarm.advance(1430)
    alarm.sign_in("eve")
    alarm.advance(20)
    if lapsed:
        alarm.tenant.tenant.azure.has_premium = lambda: False
    else:
        alarm.ask("DELETE", "/providers/microsoft.aadiam/diagnosticSettings/break-glass")
    for _ in range(3):
        alarm.sign_in("eve")
        alarm.advance(1440)
    assert alarm.minutes(SILENCE) == [2 * 1440, 3 * 1440, 4 * 1440]


@pytest.mark.parametrize(("kept", "rings"), [([STAFF], 0), ([], 1)])
def test_a_policy_that_is_saved_without_our_exclusion_rings(kept: list[str], rings: int) -> None:
    alarm = Alarm()
    alarm.advance(2)
    body = {"conditions": {"users": {"excludeGroups": kept}}}
    path = f"/sandbox/conditional-access/policies/{object_id('policies/mfa')}{AS_HAL}"
    alarm.ask("PATCH", path, body)
    alarm.advance(60)
    assert alarm.minutes(EXCLUSION) == [10] * rings
    assert len(alarm.messages(EXCLUSION)) == 4 * rings
    if rings:
        (mail, *_) = (each["body"] for each in alarm.messages(EXCLUSION))
        assert f"Missing = group {STAFF}" in mail
        assert "By = hal@fabrikam.onmicrosoft.com" in mail


def test_what_an_administrator_does_to_the_account_rings() -> None:
    alarm = Alarm()
    alarm.advance(2)
    alarm.ask("PATCH", f"/sandbox/users/{ADA}{AS_HAL}", {"accountEnabled": False})
    alarm.ask(
        "PATCH", f"/sandbox/users/{object_id('users/eve')}{AS_HAL}", {"accountEnabled": False}
    )
    alarm.advance(60)
    assert alarm.minutes(TAMPER) == [10]
    assert {one["ObjectIds"] for one in rung(alarm.firings(TAMPER))} == {ADA}
    (mail, *_) = (each["body"] for each in alarm.messages(TAMPER))
    assert "Objects = Ada" in mail
    assert "By = hal@fabrikam.onmicrosoft.com" in mail


def test_a_rule_that_works_again_rings_only_when_it_is_ill_once_more() -> None:
    alarm = Alarm()
    path = f"{alarm.id_of('use-alert')}?api-version=2025-01-01-preview"
    sound = alarm.ask("GET", path)
    broken = alarm.ask("GET", path)
    broken["properties"]["criteria"]["allOf"][0]["query"] = "NoSuchTable"
    for body in (broken, sound, broken):
        alarm.ask("PUT", path, body)
        alarm.advance(15)
    assert len(alarm.messages(HEALTH)) == 2
    events = alarm.tenant.tenant.activity.events(SUBSCRIPTION)
    health = [event.status for event in events if event.category == "ResourceHealth"]
    assert health == ["Active", "Resolved", "Active"]
