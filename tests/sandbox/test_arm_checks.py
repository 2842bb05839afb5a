"""What Azure Resource Manager refuses of a resource, and with which code."""

from typing import Any

import pytest

from tests.sandbox.arm_manager import (
    ACTION_GROUP,
    GROUP,
    RULE,
    SUBSCRIPTION,
    WORKSPACE,
    Manager,
    rule,
)
from tests.sandbox.watched_tenant import action_group_body


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
        ({"retentionInDays": 29}, "InvalidParameter"),
        ({"retentionInDays": 731}, "InvalidParameter"),
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
        (rule(scopes=[]), 400, "BadRequest"),
        (rule(scopes=[WORKSPACE + "2"]), 400, "BadRequest"),
        (rule(actions={"actionGroups": [ACTION_GROUP + "2"]}), 400, "BadRequest"),
        (rule(criteria={"allOf": []}), 400, "BadRequest"),
        (rule(condition={"operator": "More"}), 400, "BadRequest"),
        (rule(condition={"threshold": None}), 400, "BadRequest"),
        (rule(condition={"timeAggregation": "Total"}), 400, "BadRequest"),
        (rule(condition={"failingPeriods": {"minFailingPeriodsToAlert": 2}}), 400, "BadRequest"),
        (rule(actionGroups=[]), 400, "InvalidRequestContent"),
        (rule(condition={"dimensions": [{"name": "UserId"}]}), 501, "NotSimulated"),
    ],
)
def test_a_query_rule_is_checked(
    estate: Manager, body: dict[str, Any], status: int, code: str
) -> None:
    estate.make(RULE, rule())
    assert estate.refused("PUT", RULE, body) == (status, code)
