"""Whatever stands in a body, the answer is a refusal or an acceptance, never an accident."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.errors import ServiceError
from tests.sandbox.watched_tenant import (
    ACTION_GROUP,
    RULE,
    SETTING,
    SUBSCRIPTION,
    WORKSPACE,
    WatchedTenant,
    action_group_body,
    in_group,
    rule_body,
    setting_body,
)

ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", [], [1], [[]], ["x"], {}, {"a": {"b": [1]}})
]
ALERT = in_group("Microsoft.Insights", "activityLogAlerts", "alert")

RULE_BODY = rule_body(
    condition={
        "timeAggregation": "Average",
        "metricMeasureColumn": "DurationMs",
        "dimensions": [{"name": "UserId", "operator": "Include", "values": ["*"]}],
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    },
    description="d",
    displayName="n",
    muteActionsDuration="PT1H",
    overrideQueryTimeRange="P1D",
    targetResourceTypes=["Microsoft.OperationalInsights/workspaces"],
    actions={
        "actionGroups": [ACTION_GROUP.text],
        "customProperties": {"k": "v"},
        "actionProperties": {"Email.Subject": "s"},
    },
) | {"tags": {"k": "v"}, "kind": "LogAlert"}
ALERT_BODY: dict[str, Any] = {
    "location": "global",
    "properties": {
        "scopes": [f"/subscriptions/{SUBSCRIPTION}"],
        "enabled": True,
        "description": "d",
        "condition": {
            "allOf": [
                {"field": "category", "equals": "Administrative"},
                {"anyOf": [{"field": "status", "containsAny": ["Failed"]}]},
            ]
        },
        "actions": {
            "actionGroups": [{"actionGroupId": ACTION_GROUP.text, "webhookProperties": {"k": "v"}}]
        },
    },
}
WORKSPACE_BODY = {
    "location": "westeurope",
    "tags": {"k": "v"},
    "properties": {
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "workspaceCapping": {"dailyQuotaGb": 1},
        "features": {"enableLogAccessUsingOnlyResourcePermissions": True},
        "publicNetworkAccessForIngestion": "Enabled",
    },
}
GROUP_BODY = action_group_body(
    smsReceivers=[{"name": "s", "countryCode": "49", "phoneNumber": "1701234567"}],
    webhookReceivers=[{"name": "w", "serviceUri": "https://hook.example", "useAadAuth": False}],
)
SETTING_BODY = setting_body("AuditLogs")

BODIES: dict[ResourceId, tuple[dict[str, Any], str]] = {
    RULE: (RULE_BODY, "2025-01-01-preview"),
    ALERT: (ALERT_BODY, "2020-10-01"),
    WORKSPACE: (WORKSPACE_BODY, "2023-09-01"),
    ACTION_GROUP: (GROUP_BODY, "2024-10-01-preview"),
    SETTING: (SETTING_BODY, "2017-04-01"),
}


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a body, from the outside in."""
    if above:
        yield above
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from paths(item, (*above, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from paths(item, (*above, index))


def odd_ones(body: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    for path in paths(body):
        for odd in ODD:
            changed: Any = copy.deepcopy(body)
            at = changed
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = odd
            yield path, odd, changed


def accidents(
    bodies: Iterator[tuple[Any, Any, dict[str, Any]]], put: Callable[[dict[str, Any]], Any]
) -> list[str]:
    found: list[str] = []
    for path, odd, body in bodies:
        try:
            put(body)
        except ServiceError as refusal:
            if refusal.status >= 500 and refusal.status != 501:
                found.append(f"{path} = {odd!r}: {refusal.status}")
        except Exception as error:  # noqa: BLE001 (what is looked for)
            found.append(f"{path} = {odd!r}: {error!r}")
    return found


@pytest.mark.parametrize("identity", BODIES, ids=lambda identity: identity.full_type)
def test_odd_values_in_a_body_are_refused(watched: WatchedTenant, identity: ResourceId) -> None:
    body, version = BODIES[identity]
    watched.put(identity, body, version)
    assert accidents(odd_ones(body), lambda odd: watched.put(identity, odd, version)) == []


def test_odd_values_in_a_setting_of_a_subscription_are_refused(watched: WatchedTenant) -> None:
    body = setting_body("Administrative")
    export = watched.tenant.activity_export
    export.put(SUBSCRIPTION, "all", body)
    assert accidents(odd_ones(body), lambda odd: export.put(SUBSCRIPTION, "all", odd)) == []


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"actions": {"actionGroups": 1}}, "'actionGroups' must be a list of strings"),
        ({"actions": {"actionGroups": [1]}}, "'actionGroups' must be a list of strings"),
        ({"actions": {"customProperties": "x"}}, "'customProperties' must be an object"),
        ({"actions": {"customProperties": {"k": 1}}}, "'customProperties' must be an object of s"),
        ({"actions": "x"}, "'actions' must be an object"),
    ],
)
def test_the_actions_of_a_rule_are_of_the_documented_types(
    watched: WatchedTenant, properties: dict[str, Any], words: str
) -> None:
    with pytest.raises(ServiceError, match=words) as refusal:
        watched.with_rule(**properties)
    assert refusal.value.status == 400


@pytest.mark.parametrize("odd", ["x", "1", 1.0, True, [], {}])
def test_the_evaluation_periods_of_a_rule_are_whole_numbers(
    watched: WatchedTenant, odd: object
) -> None:
    for name in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert"):
        with pytest.raises(ServiceError, match=f"'{name}'.*must be a whole number"):
            watched.with_rule(condition={"failingPeriods": {name: odd}})


@pytest.mark.parametrize("odd", ["Failed", [1], [None], []])
def test_the_words_of_a_condition_are_strings(watched: WatchedTenant, odd: object) -> None:
    body = copy.deepcopy(ALERT_BODY)
    body["properties"]["condition"]["allOf"][1] = {"field": "status", "containsAny": odd}
    with pytest.raises(ServiceError, match="containsAny") as refusal:
        watched.put(ALERT, body, "2020-10-01")
    assert refusal.value.status == 400
