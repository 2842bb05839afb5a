"""What Azure Resource Manager refuses of a resource, and with which code."""

from typing import Any

import pytest

from tests.sandbox.arm_manager import (
    ACTION_GROUP,
    ALERT,
    GROUP,
    RULE,
    SUBSCRIPTION,
    WORKSPACE,
    Manager,
    rule,
)
from tests.sandbox.watched_tenant import action_group_body

_CATEGORY = {"field": "category", "equals": "Administrative"}


@pytest.mark.parametrize(
    ("path", "location", "status", "code"),
    [
        (f"{SUBSCRIPTION}/resourceGroups/rg.", "westeurope", 400, "InvalidResourceGroup"),
        (GROUP, None, 400, "LocationRequired"),
        (GROUP, "atlantis", 400, "LocationNotAvailableForResourceGroup"),
        (GROUP, "northeurope", 409, "InvalidResourceGroupLocation"),
        (WORKSPACE, None, 400, "LocationRequired"),
        (WORKSPACE, "global", 400, "LocationNotAvailableForResourceType"),
        (WORKSPACE, "northeurope", 409, "InvalidResourceLocation"),
        (f"{WORKSPACE}_", "westeurope", 400, "InvalidParameter"),
        (WORKSPACE.replace("rg-Watch", "rg-x"), "westeurope", 404, "ResourceGroupNotFound"),
    ],
)
def test_places_and_names_are_checked(
    estate: Manager, path: str, location: str | None, status: int, code: str
) -> None:
    assert estate.refused("PUT", path, {"location": location}) == (status, code)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"retentionInDays": 29}, "BadRequest"),
        ({"retentionInDays": 731}, "BadRequest"),
        ({"sku": {"name": "Free"}}, "BadRequest"),
        ({"sku": {"name": "CapacityReservation"}}, "BadRequest"),
        ({"workspaceCapping": {"dailyQuotaGb": 0.01}}, "BadRequest"),
        ({"workspaceCapping": {"dailyQuotaGb": "1"}}, "BadRequest"),
        ({"sku": {"name": "Gold"}}, "InvalidParameter"),
        ({"retentionDays": 31}, "InvalidRequestContent"),
    ],
)
def test_a_workspace_is_checked(estate: Manager, properties: dict[str, Any], code: str) -> None:
    body = {"location": "westeurope", "properties": properties}
    assert estate.refused("PUT", WORKSPACE, body) == (400, code)


@pytest.mark.parametrize(
    "properties",
    [
        {"groupShortName": "ThirteenChars"},
        {"groupShortName": ""},
        {"emailReceivers": [{"name": "a", "emailAddress": "nobody"}]},
        {"emailReceivers": [{"emailAddress": "a@b.example"}]},
        {"emailReceivers": [{"name": "a", "emailAddress": "a@b.example"}] * 2},
        {
            "smsReceivers": [
                {"name": str(number), "countryCode": "49", "phoneNumber": "1"}
                for number in range(11)
            ]
        },
    ],
)
def test_an_action_group_is_checked(estate: Manager, properties: dict[str, Any]) -> None:
    body = action_group_body(**properties)
    assert estate.refused("PUT", ACTION_GROUP, body) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (rule(severity=5), 400, "BadRequest"),
        (rule(evaluationFrequency="PT7M"), 400, "BadRequest"),
        (rule(evaluationFrequency="five"), 400, "BadRequest"),
        (rule(windowSize="P3D"), 400, "BadRequest"),
        (rule(windowSize="PT5M", evaluationFrequency="PT10M"), 400, "BadRequest"),
        (rule(overrideQueryTimeRange="PT1H"), 400, "BadRequest"),
        (rule(evaluationFrequency="PT1M"), 400, "BadRequest"),
        (rule(autoMitigate=True, muteActionsDuration="PT1H"), 400, "BadRequest"),
        (rule(muteActionsDuration="PT12H"), 400, "BadRequest"),
        (
            rule(
                evaluationFrequency="PT1H",
                windowSize="PT1H",
                overrideQueryTimeRange=None,
                muteActionsDuration="PT30M",
            ),
            *(400, "InvalidRequestContent"),
        ),
        (rule(overrideQueryTimeRange="P3D"), 400, "BadRequest"),
        (rule(scopes=[ACTION_GROUP]), 501, "NotSimulated"),
        (rule(actions={"actionGroups": [ACTION_GROUP] * 6}), 400, "BadRequest"),
        (rule(scopes=[]), 400, "BadRequest"),
        (rule(scopes=[WORKSPACE + "2"]), 400, "BadRequest"),
        (rule(actions={"actionGroups": [ACTION_GROUP + "2"]}), 400, "BadRequest"),
        (rule(criteria={"allOf": []}), 400, "BadRequest"),
        (rule(condition={"operator": "More"}), 400, "BadRequest"),
        (rule(condition={"threshold": None}), 400, "BadRequest"),
        (rule(condition={"timeAggregation": "Total"}), 400, "BadRequest"),
        (rule(condition={"failingPeriods": {"minFailingPeriodsToAlert": 2}}), 400, "BadRequest"),
        (rule(actionGroups=[]), 400, "InvalidRequestContent"),
        (rule(condition={"resourceIdColumn": "ResourceId"}), 501, "NotSimulated"),
        (rule(condition={"dimensions": [{"name": "UserId"}]}), 400, "BadRequest"),
    ],
)
def test_a_query_rule_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    estate.make(RULE, rule())
    assert estate.refused("PUT", RULE, body) == (status, code)


