"""SignInMonitoring: the sign-in logs of the tenant, and the alarm when an account is used."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypedDict

import pulumi

from alerting.use_alert import (
    RUNBOOK,
    USE_DIMENSIONS,
    WatchedAccount,
    use_alert_query,
    use_alert_schedule,
)
from components import log_workspace, watchers
from components.action_groups import action_group
from components.alarm_guards import guards
from components.alarm_seal import Alarms
from components.alert_rules import AlertRule, RuleSite, alert_rule
from components.azure_resources import GROUP_TYPE, MONITORING_TYPE
from components.monitoring_arguments import (
    Diagnostics,
    Excluded,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_children import Children, MonitoringTools
from components.monitoring_fit import refuse_made_twice, refuse_unfit
from components.monitoring_names import USE_ALERT, wanted_rules
from components.monitoring_standing import look_up_monitoring
from components.plain_arguments import either, given
from components.portal_links import query_link, resource_link
from components.rule_reach import ReadWorkspaces, Workspaces

__all__ = ["MonitoringTools", "SignInMonitoring"]

DESCRIPTION: Final = (
    "Somebody signed in, or tried to, with an emergency-access account."
    " Find out at once who it was and why."
)
SUBJECT: Final = "Break-glass account used: find out who and why"


class ScheduledAlert(TypedDict):
    """A rule that runs on a schedule: what it costs goes by how often."""

    name: str
    """In Azure."""
    frequencyMinutes: int
    """How often it runs."""


class SignInMonitoring(pulumi.ComponentResource):
    """Workspace, Entra diagnostic setting, action groups and the alarms.

    The use alert rings for every sign-in with one of the accounts, successful or not, interactive
    or not: passkey sign-ins that obtain a refresh token are only in the non-interactive log. Four
    more watch the exclusions, the accounts, the logs and the alarms themselves, a fifth their
    health (`Watch`).

    When the logs move to another workspace the alarms read the new one and the earlier ones before
    the diagnostic setting is switched, and none of them is made anew. When the workspace that one
    was made for is forgotten, the next one stands before it goes.

    With `protect` the alarms are sealed (`alarm_seal`): each can be switched off by its name, and
    nothing else takes one away.

    Left out on purpose: no alarm is resolved by itself or muted (the second use is as alarming as
    the first). Queries are not validated when they are saved, because the log tables do not exist
    before their first row. Workspace and resource group stay when they leave the stack, since they
    hold the evidence and others may have put things there; they carry a tag with the stack's name,
    by which a later run knows them again. An existing resource is used as it is. The alert on the
    alerts does not watch itself, and it does not watch what is in another subscription, where Azure
    allows no such rule; nor the diagnostic setting, which no subscription's activity log has: the
    silence alert does. It needs receivers that are known: with an existing action group and no
    second one, both are the same. Without Premium only the audit logs come, so that only the tamper
    alert and those on the alerts are made.
    """

    workspace_id: pulumi.Output[str]
    """Azure resource id of the Log Analytics workspace."""
    alert_rule_id: pulumi.Output[str | None]
    """Azure resource id of the use alert; none without Premium."""
    action_group_id: pulumi.Output[str]
    """Azure resource id of the action group."""
    query: pulumi.Output[str | None]
    """The use alert's query in KQL; none without Premium."""
    watched_workspaces: pulumi.Output[list[str]]
    """Azure resource ids of all workspaces that the alarms read; the logs go to the first."""
    links: pulumi.Output[dict[str, str]]
    """Addresses in the Azure portal of `workspace`, `rule` and `query`."""
    alerts: pulumi.Output[list[str]]
    """Names of all alarms."""
    rules: pulumi.Output[list[ScheduledAlert]]
    """Those among them that run on a schedule."""
    ready: pulumi.Output[bool]
    """Comes once logs flow to the workspace and every alarm with its receivers exists."""

    def __init__(
        self,
        name: str,
        args: SignInMonitoringArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: MonitoringTools | None = None,
    ) -> None:
        """`tools`: what the program found out before; without them the component itself looks for
        what an earlier run left in Azure and for what stands in the way. Raises RunError for
        arguments that do not go together, for what this stack did not make, and for what Azure
        would refuse."""
        args = given(SignInMonitoringArgs, args)
        refuse_unfit(name, args)
        super().__init__(MONITORING_TYPE, name, None, opts)
        if self.get_provider(GROUP_TYPE) is None:
            refuse_made_twice(name, args)
        tools = tools or MonitoringTools()
        if tools.kept is None:
            tools, args = look_up_monitoring(self, name, args, tools)
        children = Children(name, self, tools)
        premium, earlier = either(args.premium, True), _earlier(args)
        site, receivers = _site(children, args, earlier)
        wanted = _scheduled(args, site)
        made = {rule.suffix: alert_rule(rule, site) for rule in wanted}
        rules = [rule for rule, _ in made.values()]
        setting = log_workspace.diagnostic_setting(
            children,
            either(args.diagnostics, Diagnostics()),
            site.workspaces.current,
            premium=premium,
            after=rules,
        )
        watch = either(args.watch, Watch())
        guarded = guards(watch, args.notify, site, [rule.id for rule in rules])
        use_alert, query = made.get("use-alert", (None, None))

        self.workspace_id = site.workspaces.current
        self.action_group_id = pulumi.Output.from_input(site.action_group_id)
        self.alert_rule_id = pulumi.Output.from_input(use_alert.id if use_alert else None)
        self.query = pulumi.Output.from_input(query)
        self.watched_workspaces = site.workspaces.current.apply(lambda current: [current, *earlier])
        self.links = pulumi.Output.all(self.workspace_id, self.alert_rule_id, self.query).apply(
            lambda known: _links(*known)
        )
        self.alerts = pulumi.Output.from_input([*(rule.name for rule in wanted), *guarded.names])
        self.rules = pulumi.Output.from_input(
            [ScheduledAlert(name=rule.name, frequencyMinutes=rule.frequency) for rule in wanted]
        )
        Alarms(f"{name}-alarms", self, [*rules, *guarded.resources])
        awaited = [*receivers, *rules, *guarded.resources, *([setting] if setting else [])]
        self.ready = pulumi.Output.all(*(one.urn for one in awaited)).apply(lambda _: True)
        self.register_outputs(
            {
                "workspaceId": self.workspace_id,
                "alertRuleId": self.alert_rule_id,
                "actionGroupId": self.action_group_id,
                "query": self.query,
                "deleteLogs": either(args.delete_logs, False),
                "diagnosticSettingId": setting.id if setting else None,
                "watchedWorkspaces": self.watched_workspaces,
                "links": self.links,
                "alerts": self.alerts,
                "rules": self.rules,
            }
        )


