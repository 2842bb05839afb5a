"""Rules on alert rules, receivers and logs."""

from typing import Any

import pytest

from policies.resource_types import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    MONITORING,
    QUERY_RULE,
    WORKSPACE,
)
from policies.rules import (
    alarm_receivers,
    alarm_rings,
    receiver_outside,
    retention,
)
from tests.policy.pack_scene import (
    LATER,
    NOT_APPLICABLE,
    Thing,
    secret,
    stack_verdict,
    standing_stack,
    verdict,
)

OWNER = Thing(MONITORING, "monitoring")
TOLD = {"actionGroups": ["ag"]}
RINGS = {"enabled": True, "severity": 0.0, "autoMitigate": False, "actions": TOLD}
USE = Thing(QUERY_RULE, "monitoring-use-alert", RINGS, OWNER)
LACKING = Thing(QUERY_RULE, "monitoring-exclusion-alert", RINGS, OWNER)
TAMPER = Thing(QUERY_RULE, "monitoring-tamper-alert", {**RINGS, "severity": 1.0}, OWNER)
HEALTH = Thing(ACTIVITY_ALERT, "monitoring-health-alert", {"enabled": True, "actions": TOLD}, OWNER)


def when(**condition: Any) -> Thing:
    """The use alert with another condition than the product's."""
    usual = {"operator": "GreaterThan", "threshold": 0.0, "timeAggregation": "Count"}
    periods = {"numberOfEvaluationPeriods": 1.0, "minFailingPeriodsToAlert": 1.0}
    dimensions = [{"name": "Account", "operator": "Include", "values": ["*"]}]
    whole = {**usual, "failingPeriods": periods, "dimensions": dimensions, **condition}
    return USE.having(criteria={"allOf": [whole]})


def by(name: Any, operator: Any, *values: Any) -> dict[str, Any]:
    """A condition with one dimension."""
    return {"dimensions": [{"name": name, "operator": operator, "values": [*values]}]}


@pytest.mark.parametrize(
    "alert",
    [
        USE,
        LACKING,
        TAMPER,
        HEALTH,
        USE.having(actions=LATER),
        USE.having(severity=LATER),
        USE.having(criteria=LATER),
        USE.having(criteria={"allOf": [LATER]}),
        USE.having(evaluationFrequency="PT1H", windowSize="PT60M"),
        USE.having(evaluationFrequency="PT5M", windowSize=LATER),
        USE.having(evaluationFrequency="PT5M"),
        USE.having(evaluationFrequency=LATER, windowSize="PT5M"),
        when(),
        when(threshold=LATER),
        when(failingPeriods={"numberOfEvaluationPeriods": LATER, "minFailingPeriodsToAlert": 1}),
        when(dimensions=[LATER]),
        when(**by("Account", LATER, "*")),
    ],
)
def test_an_alert_that_rings_is_taken(alert: Thing) -> None:
    assert verdict(alarm_rings.RULE, alert) == []


@pytest.mark.parametrize(
    ("alert", "found"),
    [
        (USE.having(enabled=False), "monitoring-use-alert: found enabled false, expected true"),
        (HEALTH.having(enabled=False), "monitoring-health-alert: found enabled false"),
        (USE.having(severity=1.0), "monitoring-use-alert: found severity 1, expected 0"),
        (LACKING.having(severity=1.0), "monitoring-exclusion-alert: found severity 1, expected 0"),
        (USE.having(severity=None), "monitoring-use-alert: found severity left out, expected 0"),
        (USE.having(autoMitigate=True), "monitoring-use-alert: found auto-resolve (autoMitigate)"),
        (USE.having(autoMitigate=None), "monitoring-use-alert: found auto-resolve (autoMitigate)"),
        (
            USE.having(muteActionsDuration="PT1H"),
            "monitoring-use-alert: found actions muted for PT1",
        ),
        *(
            (when(**condition), f"monitoring-use-alert: found {found}")
            for condition, found in (
                ({"threshold": 5.0}, "threshold 5, expected 0"),
                ({"threshold": -1.0}, "threshold -1, expected 0"),
                ({"operator": "LessThan"}, "operator LessThan, expected GreaterThan"),
                ({"operator": "Equals"}, "operator Equals, expected GreaterThan"),
                ({"timeAggregation": "Average"}, "timeAggregation Average, expected Count"),
                ({"metricMeasureColumn": "SignIns"}, "metricMeasureColumn, expected none"),
                (
                    {"failingPeriods": {"numberOfEvaluationPeriods": 4}},
                    "numberOfEvaluationPeriods 4, expected 1",
                ),
                (
                    {"failingPeriods": {"minFailingPeriodsToAlert": 2}},
                    "minFailingPeriodsToAlert 2, expected 1",
                ),
                (by("Result", "Include", "succeeded"), "that dimension Result lets only some"),
                (by("Result", "Exclude", "*"), "that dimension Result lets only some"),
            )
        ),
        (
            USE.having(evaluationFrequency="PT1H", windowSize="PT5M"),
            "monitoring-use-alert: found that it runs every 60 minutes and looks at 5",
        ),
        (USE.having(actions={"actionGroups": []}), "monitoring-use-alert: found no action group"),
        (HEALTH.having(actions={"actionGroups": []}), "monitoring-health-alert: found no action g"),
        (HEALTH.having(actions=None), "monitoring-health-alert: found no action group"),
        (USE.having(severity="3"), "monitoring-use-alert: found severity '3', expected 0"),
    ],
)
def test_an_alert_that_stays_silent_is_refused(alert: Thing, found: str) -> None:
    (line,) = verdict(alarm_rings.RULE, alert)
    assert line.startswith(found)


