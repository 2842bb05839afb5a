"""The alarms besides the use alert: which there are, what they look for, and whom they tell."""

from functools import cache
from typing import Any

import pytest

from alerting.alarm_names import NAMES
from alerting.exclusion_alert import ExcludedObjects, exclusion_alert_query
from alerting.silence_alert import silence_alert_query
from alerting.tamper_alert import TamperTargets, tamper_alert_query
from alerting.use_alert import RUNBOOK
from components.account_roles import GLOBAL_ADMINISTRATOR
from components.alarm_guards import CHANGES
from components.monitoring_arguments import Excluded, Notify, UseAlert, Watch, Workspace
from tests.unit.harness import UNKNOWN, Recording
from tests.unit.monitoring_scene import (
    ACTIVITY_ALERTS,
    EXCLUDED,
    GROUP_ID,
    IDS,
    OTHER_SUBSCRIPTION,
    RULES,
    SUBSCRIPTION,
    USE_ALERT,
    make,
    query_of,
    usual,
)

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-break-glass/providers"
INSIGHTS = f"{GROUP}/Microsoft.Insights"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log-break-glass"


@cache
def of_customer() -> Recording:
    """The same for an MSP's customer."""
    return make(customer="Contoso")


def test_all_are_on_unless_switched_off() -> None:
    run = usual()
    made = [r.name.removeprefix("monitoring-") for r in run.children("monitoring")]
    assert {*RULES, *ACTIVITY_ALERTS} < {*made}
    assert run.outputs["alerts"] == [
        "Break-glass account used",
        NAMES["exclusion-alert"],
        NAMES["tamper-alert"],
        NAMES["silence-alert"],
        NAMES["health-alert"],
        NAMES["rules-alert"],
    ]
    assert run.outputs["rules"] == [
        {"name": "Break-glass account used", "frequencyMinutes": 5},
        {"name": NAMES["exclusion-alert"], "frequencyMinutes": 5},
        {"name": NAMES["tamper-alert"], "frequencyMinutes": 5},
        {"name": NAMES["silence-alert"], "frequencyMinutes": 1440},
    ]


@pytest.mark.parametrize("alert", ["exclusion", "tamper", "silence", "rules", "health"])
def test_each_can_be_switched_off_by_itself(alert: str) -> None:
    off: dict[str, Any] = {alert: False}
    run = make(watch=Watch(excluded=EXCLUDED, **off))
    names = {r.name for r in run.registrations}
    everything = {r.name for r in usual().registrations}
    assert everything - names == {f"monitoring-{alert}-alert"}
    assert run.outputs["ready"] is True


def test_without_the_alerts_on_the_alerts_there_is_no_second_group() -> None:
    run = make(watch=Watch(rules=False, health=False))
    assert run.one("ActionGroup").name == "monitoring-action-group"


def test_what_is_not_excluded_anywhere_cannot_be_missed() -> None:
    for watch in (None, Watch(excluded=Excluded()), Watch(excluded=Excluded(group_ids=[]))):
        assert "monitoring-exclusion-alert" not in make(watch=watch).names


def test_every_rule_says_what_it_looks_for() -> None:
    watch = Watch(
        excluded=Excluded([GROUP_ID], IDS, mfa_only=True, left_alone=["p-1"]), role_ids=[IDS[0]]
    )
    run = make(watch=watch, customer="Contoso")
    assert query_of(run, "exclusion-alert") == exclusion_alert_query(
        ExcludedObjects([GROUP_ID], IDS, mfa_only=True, left_alone=["p-1"]),
        customer="Contoso",
        runbook=RUNBOOK,
    )
    assert query_of(run, "tamper-alert") == tamper_alert_query(
        TamperTargets(IDS, [GROUP_ID], [IDS[0]]), customer="Contoso", runbook=RUNBOOK
    )
    assert query_of(run, "silence-alert") == silence_alert_query(
        customer="Contoso", runbook=RUNBOOK
    )


def test_the_role_that_is_watched_is_global_administrator_unless_others_are_named() -> None:
    assert GLOBAL_ADMINISTRATOR in query_of(usual(), "tamper-alert")
    assert GLOBAL_ADMINISTRATOR not in query_of(
        make(watch=Watch(role_ids=[IDS[0]])), "tamper-alert"
    )


@pytest.mark.parametrize(
    ("rule", "severity", "frequency", "window"),
    [
        ("exclusion-alert", 0, "PT5M", "P1D"),
        ("tamper-alert", 1, "PT5M", "P1D"),
        ("silence-alert", 1, "P1D", "P2D"),
    ],
)
def test_every_rule_is_never_resolved_and_never_muted(
    rule: str, severity: int, frequency: str, window: str
) -> None:
    inputs = usual().named(f"monitoring-{rule}").inputs
    assert inputs["severity"] == severity
    assert (inputs["evaluationFrequency"], inputs["windowSize"]) == (frequency, window)
    assert inputs["autoMitigate"] is False
    assert inputs["skipQueryValidation"] is True
    assert inputs["enabled"] is True
    assert "muteActionsDuration" not in inputs
    assert inputs["ruleName"] == NAMES[rule]


