"""The cost plan, read from the settings as they are written and as the program has checked them."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.cost import CostPlan, PlannedRule
from alerting.cost_plan import cost_plan
from settings import load_settings

MAIL = {"name": "Security desk", "address": "security@contoso.com"}
NUMBER = {"name": "On call", "countryCode": "49", "phoneNumber": "15112345678"}
LEAST: dict[str, Any] = {"notify": {"emails": [MAIL]}}
WORKSPACE = (
    "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-central"
)
FULL: dict[str, Any] = {
    "workspace": {"retentionDays": 90},
    "diagnosticSetting": {"categories": ["SignInLogs", "AuditLogs"]},
    "alert": {"name": "Used", "frequencyMinutes": 15},
    "notify": {
        "emails": [MAIL],
        "sms": [NUMBER, {**NUMBER, "name": "Abroad", "countryCode": 1}],
        "voice": [{**NUMBER, "name": "Voice"}],
        "push": [{"name": "Phone", "address": "ada@contoso.com"}],
        "webhooks": [{"name": "Ticket", "uri": "https://tickets.contoso.com/in?sig=hidden"}],
    },
    "watch": {
        "exclusion": False,
        "health": False,
        "notify": {"emails": [{**MAIL, "name": "Second"}]},
    },
    "cost": {"signInsPerDay": 25_000},
}


def checked(monitoring: dict[str, Any]) -> dict[str, Any]:
    """The monitoring as the program hands it on."""
    identifier = "3ceaaf30-8142-48ea-91d9-3080f9b439fc"
    settings = load_settings(
        {
            "azuread:tenantId": identifier,
            "azure-native:subscriptionId": identifier,
            "azure-native:location": "westeurope",
            "break-glass:monitoring": json.dumps(monitoring),
        }
    )
    return settings.monitoring.model_dump(by_alias=True)


@pytest.mark.parametrize(
    "monitoring",
    [
        LEAST,
        FULL,
        {**LEAST, "workspace": {"existing": WORKSPACE}},
        {**LEAST, "diagnosticSetting": {"existing": "send-to-siem"}},
        {"notify": {"existing": "security-desk"}},
    ],
    ids=["least", "full", "existing workspace", "existing setting", "existing action group"],
)
def test_what_the_file_says_and_what_the_program_made_of_it_cost_the_same(
    monitoring: dict[str, Any],
) -> None:
    assert cost_plan(monitoring) == cost_plan(checked(monitoring))


def test_by_default_all_alarms_and_the_three_categories_are_paid_for() -> None:
    assert cost_plan(LEAST) == CostPlan(
        rules=(
            PlannedRule("Break-glass account used", 5),
            PlannedRule("exclusion alert", 5),
            PlannedRule("tamper alert", 5),
            PlannedRule("silence alert", 1440),
        ),
        categories=("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"),
        emails=1,
        activity_alerts=2,
    )


def test_every_receiver_and_switch_counts() -> None:
    assert cost_plan(FULL, administrators=7, licence_missing=True) == CostPlan(
        rules=(
            PlannedRule("Used", 15),
            PlannedRule("tamper alert", 5),
            PlannedRule("silence alert", 1440),
        ),
        categories=("SignInLogs", "AuditLogs"),
        sign_ins_per_day=25_000,
        retention_days=90,
        emails=9,
        sms=("49", "1"),
        voice=("49",),
        push=1,
        webhooks=1,
        activity_alerts=1,
        licence_missing=True,
    )


def test_without_premium_the_audit_log_and_its_alarm_are_what_is_left() -> None:
    plan = cost_plan(LEAST, premium=False)
    assert plan.rules == (PlannedRule("tamper alert", 5),)
    assert plan.categories == ("AuditLogs",)


def test_an_existing_diagnostic_setting_is_paid_for_already() -> None:
    assert cost_plan({**LEAST, "diagnosticSetting": {"existing": "siem"}}).categories == ()


def test_a_group_without_a_value_is_as_if_it_were_not_there() -> None:
    assert cost_plan({**LEAST, "workspace": None, "watch": None}) == cost_plan(LEAST)


def test_what_cannot_be_read_is_named_by_its_key() -> None:
    with pytest.raises(ValidationError) as refused:
        cost_plan({**LEAST, "cost": {"signInsPerDay": "many"}})
    assert refused.value.errors()[0]["loc"] == ("cost", "signInsPerDay")
