"""SignInMonitoring: the sign-in logs of the tenant, and the alarm when an account is used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypedDict

import pulumi
from pulumi_azure_native import aadiam, monitor, operationalinsights, resources

from alerting.queries import WatchedAccount, use_alert_query, use_alert_schedule
from components.kept_logs import stack_tags
from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Workspace,
)
from components.plain_arguments import either, given

CATEGORIES: Final = ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")
DESCRIPTION: Final = (
    "Somebody signed in, or tried to, with an emergency-access account."
    " Find out at once who it was and why."
)
SUBJECT: Final = "Break-glass account used: find out who and why"


class AlertMinutes(TypedDict):
    """When the alarm looks, and how far back."""

    frequency_minutes: int
    lookback_minutes: int


@dataclass(frozen=True)
class MonitoringTools:
    """What was found out before."""

    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """What an earlier life of the stack left in Azure, to be taken in instead of made: Azure
    resource id by the name of the child without the component's, as in `resource-group`."""


class SignInMonitoring(pulumi.ComponentResource):
    """Workspace, Entra diagnostic setting, action group and the alarm on every use.

    The alarm rings for every sign-in with one of the accounts, successful or not, interactive or
    not: passkey sign-ins that obtain a refresh token are only in the non-interactive log.

    Left out on purpose: the alarm is never resolved by itself and never muted (the second use is as
    alarming as the first); its query is not validated when it is saved, because the log tables do
    not exist before their first row; workspace and resource group stay when the component is
    deleted, since they hold the evidence and others may have put things there. Both carry a tag
    with the stack's name, by which `find_kept_logs` knows them again.
    """

    workspace_id: pulumi.Output[str]
    """Azure resource id of the Log Analytics workspace."""
    alert_rule_id: pulumi.Output[str]
    """Azure resource id of the alarm."""
    action_group_id: pulumi.Output[str]
    """Azure resource id of the action group."""
    query: pulumi.Output[str]
    """The alarm's query in KQL."""
    ready: pulumi.Output[bool]
    """Comes once logs flow to the workspace and the alarm with its receivers exists."""

    def __init__(
        self,
        name: str,
        args: SignInMonitoringArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        tools: MonitoringTools | None = None,
    ) -> None:
        """`tools`: what the program found out before; without them nothing is taken in again."""
        args = given(SignInMonitoringArgs, args)
        kept = (tools or MonitoringTools()).kept
        super().__init__("break-glass:index:SignInMonitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        place = either(args.resource_group, ResourceGroup())
        wanted = either(args.workspace, Workspace())
        export = either(args.diagnostics, Diagnostics())
        group = resources.ResourceGroup(
            f"{name}-resource-group",
            resource_group_name=either(
                either(args.resource_group, ResourceGroup()).name, "rg-break-glass"
            ),
            location=args.location,
            tags=stack_tags(),
            opts=self._evidence(args, kept.get("resource-group")),
        )
        workspace = operationalinsights.Workspace(
            f"{name}-workspace",
            workspace_name=either(wanted.name, "log-break-glass"),
            resource_group_name=group.name,
            location=args.location,
            retention_in_days=either(wanted.retention_days, 31),
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            tags=stack_tags(),
            opts=self._evidence(args, kept.get("workspace")),
        )
        diagnostics = aadiam.DiagnosticSetting(
            f"{name}-diagnostic-setting",
            name=either(export.name, "break-glass"),
            workspace_id=workspace.id,
            logs=[
                aadiam.LogSettingsArgs(category=category, enabled=True)
                for category in either(export.categories, CATEGORIES)
            ],
            opts=child,
        )
        action_group = _action_group(f"{name}-action-group", args.notify, group.name, child)
        self.query = _query(args)
        alert = self._alert(f"{name}-use-alert", args, group, workspace, action_group)
        self.workspace_id = workspace.id
        self.alert_rule_id = alert.id
        self.action_group_id = action_group.id
        self.ready = pulumi.Output.all(diagnostics.urn, action_group.urn, alert.urn).apply(
            lambda _: True
        )
        self.register_outputs(
            {
                "workspaceId": self.workspace_id,
                "alertRuleId": self.alert_rule_id,
                "actionGroupId": self.action_group_id,
                "query": self.query,
            }
        )

    def _evidence(self, args: SignInMonitoringArgs, kept_id: str | None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, retain_on_delete=not args.delete_logs, import_=kept_id
        )

    def _alert(
        self,
        name: str,
        args: SignInMonitoringArgs,
        group: resources.ResourceGroup,
        workspace: operationalinsights.Workspace,
        action_group: monitor.ActionGroup,
    ) -> monitor.ScheduledQueryRule:
        alert = either(args.alert, UseAlert())
        rule_name = either(alert.name, "Break-glass account used")
        schedule = use_alert_schedule(**_minutes(alert))
        return monitor.ScheduledQueryRule(
            name,
            rule_name=rule_name,
            display_name=rule_name,
            description=either(alert.description, DESCRIPTION),
            resource_group_name=group.name,
            location=args.location,
            kind=monitor.Kind.LOG_ALERT,
            enabled=either(alert.enabled, True),
            severity=either(alert.severity, 0),
            scopes=[workspace.id],
            evaluation_frequency=schedule.evaluation_frequency,
            window_size=schedule.window_size,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(
                all_of=[
                    monitor.ConditionArgs(
                        query=self.query,
                        time_aggregation=monitor.TimeAggregation.COUNT,
                        # The SDK's enum of this name belongs to another API ("gt").
                        operator="GreaterThan",
                        threshold=0,
                        failing_periods=monitor.ConditionFailingPeriodsArgs(
                            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                        ),
                    )
                ]
            ),
            auto_mitigate=False,
            skip_query_validation=True,
            actions=monitor.ActionsArgs(
                action_groups=[action_group.id],
                action_properties={"Email.Subject": either(alert.subject, SUBJECT)},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _query(args: SignInMonitoringArgs) -> pulumi.Output[str]:
    accounts = [
        pulumi.Output.all(account.object_id, account.user_principal_name).apply(
            lambda names: WatchedAccount(str(names[0]), str(names[1]))
        )
        for account in args.accounts
    ]
    minutes = _minutes(either(args.alert, UseAlert()))
    return pulumi.Output.all(*accounts).apply(lambda found: use_alert_query(found, **minutes))


def _minutes(alert: UseAlert) -> AlertMinutes:
    return {
        "frequency_minutes": either(alert.frequency_minutes, 5),
        "lookback_minutes": either(alert.lookback_minutes, 1440),
    }


def _action_group(
    name: str,
    notify: Notify,
    resource_group_name: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> monitor.ActionGroup:
    return monitor.ActionGroup(
        name,
        action_group_name=either(notify.name, "ag-break-glass"),
        group_short_name=either(notify.short_name, "BreakGlass"),
        resource_group_name=resource_group_name,
        location="Global",
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name=receiver.name, email_address=receiver.address, use_common_alert_schema=True
            )
            for receiver in either(notify.emails, ())
        ],
        opts=opts,
    )
