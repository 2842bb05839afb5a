"""Log search alert rules: a query on a schedule that rings at the first row.

Source: Azure REST API, "Scheduled Query Rules - Create Or Update".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from alerting.schedules import RuleSchedule
from components.azure_resources import QUERY_RULE_TYPE
from components.kept_monitoring import stack_tags
from components.monitoring_children import Children
from components.rule_reach import ReadWorkspaces, Workspaces, reach


@dataclass(frozen=True)
class AlertRule:
    """What one rule has of its own."""

    suffix: str
    """Of the child's name."""
    name: str
    """As the portal shows it; the Azure name follows from the workspace too (`rule_reach`)."""
    description: str
    subject: str
    """Of the mail."""
    severity: int
    frequency: int
    """How often it runs, in minutes."""
    schedule: RuleSchedule
    query: Callable[[Workspaces], pulumi.Output[str]]
    dimensions: Sequence[str] = ()
    """Columns of the query whose values the message carries; one message for each combination."""
    enabled: bool = True


@dataclass(frozen=True)
class RuleSite:
    """What all rules share: where they are, what they read, whom they tell."""

    children: Children
    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    workspaces: ReadWorkspaces
    action_group_id: pulumi.Input[str]
    customer: str
    runbook: str


def alert_rule(
    rule: AlertRule, site: RuleSite
) -> tuple[monitor.ScheduledQueryRule, pulumi.Output[str]]:
    """The rule and its query."""
    known = site.children.remembered(rule.suffix, QUERY_RULE_TYPE)
    known = known or site.children.tools.rules.get(rule.suffix)
    place = reach(rule.name, site.workspaces, site.location, known)
    query = place.others.apply(lambda others: rule.query(others))
    opts = site.children.options(rule.suffix, sealed=True)
    opts.replace_on_changes = ["scopes"]
    resource = monitor.ScheduledQueryRule(
        site.children.called(rule.suffix),
        rule_name=place.name,
        display_name=rule.name,
        description=described(rule.description, site),
        resource_group_name=site.resource_group_name,
        location=place.location,
        kind=monitor.Kind.LOG_ALERT,
        enabled=rule.enabled,
        severity=rule.severity,
        scopes=[place.scope],
        evaluation_frequency=rule.schedule.evaluation_frequency,
        window_size=rule.schedule.window_size,
        criteria=_at_the_first_row(query, rule.dimensions),
        auto_mitigate=False,
        skip_query_validation=True,
        actions=monitor.ActionsArgs(
            action_groups=[site.action_group_id],
            action_properties={
                "Email.Subject": f"[{site.customer}] {rule.subject}"
                if site.customer
                else rule.subject
            },
            custom_properties=payload(site) or None,
        ),
        tags=stack_tags(),
        opts=opts,
    )
    return resource, query


def described(text: str, site: RuleSite) -> str:
    """A description with what every mail should say: a mail shows it, but not the payload."""
    whole = f"{site.customer}: {text}" if site.customer else text
    return f"{whole} What to do: {site.runbook}" if site.runbook else whole


def payload(site: RuleSite) -> dict[str, str]:
    """What every message carries besides the alarm's own facts."""
    given = {"customer": site.customer, "runbook": site.runbook}
    return {key: value for key, value in given.items() if value}


def _at_the_first_row(
    query: pulumi.Input[str], dimensions: Sequence[str]
) -> monitor.ScheduledQueryRuleCriteriaArgs:
    return monitor.ScheduledQueryRuleCriteriaArgs(
        all_of=[
            monitor.ConditionArgs(
                query=query,
                time_aggregation=monitor.TimeAggregation.COUNT,
                dimensions=[
                    monitor.DimensionArgs(
                        name=name, operator=monitor.DimensionOperator.INCLUDE, values=["*"]
                    )
                    for name in dimensions
                ]
                or None,
                # The SDK's enum of this name belongs to another API ("gt").
                operator="GreaterThan",
                threshold=0,
                failing_periods=monitor.ConditionFailingPeriodsArgs(
                    number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                ),
            )
        ]
    )