@pytest.mark.parametrize("rule", RULES)
def test_the_customer_is_in_subject_description_and_payload(rule: str) -> None:
    plain = usual().named(f"monitoring-{rule}").inputs
    inputs = of_customer().named(f"monitoring-{rule}").inputs
    subject = plain["actions"]["actionProperties"]["Email.Subject"]
    assert inputs["actions"]["actionProperties"] == {"Email.Subject": f"[Contoso] {subject}"}
    assert inputs["description"] == f"Contoso: {plain['description']}"
    assert inputs["actions"]["customProperties"] == {"customer": "Contoso", "runbook": RUNBOOK}
    assert plain["actions"]["customProperties"] == {"runbook": RUNBOOK}


@pytest.mark.parametrize("alert", ACTIVITY_ALERTS)
def test_the_customer_is_in_the_alerts_on_the_alerts_too(alert: str) -> None:
    inputs = of_customer().named(f"monitoring-{alert}").inputs
    assert inputs["description"].startswith("Contoso: ")
    (told,) = inputs["actions"]["actionGroups"]
    assert told["webhookProperties"] == {"customer": "Contoso", "runbook": RUNBOOK}


def test_another_runbook_is_in_every_alarm() -> None:
    page = "https://wiki.example.org/break-glass"
    run = make(alert=UseAlert(runbook=page))
    for rule in RULES:
        assert run.named(f"monitoring-{rule}").inputs["actions"]["customProperties"] == {
            "runbook": page
        }
        assert page in query_of(run, rule)


def leaves(inputs: dict[str, Any], field: str) -> list[str]:
    """The values that a condition on a field allows."""
    conditions = inputs["condition"]["allOf"]
    flat = [leaf for each in conditions for leaf in each.get("anyOf", [each])]
    return [leaf["equals"] for leaf in flat if leaf["field"] == field]


def test_a_change_of_whatever_rings_is_told_through_the_second_group() -> None:
    inputs = usual().named("monitoring-rules-alert").inputs
    assert leaves(inputs, "category") == ["Administrative"]
    assert leaves(inputs, "operationName") == list(CHANGES)
    assert leaves(inputs, "status") == ["Succeeded"]
    assert sorted(inputs["scopes"]) == sorted(
        [
            *(f"{INSIGHTS}/scheduledQueryRules/{NAMES[rule]}" for rule in RULES[1:]),
            f"{INSIGHTS}/scheduledQueryRules/Break-glass account used",
            f"{INSIGHTS}/actionGroups/ag-break-glass",
            f"{INSIGHTS}/actionGroups/ag-break-glass-watch",
            f"{INSIGHTS}/activityLogAlerts/{NAMES['health-alert']}",
            WORKSPACE,
        ]
    )
    (told,) = inputs["actions"]["actionGroups"]
    assert told["actionGroupId"] == f"{INSIGHTS}/actionGroups/ag-break-glass-watch"


def test_an_alarm_that_azure_reports_as_ill_is_told_through_the_second_group() -> None:
    inputs = usual().named("monitoring-health-alert").inputs
    assert leaves(inputs, "category") == ["ResourceHealth"]
    assert leaves(inputs, "properties.currentHealthStatus") == ["Degraded", "Unavailable"]
    rules = [
        f"{INSIGHTS}/scheduledQueryRules/Break-glass account used",
        *(f"{INSIGHTS}/scheduledQueryRules/{NAMES[rule]}" for rule in RULES[1:]),
    ]
    assert sorted(inputs["scopes"]) == sorted([*rules, WORKSPACE])
    (told,) = inputs["actions"]["actionGroups"]
    assert told["actionGroupId"] == f"{INSIGHTS}/actionGroups/ag-break-glass-watch"


@pytest.mark.parametrize("alert", ACTIVITY_ALERTS)
def test_the_alert_on_the_alerts_comes_after_what_it_watches(alert: str) -> None:
    """Otherwise the first run would ring for what it makes itself."""
    run = usual()
    for rule in RULES:
        assert run.waits_for(run.named(f"monitoring-{alert}"), run.named(f"monitoring-{rule}"))


def test_what_is_in_another_subscription_is_not_watched_there() -> None:
    workspace = WORKSPACE.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
    group = f"{INSIGHTS}/actionGroups/ag-ops".replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
    run = make(workspace=Workspace(existing=workspace), notify=Notify(existing=group))
    scopes = run.named("monitoring-rules-alert").inputs["scopes"]
    assert len(scopes) == 5
    assert all(scope.startswith(SUBSCRIPTION) for scope in scopes)


def test_without_premium_only_the_audit_logs_come_and_ring() -> None:
    run = make(premium=False)
    assert run.outputs["alerts"] == [NAMES[f"{one}-alert"] for one in ("tamper", "health", "rules")]
    assert [log["category"] for log in run.one("DiagnosticSetting").inputs["logs"]] == ["AuditLogs"]
    assert run.outputs["ready"] is True
    assert run.outputs["query"] is None
    assert run.outputs["alert_rule_id"] is None
    assert [*run.outputs["links"]] == ["workspace"]


def test_where_nothing_rings_there_is_nothing_to_guard() -> None:
    run = make(premium=False, watch=Watch(tamper=False))
    assert run.outputs["alerts"] == []
    assert run.one("ActionGroup").name == "monitoring-action-group"


def test_in_a_preview_what_is_not_known_yet_is_not_guessed() -> None:
    run = make(preview=True)
    assert run.named("monitoring-rules-alert").inputs["scopes"] is UNKNOWN
    assert USE_ALERT in run.names
