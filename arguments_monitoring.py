"""Settings → the arguments of logs and alarms."""

from collections.abc import Iterable, Mapping, Sequence

import pulumi

from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM
from components.adopted_account import AdoptedAccount
from components.break_glass_account import BreakGlassAccount
from components.monitoring_arguments import (
    AccountToWatch,
    Diagnostics,
    EmailReceiver,
    Excluded,
    Notify,
    PushReceiver,
    ResourceGroup,
    SignInMonitoringArgs,
    SmsReceiver,
    UseAlert,
    VoiceReceiver,
    Watch,
    WebhookIdentity,
    WebhookReceiver,
    Workspace,
)
from entra.administrators import Administrator
from entra.built_in_roles import GLOBAL_ADMINISTRATOR, role_id
from entra.exclusion import named_by
from settings import Settings
from settings_receivers import Notify as NotifySettings
from settings_receivers import Webhook
from survey import Survey

Accounts = Mapping[str, BreakGlassAccount | AdoptedAccount]
"""The accounts of the stack by the names of their components."""


def monitoring(
    settings: Settings,
    found: Survey,
    accounts: Accounts,
    group_id: pulumi.Output[str] | None,
) -> SignInMonitoringArgs:
    """Of logs and alarms; `group_id` is that of the group that the policies exclude."""
    wanted, there = settings.monitoring, found.monitoring
    has_licence = settings.premium == "required"
    export = wanted.diagnostic_setting
    return SignInMonitoringArgs(
        accounts=[
            AccountToWatch(account.object_id, account.user_principal_name)
            for account in accounts.values()
        ],
        location=settings.location,
        resource_group=ResourceGroup(wanted.resource_group.name, wanted.resource_group.existing),
        workspace=Workspace(
            name=wanted.workspace.name,
            retention_days=wanted.workspace.retention_days,
            existing=there.workspace_id,
            location=there.location,
            earlier=there.earlier_workspaces,
        ),
        delete_logs=wanted.delete_logs,
        diagnostics=Diagnostics(
            export.name,
            export.categories if has_licence else CATEGORIES_WITHOUT_PREMIUM,
            export.existing,
        ),
        alert=_alert(settings),
        notify=_notify(wanted.notify, there.action_group_id, there.administrators),
        watch=_watch(settings, found, accounts, group_id),
        customer=wanted.customer,
        premium=has_licence,
    )


def _alert(settings: Settings) -> UseAlert:
    wanted = settings.monitoring.alert
    return UseAlert(
        name=wanted.name,
        description=wanted.description,
        subject=wanted.subject,
        frequency_minutes=wanted.frequency_minutes,
        period_minutes=wanted.period_minutes,
        lookback_minutes=wanted.lookback_minutes,
        overlap_minutes=wanted.overlap_minutes,
        severity=wanted.severity,
        enabled=wanted.enabled,
        runbook=wanted.runbook,
    )


def _watch(
    settings: Settings,
    found: Survey,
    accounts: Accounts,
    group_id: pulumi.Output[str] | None,
) -> Watch:
    wanted = settings.monitoring.watch
    names = found.accounts.excluded if settings.exclusion.users else ()
    return Watch(
        exclusion=wanted.exclusion,
        tamper=wanted.tamper,
        silence=wanted.silence,
        rules=wanted.rules,
        health=wanted.health,
        notify=_second_notify(settings, found),
        excluded=Excluded(
            group_ids=[] if group_id is None else [group_id],
            user_ids=[accounts[name].object_id for name in names],
            mfa_only=settings.exclusion.scope == "mfa-only",
            left_alone=sorted(
                {
                    policy.id
                    for entry in settings.exclusion.skip
                    for policy in named_by(found.policies, entry)
                }
            ),
        ),
        role_ids=_roles(found),
    )


def _second_notify(settings: Settings, found: Survey) -> Notify:
    """An existing first action group is the second one too, unless that has receivers."""
    wanted, there = settings.monitoring.watch_notify, found.monitoring
    return _notify(wanted, there.watch_action_group_id, there.watch_administrators)


def _notify(
    wanted: NotifySettings,
    existing: str | None,
    administrators: Sequence[Administrator],
) -> Notify:
    return Notify(
        name=wanted.name,
        short_name=wanted.short_name,
        resource_group_name=wanted.resource_group,
        existing=existing,
        emails=[
            *(EmailReceiver(one.name, one.address) for one in wanted.emails),
            *_administrators(wanted, administrators),
        ],
        sms=[SmsReceiver(one.name, one.country_code, one.phone_number) for one in wanted.sms],
        voice=[VoiceReceiver(one.name, one.country_code, one.phone_number) for one in wanted.voice],
        push=[PushReceiver(one.name, one.address) for one in wanted.push],
        webhooks=[_webhook(one) for one in wanted.webhooks],
    )


def _administrators(
    wanted: NotifySettings, administrators: Sequence[Administrator]
) -> Iterable[EmailReceiver]:
    """Those who are not told by mail already, each once."""
    addresses = {one.address.casefold() for one in wanted.emails}
    for one in administrators:
        if one.address.casefold() not in addresses:
            addresses.add(one.address.casefold())
            yield EmailReceiver(one.name, one.address)


def _webhook(wanted: Webhook) -> WebhookReceiver:
    aad = wanted.aad
    return WebhookReceiver(
        name=wanted.name,
        uri=pulumi.Output.secret(wanted.uri.get_secret_value()),
        common_alert_schema=wanted.common_alert_schema,
        aad=WebhookIdentity(aad.object_id, aad.identifier_uri, aad.tenant_id) if aad else None,
    )


def _roles(found: Survey) -> list[str]:
    """Template ids of the roles that an account of the stack holds."""
    extra = {
        template_id
        for one in found.accounts.made.values()
        for text in one.roles or ()
        if (template_id := role_id(text)) is not None
    }
    return [GLOBAL_ADMINISTRATOR, *sorted(extra - {GLOBAL_ADMINISTRATOR})]
