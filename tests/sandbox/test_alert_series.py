"""A rule that is split by dimensions, and one whose query fails for long."""

from typing import Any

import pytest

from sandbox.tenant.errors import ServiceError
from tests.sandbox.watched_tenant import (
    ACTION_GROUP,
    RULE,
    SUBSCRIPTION,
    WORKSPACE,
    WatchedTenant,
    in_group,
)

SPLIT = "SigninLogs | project TimeGenerated, UserPrincipalName, Location"
DAY = 1440


def by(name: str, operator: str = "Include", *values: str) -> dict[str, Any]:
    return {"name": name, "operator": operator, "values": list(values or ("*",))}


def sign_in(watched: WatchedTenant, *users: str) -> None:
    for user in users:
        watched.sign_in(UserPrincipalName=user, Location="DE")


def fired_for(watched: WatchedTenant, condition: str = "Fired") -> list[str]:
    return sorted(
        firing["dimensions"]["UserPrincipalName"]
        for firing in watched.firings
        if firing["condition"] == condition
    )


def test_each_combination_of_values_rings_by_itself(watched: WatchedTenant) -> None:
    dimensions = [by("UserPrincipalName"), by("Location")]
    watched.with_rule(SPLIT, condition={"dimensions": dimensions}, windowSize="PT5M")
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.advance(minutes=1)
    sign_in(watched, "a", "b", "a")
    watched.advance(minutes=6)
    assert fired_for(watched) == ["a", "b"]
    (mail, *_rest) = [mail for mail in watched.mails if "UserPrincipalName = a" in mail["body"]]
    assert "Location = DE" in mail["body"]
    assert {len(firing["rows"]) for firing in watched.firings} == {1, 2}


@pytest.mark.parametrize(
    ("dimension", "users"),
    [
        (by("UserPrincipalName", "Include", "a"), ["a"]),
        (by("UserPrincipalName", "Exclude", "a"), ["b", "c"]),
    ],
)
def test_values_are_chosen_or_left_out(
    watched: WatchedTenant, dimension: dict[str, Any], users: list[str]
) -> None:
    watched.with_rule(SPLIT, condition={"dimensions": [dimension]}, windowSize="PT10M")
    sign_in(watched, "a", "b", "c")
    watched.advance(minutes=9)
    assert fired_for(watched) == users


def test_a_threshold_counts_for_each_series(watched: WatchedTenant) -> None:
    condition = {"dimensions": [by("UserPrincipalName")], "threshold": 1}
    watched.with_rule(SPLIT, condition=condition, windowSize="PT10M")
    sign_in(watched, "a", "b", "a")
    watched.advance(minutes=9)
    assert fired_for(watched) == ["a"]


def test_muting_and_resolving_are_those_of_a_series(watched: WatchedTenant) -> None:
    condition = {"dimensions": [by("UserPrincipalName")]}
    watched.with_rule(SPLIT, condition=condition, windowSize="PT5M", muteActionsDuration="PT1H")
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.advance(minutes=1)
    sign_in(watched, "a")
    watched.advance(minutes=5)
    sign_in(watched, "a", "b")
    watched.advance(minutes=5)
    found = [(f["dimensions"]["UserPrincipalName"], f["muted"]) for f in watched.firings]
    assert sorted(found) == [("a", False), ("a", True), ("b", False)]


def test_a_stateful_series_is_resolved_by_itself(watched: WatchedTenant) -> None:
    condition = {"dimensions": [by("UserPrincipalName")]}
    watched.with_rule(SPLIT, condition=condition, windowSize="PT5M", autoMitigate=True)
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.advance(minutes=1)
    for _run in range(4):
        sign_in(watched, "a")
        if not watched.firings:
            sign_in(watched, "b")
        watched.advance(minutes=5)
    assert fired_for(watched) == ["a", "b"]
    assert fired_for(watched, "Resolved") == ["b"]
    fired, resolved = (
        next(
            f["alertId"]
            for f in watched.firings
            if f["condition"] == condition and f["dimensions"] == {"UserPrincipalName": "b"}
        )
        for condition in ("Fired", "Resolved")
    )
    assert fired == resolved


def test_a_dimension_that_the_result_lacks_is_a_failure(watched: WatchedTenant) -> None:
    watched.with_rule("SigninLogs | count", condition={"dimensions": [by("Nope")]})
    watched.sign_in()
    watched.advance(minutes=10)
    assert "'Nope'" in watched.tenant.alert_rules.failures()[0]["error"]


def test_a_condition_has_at_most_six_dimensions(watched: WatchedTenant) -> None:
    with pytest.raises(ServiceError, match="at most 6"):
        watched.with_rule(condition={"dimensions": [by(str(number)) for number in range(7)]})


def watch_the_watch(watched: WatchedTenant) -> None:
    alert = in_group("Microsoft.Insights", "activityLogAlerts", "alert-on-the-alert")
    operation = "Microsoft.Insights/ScheduledQueryRules/disable/action"
    body = {
        "location": "Global",
        "properties": {
            "scopes": [f"/subscriptions/{SUBSCRIPTION}"],
            "condition": {
                "allOf": [
                    {"field": "category", "equals": "Administrative"},
                    {"field": "operationName", "equals": operation},
                    {"field": "status", "equals": "Succeeded"},
                ]
            },
            "actions": {"actionGroups": [{"actionGroupId": ACTION_GROUP.text}]},
        },
    }
    watched.put(alert, body, "2020-10-01")


@pytest.mark.parametrize("cause", ["no table", "no workspace", "no KQL"])
def test_a_rule_that_fails_for_a_week_is_disabled_and_that_can_ring(
    watched: WatchedTenant, cause: str
) -> None:
    watch_the_watch(watched)
    text = "SigninLogs | where" if cause == "no KQL" else "SigninLogs | project UserId"
    watched.with_rule(text, evaluationFrequency="PT1H", windowSize="PT1H")
    if cause == "no workspace":
        watched.tenant.azure.delete(WORKSPACE)
    watched.advance(minutes=7 * DAY - 60)
    assert watched.tenant.azure.get(RULE)["properties"]["enabled"] is True
    watched.advance(minutes=180)
    assert watched.tenant.azure.get(RULE)["properties"]["enabled"] is False
    assert watched.tenant.alert_rules.failures() == []
    (firing,) = watched.firings
    assert (firing["rule"], firing["kind"], firing["severity"]) == (
        "alert-on-the-alert",
        "activity log",
        4,
    )
    assert firing["target"] == RULE.text
    assert watched.mails[0]["recipient"] == "duty@contoso.example"


def test_one_success_within_the_week_keeps_a_rule_enabled(watched: WatchedTenant) -> None:
    watched.with_rule("SigninLogs | project UserId", evaluationFrequency="PT1H", windowSize="PT1H")
    watched.advance(minutes=6 * DAY)
    watched.sign_in()
    watched.advance(minutes=120)
    watched.tenant.azure.delete(WORKSPACE)
    watched.advance(minutes=6 * DAY)
    assert watched.tenant.alert_rules.failures()
    assert watched.tenant.azure.get(RULE)["properties"]["enabled"] is True
