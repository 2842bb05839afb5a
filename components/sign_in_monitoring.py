"""SignInMonitoring: the sign-in logs of the tenant, and the alarm when an account is used."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import aadiam, monitor, operationalinsights, resources

from alerting.queries import WatchedAccount, use_alert_query, use_alert_schedule
from components.kept_logs import KeptLogs, stack_tags


@dataclass(frozen=True)
class EmailReceiver:
    """Somebody who is told by mail."""

    name: str
    """Unique within the action group."""
    address: str


@dataclass(frozen=True)
class Notify:
    """The action group."""

    emails: Sequence[EmailReceiver]
    name: str = "ag-break-glass"
    short_name: str = "BreakGlass"
    """At most 12 characters: text messages and mails show it."""


@dataclass(frozen=True)
class UseAlert:
    """The alarm; its defaults are those of the stack's settings."""

    name: str = "Break-glass account used"
    description: str = (
        "Somebody signed in, or tried to, with an emergency-access account."
        " Find out at once who it was and why."
    )
    subject: str = "Break-glass account used: find out who and why"
    """Subject of the mail."""
    frequency_minutes: int = 5
    lookback_minutes: int = 1440
    """How old a late log row may be and still ring."""
    severity: int = 0
    enabled: bool = True


@dataclass(frozen=True)
class SignInMonitoringArgs:
    """What a `SignInMonitoring` is made of."""

    accounts: Sequence[pulumi.Input[WatchedAccount]]
    location: pulumi.Input[str]
    """Azure region of workspace and alarm."""
    notify: Notify
    resource_group_name: str = "rg-break-glass"
    workspace_name: str = "log-break-glass"
    retention_days: int = 31
    delete_logs: bool = False
    """True: deleting the component deletes the workspace and the resource group too."""
    kept: KeptLogs = field(default_factory=KeptLogs)
    """What an earlier life of the stack left in Azure, to be taken in instead of made."""
    diagnostic_setting_name: str = "break-glass"
    categories: Sequence[str] = ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")
    alert: UseAlert = field(default_factory=UseAlert)


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
    alert_rule_id: pulumi.Output[str]
    action_group_id: pulumi.Output[str]
    query: pulumi.Output[str]
    """The alarm's query in KQL."""
    ready: pulumi.Output[bool]
    """Comes once logs flow to the workspace and the alarm with its receivers exists."""

    def __init__(
        self, name: str, args: SignInMonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("break-glass:index:SignInMonitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = resources.ResourceGroup(
            f"{name}-resource-group",
            resource_group_name=args.resource_group_name,
            location=args.location,
            tags=stack_tags(),
            opts=self._evidence(args, args.kept.resource_group_id),
        )
        workspace = operationalinsights.Workspace(
            f"{name}-workspace",
            workspace_name=args.workspace_name,
            resource_group_name=group.name,
            location=args.location,
            retention_in_days=args.retention_days,
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            tags=stack_tags(),
            opts=self._evidence(args, args.kept.workspace_id),
        )
        diagnostics = aadiam.DiagnosticSetting(
            f"{name}-diagnostic-setting",
            name=args.diagnostic_setting_name,
            workspace_id=workspace.id,
            logs=[
                aadiam.LogSettingsArgs(category=category, enabled=True)
                for category in args.categories
            ],
            opts=child,
        )
        action_group = _action_group(f"{name}-action-group", args.notify, group.name, child)
        self.query = pulumi.Output.all(*args.accounts).apply(
            lambda accounts: use_alert_query(
                accounts,
                frequency_minutes=args.alert.frequency_minutes,
                lookback_minutes=args.alert.lookback_minutes,
            )
        )
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
        alert = args.alert
        schedule = use_alert_schedule(
            frequency_minutes=alert.frequency_minutes, lookback_minutes=alert.lookback_minutes
        )
        return monitor.ScheduledQueryRule(
            name,
            rule_name=alert.name,
            display_name=alert.name,
            description=alert.description,
            resource_group_name=group.name,
            location=args.location,
            kind=monitor.Kind.LOG_ALERT,
            enabled=alert.enabled,
            severity=alert.severity,
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
                action_properties={"Email.Subject": alert.subject},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _action_group(
    name: str,
    notify: Notify,
    resource_group_name: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> monitor.ActionGroup:
    return monitor.ActionGroup(
        name,
        action_group_name=notify.name,
        group_short_name=notify.short_name,
        resource_group_name=resource_group_name,
        location="Global",
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name=receiver.name, email_address=receiver.address, use_common_alert_schema=True
            )
            for receiver in notify.emails
        ],
        opts=opts,
    )
