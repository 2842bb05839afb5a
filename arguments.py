"""Settings → the arguments of each component."""

from collections.abc import Sequence
from typing import Any

import pulumi

from components.break_glass_account import (
    AccountTools,
    BreakGlassAccount,
    BreakGlassAccountArgs,
)
from components.break_glass_group import BreakGlassGroupArgs
from components.ca_exclusion_patch import CaExclusionPatchArgs
from components.exclusion_tools import ExclusionTools
from components.sign_in_monitoring import (
    AccountToWatch,
    EmailReceiver,
    MonitoringTools,
    Notify,
    SignInMonitoringArgs,
    UseAlert,
)
from settings import Settings
from survey import Survey


def account(settings: Settings, found: Survey, armed: pulumi.Input[Any]) -> BreakGlassAccountArgs:
    """Of every account."""
    return BreakGlassAccountArgs(
        domain=found.domain,
        armed=armed,
        name_prefix=settings.accounts.name_prefix,
        password_length=settings.accounts.password_length,
        password_rotation=settings.accounts.password_rotation,
        recreate=settings.accounts.recreate,
    )


def account_tools(found: Survey) -> AccountTools:
    """Whom every account asks."""
    return AccountTools(directory=found.directory, memory=found.memory)


def group(
    settings: Settings, found: Survey, accounts: Sequence[BreakGlassAccount]
) -> BreakGlassGroupArgs:
    """Of the group."""
    members = zip(found.account_names, accounts, strict=True)
    return BreakGlassGroupArgs(
        member_ids={name: account.object_id for name, account in members}, name=settings.group.name
    )


def exclusion(
    settings: Settings,
    found: Survey,
    group_id: pulumi.Input[str],
    accounts: Sequence[BreakGlassAccount],
) -> CaExclusionPatchArgs:
    """Of the exclusions."""
    excluded = accounts if settings.exclusion.users else ()
    return CaExclusionPatchArgs(
        group_ids=[group_id],
        group_names=[settings.group.name],
        user_ids=[account.object_id for account in excluded],
        user_names=[account.user_principal_name for account in excluded],
        owned_group_ids=[group_id],
        owned_user_ids=[account.object_id for account in accounts],
        owned_user_names=[account.user_principal_name for account in accounts],
        scope=settings.exclusion.scope,
        skip=settings.exclusion.skip,
        freshness_seconds=settings.exclusion.freshness_seconds,
        tenant_id=settings.tenant_id,
    )


def exclusion_tools(found: Survey) -> ExclusionTools:
    """Whom the exclusions ask, and what a listing saw just now."""
    return ExclusionTools(
        tenant_id=found.tenant.id,
        policies=found.policies,
        reader=found.client,
        security_defaults=found.tenant.security_defaults,
        audit=found.audit,
        memory=found.memory,
    )


def monitoring(
    settings: Settings, found: Survey, accounts: Sequence[BreakGlassAccount]
) -> SignInMonitoringArgs:
    """Of logs and alarm."""
    wanted = settings.monitoring
    return SignInMonitoringArgs(
        accounts=[
            AccountToWatch(account.object_id, account.user_principal_name) for account in accounts
        ],
        location=settings.location,
        resource_group_name=wanted.resource_group.name,
        workspace_name=wanted.workspace.name,
        retention_days=wanted.workspace.retention_days,
        delete_logs=wanted.delete_logs,
        diagnostic_setting_name=wanted.diagnostic_setting.name,
        categories=wanted.diagnostic_setting.categories,
        alert=UseAlert(
            name=wanted.alert.name,
            description=wanted.alert.description,
            subject=wanted.alert.subject,
            frequency_minutes=wanted.alert.frequency_minutes,
            lookback_minutes=wanted.alert.lookback_minutes,
            severity=wanted.alert.severity,
            enabled=wanted.alert.enabled,
        ),
        notify=Notify(
            name=wanted.notify.name,
            short_name=wanted.notify.short_name,
            emails=[EmailReceiver(email.name, email.address) for email in wanted.notify.emails],
        ),
    )


def monitoring_tools(found: Survey) -> MonitoringTools:
    """What an earlier life of the stack left for logs and alarm."""
    return MonitoringTools(kept=found.kept_logs)
