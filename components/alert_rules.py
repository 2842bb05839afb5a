"""Log search alert rules: a query on a schedule that rings at the first row.

A rule's scope, the workspace that its query reads by itself, is for life: Azure answers "Scope can
not be updated" (pulumi-azure-native issue 4839). So after a move to another workspace a rule keeps
the scope it was made with, and its query reads the new workspace by name: nothing is deleted and
made anew while the logs move. Only when that first workspace is to be forgotten is the rule
replaced.

Source: Azure REST API, "Scheduled Query Rules - Create Or Update".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native import monitor

from alerting.schedules import RuleSchedule
from components.kept_monitoring import stack_tags
from components.monitoring_children import Children
from components.ordering import after

RULE_TYPE: Final = "azure-native:monitor:ScheduledQueryRule"

AS_IT_STANDS: Final = (
    *("displayName", "description", "enabled", "severity", "location", "scopes", "tags"),
    *("evaluationFrequency", "windowSize", "criteria", "actions"),
)
"""What may differ when one is taken in again."""

Workspaces = Sequence[str]
"""Azure resource ids of the workspaces that a query reads besides its rule's scope."""


@dataclass(frozen=True)
class AlertRule:
    """What one rule has of its own."""

    suffix: str
    """Of the child's name."""
    name: str
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
    workspace_id: pulumi.Output[str]
    """Where the logs go."""
    workspace_path: str
    """How that id ends, as far as it is known before the workspace is."""
    earlier: Workspaces
    """Where they went before."""
    action_group_id: pulumi.Input[str]
    customer: str
    runbook: str


@dataclass(frozen=True)
class _Reach:
    """Which workspaces a rule reads."""

    scope: pulumi.Output[str]
    others: pulumi.Output[list[str]]
    location: pulumi.Input[str]


def alert_rule(
    rule: AlertRule, site: RuleSite
) -> tuple[monitor.ScheduledQueryRule, pulumi.Output[str]]:
    """The rule and its query."""
    reach = _reach(rule, site)
    query = reach.others.apply(lambda others: rule.query(others))
    opts = site.children.options(rule.suffix, as_it_stands=AS_IT_STANDS)
    opts.replace_on_changes = ["scopes"]
    opts.delete_before_replace = True
    resource = monitor.ScheduledQueryRule(
        site.children.called(rule.suffix),
        rule_name=rule.name,
        display_name=rule.name,
        description=f"{site.customer}: {rule.description}" if site.customer else rule.description,
        resource_group_name=site.resource_group_name,
        location=reach.location,
        kind=monitor.Kind.LOG_ALERT,
        enabled=rule.enabled,
        severity=rule.severity,
        scopes=[reach.scope],
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


def payload(site: RuleSite) -> dict[str, str]:
    """What every message carries besides the alarm's own facts."""
    given = {"customer": site.customer, "runbook": site.runbook}
    return {key: value for key, value in given.items() if value}


def _reach(rule: AlertRule, site: RuleSite) -> _Reach:
    known = site.children.remembered(rule.suffix, RULE_TYPE) or {}
    scopes: Sequence[Any] = known.get("scopes") or ()
    standing = str(scopes[0]) if scopes else ""
    # As it was written then: another spelling would be another scope to the engine.
    first = next((one for one in site.earlier if _same(one, standing)), None)
    if first is not None:
        rest = [one for one in site.earlier if one != first]
        others = site.workspace_id.apply(lambda current: [current, *rest])
        return _Reach(pulumi.Output.from_input(first), others, str(known["location"]))
    scope, before = site.workspace_id, site.children.workspace_before
    if _same(before, standing) and before.casefold().endswith(site.workspace_path.casefold()):
        # A workspace that is made again has the same id, but until then it would be unknown, and
        # the rule planned to be made anew.
        scope = after(before, site.workspace_id)
    return _Reach(scope, pulumi.Output.from_input([*site.earlier]), site.location)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


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
