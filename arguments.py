"""Settings → the arguments of each component."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from arguments_monitoring import Accounts, monitoring
from components.adopted_account import AdoptedAccountArgs, AdoptedAccountTools
from components.break_glass_account import AccountTools, BreakGlassAccountArgs
from components.break_glass_group import BreakGlassGroupArgs, GroupTools
from components.ca_exclusion_patch import CaExclusionPatchArgs
from components.exclusion_tools import ExclusionTools
from components.ordering import after
from components.sign_in_monitoring import MonitoringTools
from settings import Settings
from survey import Survey

__all__ = ["Accounts", "Tools", "adopted", "exclusion", "group", "made", "monitoring", "tools"]


@dataclass(frozen=True)
class Tools:
    """Whom each component asks, and what was found out for it."""

    made: AccountTools
    taken: Mapping[str, AdoptedAccountTools]
    group: GroupTools
    monitoring: MonitoringTools
    exclusion: ExclusionTools


def tools(found: Survey) -> Tools:
    """Of every component."""
    directory, memory, tenant = found.directory, found.memory, found.tenant
    return Tools(
        made=found.accounts.tools,
        taken={
            one.name: AdoptedAccountTools(directory, memory, one) for one in found.accounts.adopted
        },
        group=GroupTools(directory, memory, tenant.own_object_id, found.group),
        monitoring=MonitoringTools(
            found.monitoring.kept,
            memory,
            found.monitoring.stands,
            rules=found.monitoring.kept_rules,
        ),
        exclusion=ExclusionTools(
            tenant_id=tenant.id,
            policies=found.policies,
            reader=found.client,
            security_defaults=tenant.security_defaults,
            audit=found.audit,
            memory=memory,
        ),
    )


def made(found: Survey, armed: pulumi.Input[Any]) -> Mapping[str, BreakGlassAccountArgs]:
    """Of each account that the stack makes; its roles wait for `armed`."""
    return {name: replace(args, armed=armed) for name, args in found.accounts.made.items()}


def adopted(found: Survey, armed: pulumi.Input[Any]) -> Mapping[str, AdoptedAccountArgs]:
    """Of each account that is taken in; its role waits for `armed`."""
    return {
        one.name: AdoptedAccountArgs(one.object_id, armed, one.allow_synced, one.retire)
        for one in found.accounts.adopted
    }


def group(settings: Settings, found: Survey, accounts: Accounts) -> BreakGlassGroupArgs:
    """Of the group: every account that is to be excluded is in it."""
    there = {one.name: one.object_id for one in found.accounts.adopted}
    return BreakGlassGroupArgs(
        member_ids={
            name: there.get(name, accounts[name].object_id) for name in found.accounts.excluded
        },
        name=settings.group.name,
        existing=settings.group.existing,
        recreate=settings.group.recreate,
        unprotected_members=found.accounts.retiring,
    )


def exclusion(
    settings: Settings,
    found: Survey,
    group_id: pulumi.Output[str] | None,
    accounts: Accounts,
    watched: pulumi.Input[bool],
) -> CaExclusionPatchArgs:
    """Of the exclusions.

    When an account leaves, its exclusions go only once `watched` has come: the alarm first.
    What somebody else made is not the stack's to take out everywhere: an existing group, and the
    accounts that are taken in. `group_id` is None where there is no group.
    """
    names = found.accounts.excluded if settings.exclusion.users else ()
    excluded = [accounts[name] for name in names]
    made = [accounts[name] for name in found.accounts.made]
    user_ids = [account.object_id for account in excluded]
    if found.leaving:
        group_id = None if group_id is None else after(group_id, watched)
        user_ids = [after(object_id, watched) for object_id in user_ids]
    groups = [] if group_id is None else [group_id]
    return CaExclusionPatchArgs(
        group_ids=groups,
        group_names=[] if found.group is None else [found.group.name],
        user_ids=user_ids,
        user_names=[account.user_principal_name for account in excluded],
        owned_group_ids=[] if found.group is None or found.group.existing else groups,
        owned_user_ids=[account.object_id for account in made],
        owned_user_names=[account.user_principal_name for account in made],
        scope=settings.exclusion.scope,
        skip=settings.exclusion.skip,
        freshness_seconds=settings.exclusion.freshness_seconds,
        tenant_id=settings.tenant_id,
    )