def _site(
    children: Children, args: SignInMonitoringArgs, earlier: Workspaces
) -> tuple[RuleSite, Sequence[pulumi.Resource]]:
    """Where the rules are and whom they tell, and what was made for it."""
    group, workspace = (
        either(args.resource_group, ResourceGroup()),
        either(args.workspace, Workspace()),
    )
    delete_logs = either(args.delete_logs, False)
    group_name = log_workspace.resource_group(children, group, args.location, delete_logs)
    workspace_id = log_workspace.workspace(
        children, workspace, group_name, args.location, delete_logs
    )
    group_id, receivers = action_group(children, "action-group", args.notify, group_name)
    site = RuleSite(
        children=children,
        resource_group_name=group_name,
        location=either(workspace.location, args.location),
        workspaces=ReadWorkspaces(
            current=workspace_id,
            path=log_workspace.workspace_path(group, workspace),
            own=workspace.existing is None,
            earlier=earlier,
        ),
        action_group_id=group_id,
        customer=either(args.customer, ""),
        runbook=either(either(args.alert, UseAlert()).runbook, RUNBOOK),
    )
    return site, receivers


def _scheduled(args: SignInMonitoringArgs, site: RuleSite) -> list[AlertRule]:
    """The rules that are wanted."""
    watch = either(args.watch, Watch())
    made: Mapping[str, Callable[[], AlertRule]] = {
        "use-alert": lambda: _use_alert(args, site),
        "exclusion-alert": lambda: watchers.exclusion_alert(
            either(watch.excluded, Excluded()), site
        ),
        "tamper-alert": lambda: watchers.tamper_alert(args.accounts, watch, site),
        "silence-alert": lambda: watchers.silence_alert(site),
    }
    return [made[suffix]() for suffix, _ in wanted_rules(args)]


def _use_alert(args: SignInMonitoringArgs, site: RuleSite) -> AlertRule:
    alert = either(args.alert, UseAlert())
    frequency, lookback = either(alert.frequency_minutes, 5), either(alert.lookback_minutes, 1440)
    accounts = [
        pulumi.Output.all(account.object_id, account.user_principal_name).apply(
            lambda names: WatchedAccount(str(names[0]), str(names[1]))
        )
        for account in args.accounts
    ]

    def query(workspaces: Workspaces) -> pulumi.Output[str]:
        return pulumi.Output.all(*accounts).apply(
            lambda found: use_alert_query(
                found,
                frequency_minutes=frequency,
                lookback_minutes=lookback,
                period_minutes=alert.period_minutes,
                overlap_minutes=either(alert.overlap_minutes, 1),
                earlier_workspaces=workspaces,
                customer=site.customer,
                runbook=site.runbook,
            )
        )

    return AlertRule(
        suffix="use-alert",
        name=either(alert.name, USE_ALERT),
        description=either(alert.description, DESCRIPTION),
        subject=either(alert.subject, SUBJECT),
        severity=either(alert.severity, 0),
        frequency=frequency,
        schedule=use_alert_schedule(frequency_minutes=frequency, lookback_minutes=lookback),
        query=query,
        dimensions=USE_DIMENSIONS,
        enabled=either(alert.enabled, True),
    )


def _earlier(args: SignInMonitoringArgs) -> Workspaces:
    wanted = either(args.workspace, Workspace())
    current = (wanted.existing or "").casefold()
    return [one for one in either(wanted.earlier, ()) if one.casefold() != current]


def _links(workspace_id: str, rule_id: str | None, query: str | None) -> dict[str, str]:
    found = {"workspace": resource_link(workspace_id)}
    if rule_id:
        found["rule"] = resource_link(rule_id)
    if query:
        found["query"] = query_link(workspace_id, query)
    return found
