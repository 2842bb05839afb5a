"""The alerts on the alerts: somebody changed one, or Azure reports that one does not work.

They read the subscription's activity log and tell through an action group of their own, since the
first one is among what they watch. Azure lets such an alert watch nothing outside the subscription
it is in.

Sources: Azure REST API, "Activity Log Alerts - Create Or Update"; Microsoft Learn, "Azure
permissions" (names of operations), "Monitor the health of log search alert rules".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import monitor

from alerting.alarm_names import NAMES
from components.action_groups import action_group, beside
from components.alert_rules import RuleSite, described, payload
from components.kept_monitoring import stack_tags
from components.monitoring_arguments import Notify, Watch
from components.plain_arguments import either

CHANGES: Final = (
    "Microsoft.Insights/scheduledQueryRules/write",
    "Microsoft.Insights/scheduledQueryRules/delete",
    "Microsoft.Insights/scheduledQueryRules/disable/action",
    "Microsoft.Insights/actionGroups/write",
    "Microsoft.Insights/actionGroups/delete",
    "Microsoft.Insights/activityLogAlerts/write",
    "Microsoft.Insights/activityLogAlerts/delete",
    "Microsoft.OperationalInsights/workspaces/write",
    "Microsoft.OperationalInsights/workspaces/delete",
    "Microsoft.OperationalInsights/workspaces/purge/action",
    "Microsoft.OperationalInsights/workspaces/tables/write",
    "Microsoft.OperationalInsights/workspaces/tables/delete",
)
"""What silences an alarm or takes evidence away. Azure itself disables a rule whose query fails."""

ILL: Final = ("Degraded", "Unavailable")
"""Health of which Azure tells."""


@dataclass(frozen=True)
class Guards:
    """What was made, and what the alerts are called in Azure."""

    names: Sequence[str] = ()
    resources: Sequence[pulumi.Resource] = ()


def guards(
    watch: Watch,
    first: Notify,
    site: RuleSite,
    rule_ids: Sequence[pulumi.Input[str]],
) -> Guards:
    """The alerts that are wanted; `first`: the action group of the rules.

    Where there is no rule there is nothing to guard.
    """
    health, rules = either(watch.health, True), either(watch.rules, True)
    if not rule_ids or not (health or rules):
        return Guards()
    notify = either(watch.notify, beside(first))
    place = site.resource_group_name
    group_id, made = action_group(site.children, "watch-action-group", notify, place, sealed=True)
    resources, names = [*made], list[str]()
    watched = [*rule_ids, site.workspaces.current]
    if health:
        alert = _health_alert(site, watched, group_id)
        resources.append(alert)
        names.append(NAMES["health-alert"])
        watched.append(alert.id)
    if rules:
        watched += [site.action_group_id, group_id, *site.workspaces.earlier]
        resources.append(_rules_alert(site, watched, group_id))
        names.append(NAMES["rules-alert"])
    return Guards(names, resources)


def _rules_alert(
    site: RuleSite,
    watched: Sequence[pulumi.Input[str]],
    action_group_id: pulumi.Input[str],
) -> monitor.ActivityLogAlert:
    """Rings when one of `watched` (Azure ids) was changed, switched off or deleted."""
    return _activity_log_alert(
        "rules-alert",
        site,
        watched,
        action_group_id,
        description="An alarm of the emergency-access accounts, its action group or its workspace"
        " was changed, switched off or deleted. A run of the stack that changes them rings, too.",
        conditions=[
            _equals("category", "Administrative"),
            _any_of("operationName", CHANGES),
            # Started and Succeeded are two events of one change.
            _equals("status", "Succeeded"),
        ],
    )


def _health_alert(
    site: RuleSite,
    watched: Sequence[pulumi.Input[str]],
    action_group_id: pulumi.Input[str],
) -> monitor.ActivityLogAlert:
    """Rings when Azure reports that one of `watched` (Azure ids) does not work."""
    return _activity_log_alert(
        "health-alert",
        site,
        watched,
        action_group_id,
        description="Azure reports that an alarm of the emergency-access accounts or its workspace"
        " does not work: a use could go unseen.",
        conditions=[
            _equals("category", "ResourceHealth"),
            _any_of("properties.currentHealthStatus", ILL),
        ],
    )


def _activity_log_alert(
    suffix: str,
    site: RuleSite,
    watched: Sequence[pulumi.Input[str]],
    action_group_id: pulumi.Input[str],
    *,
    description: str,
    conditions: Sequence[monitor.AlertRuleAnyOfOrLeafConditionArgs],
) -> monitor.ActivityLogAlert:
    return monitor.ActivityLogAlert(
        site.children.called(suffix),
        activity_log_alert_name=NAMES[suffix],
        resource_group_name=site.resource_group_name,
        location="global",
        description=described(description, site),
        enabled=True,
        scopes=_in_one_subscription(watched),
        condition=monitor.AlertRuleAllOfConditionArgs(all_of=[*conditions]),
        actions=monitor.ActionListArgs(
            action_groups=[
                monitor.ActionGroupArgs(
                    action_group_id=action_group_id, webhook_properties=payload(site) or None
                )
            ]
        ),
        tags=stack_tags(),
        opts=site.children.options(suffix, sealed=True),
    )


def _in_one_subscription(watched: Sequence[pulumi.Input[str]]) -> pulumi.Output[list[str]]:
    """Those in the subscription of the first: Azure lets a rule watch no other one."""

    def same(ids: Sequence[str]) -> list[str]:
        ours = _subscription(ids[0])
        found = {one.casefold(): one for one in ids if _subscription(one) == ours}
        return [*found.values()]

    return pulumi.Output.all(*watched).apply(same)


def _subscription(resource_id: str) -> str:
    return resource_id.casefold().removeprefix("/subscriptions/").partition("/")[0]


def _equals(field: str, value: str) -> monitor.AlertRuleAnyOfOrLeafConditionArgs:
    return monitor.AlertRuleAnyOfOrLeafConditionArgs(field=field, equals=value)


def _any_of(field: str, values: Sequence[str]) -> monitor.AlertRuleAnyOfOrLeafConditionArgs:
    return monitor.AlertRuleAnyOfOrLeafConditionArgs(
        any_of=[monitor.AlertRuleLeafConditionArgs(field=field, equals=one) for one in values]
    )
