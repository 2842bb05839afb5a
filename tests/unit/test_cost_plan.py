"""The cost plan, read from the settings as they are written and as the program has checked them."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from alerting.cost import ALARMS_A_MONTH, CostPlan, PlannedRule
from alerting.cost_plan import cost_plan
from alerting.exclusion_alert import EXCLUSION_DIMENSIONS
from alerting.tamper_alert import TAMPER_DIMENSIONS
from alerting.use_alert import USE_DIMENSIONS
from entra.administrators import Administrator
from monitoring_survey import FoundMonitoring
from settings import load_settings
from survey import monthly_cost
from tests.unit.program_scene import FACTS
from tests.unit.settings_scene import config

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
        "allAdmins": True,
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
            PlannedRule("Break-glass account used", 5, split=True),
            PlannedRule("exclusion alert", 5, split=True),
            PlannedRule("tamper alert", 5, split=True),
            PlannedRule("silence alert", 1440),
        ),
        categories=("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"),
        emails=2,
        activity_alerts=2,
    )


def test_every_receiver_and_switch_counts() -> None:
    assert cost_plan(FULL, administrators=7, licence_missing=True) == CostPlan(
        rules=(
            PlannedRule("Used", 15, split=True),
            PlannedRule("tamper alert", 5, split=True),
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
    assert plan.rules == (PlannedRule("tamper alert", 5, split=True),)
    assert plan.categories == ("AuditLogs",)


def with_second(second: dict[str, Any] | None, **watch: Any) -> CostPlan:
    """Of an alarm that tells all administrators (three) and a telephone."""
    first = {"allAdmins": True, "sms": [NUMBER]}
    return cost_plan({"notify": first, "watch": {**watch, "notify": second}}, administrators=3)


@pytest.mark.parametrize(
    ("second", "emails", "sms"),
    [
        (None, 6, 2),
        ({"name": "ag-second", "allAdmins": False}, 6, 2),
        ({"sms": [NUMBER, NUMBER]}, 3, 3),
        ({"allAdmins": {}}, 6, 1),
        ({"existing": "ag-others"}, 3, 1),
    ],
    ids=["none", "no receivers", "its own", "all administrators", "existing"],
)
def test_messages_of_the_alert_on_the_alerts_are_paid_for_too(
    second: dict[str, Any] | None, emails: int, sms: int
) -> None:
    plan = with_second(second)
    assert (plan.emails, len(plan.sms)) == (emails, sms)
    assert plan.existing_action_group == (second == {"existing": "ag-others"})


def test_other_administrators_of_the_second_action_group_are_counted_as_found() -> None:
    monitoring = {
        "notify": {"allAdmins": True},
        "watch": {"notify": {"allAdmins": {"roles": ["x"]}}},
    }
    assert cost_plan(monitoring, administrators=3, watch_administrators=1).emails == 4


def test_a_run_counts_the_administrators_of_both_action_groups() -> None:
    notify = {"emails": [MAIL], "allAdmins": True}
    settings = load_settings(config(notify=notify, watch={"notify": {"allAdmins": True}}))
    people = tuple(Administrator(name, name) for name in ("a@contoso.com", "b@contoso.com"))
    found = FoundMonitoring("westeurope", administrators=people, watch_administrators=people[:1])
    (line,) = [one for one in monthly_cost(settings, FACTS, found).lines if one.what == "e-mails"]
    assert line.quantity == 4 * ALARMS_A_MONTH


def test_where_nothing_watches_the_alarms_there_is_no_second_action_group() -> None:
    plan = with_second(None, rules=False, health=False)
    assert (plan.emails, len(plan.sms), plan.activity_alerts) == (3, 1, 0)
    nothing = {**LEAST, "watch": {"tamper": False}}
    plan = cost_plan(nothing, premium=False)
    assert (plan.rules, plan.emails, plan.activity_alerts) == ((), 1, 0)


def test_a_rule_is_planned_as_split_when_its_query_is() -> None:
    split = [rule.split for rule in cost_plan(LEAST).rules]
    assert split == [
        bool(one) for one in (USE_DIMENSIONS, EXCLUSION_DIMENSIONS, TAMPER_DIMENSIONS, ())
    ]


def test_an_existing_diagnostic_setting_is_paid_for_already() -> None:
    assert cost_plan({**LEAST, "diagnosticSetting": {"existing": "siem"}}).categories == ()


def test_a_group_without_a_value_is_as_if_it_were_not_there() -> None:
    assert cost_plan({**LEAST, "workspace": None, "watch": None}) == cost_plan(LEAST)


def test_what_cannot_be_read_is_named_by_its_key() -> None:
    with pytest.raises(ValidationError) as refused:
        cost_plan({**LEAST, "cost": {"signInsPerDay": "many"}})
    assert refused.value.errors()[0]["loc"] == ("cost", "signInsPerDay")