def test_an_alert_of_somebody_else_may_be_silent() -> None:
    for other in (Thing(QUERY_RULE, "cpu-use-alert"), Thing(WORKSPACE, "logs", {}, OWNER)):
        assert verdict(alarm_rings.RULE, other) == NOT_APPLICABLE


def told(**receivers: Any) -> Thing:
    """An action group of the alarm."""
    return Thing(ACTION_GROUP, "monitoring-action-group", {"enabled": True, **receivers}, OWNER)


def mails(*addresses: str) -> list[dict[str, str]]:
    return [{"name": one, "emailAddress": one} for one in addresses]


@pytest.mark.parametrize(
    "group",
    [
        told(emailReceivers=mails("a@contoso.com")),
        told(webhookReceivers=secret([{"serviceUri": "https://example.org"}])),
        told(armRoleReceivers=[{"roleId": "r"}]),
        told(smsReceivers=LATER),
    ],
)
def test_one_receiver_of_any_kind_is_enough(group: Thing) -> None:
    assert verdict(alarm_receivers.RULE, group) == []


@pytest.mark.parametrize(
    ("group", "found"),
    [
        (told(emailReceivers=[]), "monitoring-action-group: found no receiver, expected one"),
        (
            told(emailReceivers=mails("a@contoso.com"), enabled=False),
            "monitoring-action-group: found enabled false",
        ),
    ],
)
def test_an_action_group_that_tells_nobody_is_refused(group: Thing, found: str) -> None:
    (line,) = verdict(alarm_receivers.RULE, group)
    assert line.startswith(found)


def test_another_action_group_may_be_empty() -> None:
    assert verdict(alarm_receivers.RULE, Thing(ACTION_GROUP, "other")) == NOT_APPLICABLE


@pytest.mark.parametrize(
    "group",
    [
        told(emailReceivers=mails("a@contoso.com", "b@example.org")),
        told(emailReceivers=mails("a@contoso.com"), smsReceivers=[{"phoneNumber": "1"}]),
        told(emailReceivers=mails("a@contoso.com"), webhookReceivers=LATER),
        told(emailReceivers=LATER),
        told(emailReceivers=[{"emailAddress": LATER}]),
    ],
)
def test_somebody_outside_the_tenant_is_told(group: Thing) -> None:
    assert stack_verdict(receiver_outside.RULE, [*standing_stack().values(), group]) == []


@pytest.mark.parametrize("domain", ["contoso.com", "mail.contoso.de", "Contoso.onmicrosoft.com"])
def test_receivers_in_the_tenant_only_are_told(domain: str) -> None:
    stack = [*standing_stack().values(), told(emailReceivers=mails(f"a@{domain}"))]
    (line,) = stack_verdict(receiver_outside.RULE, stack)
    assert line.startswith(
        f"monitoring-action-group: found receivers in the tenant only ({domain.lower()})"
    )


def test_further_domains_of_the_tenant_can_be_named() -> None:
    stack = [*standing_stack().values(), told(emailReceivers=mails("a@fabrikam.com"))]
    assert stack_verdict(receiver_outside.RULE, stack) == []
    config = {"tenantDomains": ["Fabrikam.com"]}
    (line,) = stack_verdict(receiver_outside.RULE, stack, config)
    assert "(fabrikam.com)" in line


def test_without_an_action_group_of_its_own_receivers_are_not_known() -> None:
    stack = standing_stack().values()
    assert stack_verdict(receiver_outside.RULE, stack) == NOT_APPLICABLE


def logs(**props: Any) -> Thing:
    return Thing(WORKSPACE, "monitoring-workspace", props, OWNER)


@pytest.mark.parametrize("days", [31.0, 730.0, LATER])
def test_logs_that_are_kept_for_a_month_are_taken(days: Any) -> None:
    assert verdict(retention.RULE, logs(retentionInDays=days)) == []


@pytest.mark.parametrize(
    ("workspace", "config", "found"),
    [
        (logs(retentionInDays=30.0), {}, "found retentionInDays 30, expected 31 or more"),
        (logs(), {}, "found retentionInDays left out, expected 31"),
        (logs(retentionInDays=89.0), {"minimumDays": 90}, "expected 90 or more; set break-glass"),
    ],
)
def test_logs_that_go_too_soon_are_refused(
    workspace: Thing, config: dict[str, Any], found: str
) -> None:
    (line,) = verdict(retention.RULE, workspace, config)
    assert found in line


def test_another_workspace_may_keep_what_it_likes() -> None:
    assert verdict(retention.RULE, Thing(WORKSPACE, "shared")) == NOT_APPLICABLE