@pytest.mark.parametrize(
    "query",
    [
        "union SigninLogs, AuditLogs",
        "search 'ada'",
        "SigninLogs | take 1",
        "SigninLogs | limit 1",
        "SigninLogs | where ingestion_time() > ago(5m)",
    ],
)
def test_a_rule_of_every_minute_has_a_simple_query(estate: Manager, query: str) -> None:
    body = rule(query=query, evaluationFrequency="PT1M", windowSize="PT5M")
    answer = estate.ask("PUT", RULE, body)
    assert answer.status_code == 400
    assert "Couldn't optimize this query" in answer.json()["error"]["message"]
    simple = rule(query="SigninLogs | where UserId != ''", evaluationFrequency="PT1M")
    assert estate.ask("PUT", RULE, simple).status_code == 201


def test_a_window_that_is_refused_is_told_with_those_that_are_not(estate: Manager) -> None:
    message = estate.ask("PUT", RULE, rule(windowSize="P3D")).json()["error"]["message"]
    assert message.endswith("5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880")


def test_a_rule_with_a_query_that_cannot_run_needs_validation_to_be_skipped(
    estate: Manager,
) -> None:
    query = "SigninLogs | where NoSuchColumn == 1"
    assert estate.refused("PUT", RULE, rule(query=query, skipQueryValidation=False))[0] == 400
    assert estate.ask("PUT", RULE, rule(query=query, skipQueryValidation=True)).status_code == 201


def test_every_kind_of_receiver_is_kept(estate: Manager) -> None:
    receivers: dict[str, Any] = {
        "smsReceivers": [{"countryCode": "49", "phoneNumber": "1601234567"}],
        "voiceReceivers": [{"countryCode": "49", "phoneNumber": "1601234567"}],
        "azureAppPushReceivers": [{"emailAddress": "a@contoso.example"}],
        "webhookReceivers": [{"serviceUri": "https://hook.contoso.example/x"}],
        "armRoleReceivers": [{"roleId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}],
        "itsmReceivers": [{"workspaceId": "a|b"}],
        "automationRunbookReceivers": [{"runbookName": "r"}],
        "logicAppReceivers": [{"resourceId": "/x"}],
        "azureFunctionReceivers": [{"functionName": "f"}],
        "eventHubReceivers": [{"eventHubName": "e"}],
    }
    named = {kind: [{"name": kind, **listed[0]}] for kind, listed in receivers.items()}
    made = estate.make(ACTION_GROUP, action_group_body(**named))["properties"]
    assert {kind for kind in receivers if made[kind][0]["name"] == kind} == set(receivers)


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": list[str]()},
        {"scopes": ["/somewhere"]},
        {"scopes": ["/subscriptions/00000000-0000-4000-8000-000000000000"]},
        {"condition": {"allOf": [{"field": "level", "equals": "Error"}]}},
        {"condition": {"allOf": [{"field": "category", "containsAny": ["Policy"]}]}},
        {"condition": {"allOf": [{"field": "category", "equals": "Gossip"}]}},
        {"condition": {"allOf": [_CATEGORY, {"field": "weather", "equals": "x"}]}},
        {"condition": {"allOf": [_CATEGORY, {"field": "level"}]}},
        {"condition": {"allOf": [_CATEGORY, {"field": "level", "containsAny": list[str]()}]}},
        {"condition": {"allOf": [_CATEGORY, {"anyOf": [_CATEGORY], "field": "level"}]}},
        {"actions": {"actionGroups": [{"actionGroupId": ACTION_GROUP + "2"}]}},
        {"enabled": "yes"},
    ],
)
def test_an_activity_log_alert_is_checked(estate: Manager, change: dict[str, Any]) -> None:
    good: dict[str, Any] = {
        "scopes": [SUBSCRIPTION],
        "condition": {"allOf": [_CATEGORY, {"field": "properties.x", "equals": "y"}]},
        "actions": {"actionGroups": [{"actionGroupId": ACTION_GROUP}]},
    }
    estate.make(ALERT, {"location": "Global", "properties": good})
    body = {"location": "Global", "properties": good | change}
    assert estate.refused("PUT", ALERT, body) == (400, "BadRequest")
    elsewhere = {"location": "eastus", "properties": good}
    assert estate.refused("PUT", f"{ALERT}-2", elsewhere) == (
        400,
        "LocationNotAvailableForResourceType",
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_rule_keeps_the_scope_that_it_was_made_with(estate: Manager, method: str) -> None:
    estate.make(f"{WORKSPACE}-two", {"location": "westeurope"})
    estate.make(RULE, rule())
    estate.make(RULE, rule(scopes=[WORKSPACE.upper()], severity=1))
    answer = estate.ask(method, RULE, rule(scopes=[f"{WORKSPACE}-two"]))
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {"code": "BadRequest", "message": "Scope can not be updated"},
    )
