"""What is found out about the accounts before anything is registered.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pulumi

from components.account_checks import choose_domain
from components.account_leaving import refuse_privileged_leavers
from components.account_standing import remembered_account
from components.adoption import FoundAccount, find_adopted
from components.break_glass_account import (
    TYPE,
    AccountTools,
    BreakGlassAccountArgs,
    look_up_accounts,
)
from components.break_glass_group import TYPE as GROUP_TYPE
from components.protection import WantedAccount, leaving
from components.stack_memory import StackMemory
from entra.authentication import Authentication
from entra.client import GraphClient
from entra.directory import Directory, Domain
from entra.identity import Identity
from entra.obstacles import (
    PATIENCE_SECONDS,
    KnownAccount,
    look_for_obstacles,
    obstacle_of_a_new,
)
from entra.preflight import TenantFacts
from settings_accounts import Accounts, MadeAccount


@dataclass(frozen=True)
class AccountsSurvey:
    """The accounts as the settings want them and as this run found them."""

    made: Mapping[str, BreakGlassAccountArgs]
    """What the accounts of the stack's own are made of, by name; all but when they are armed."""
    tools: AccountTools
    """Whom those ask, and what of them stands in the tenant."""
    adopted: Sequence[FoundAccount]
    excluded: Sequence[str]
    """Names of the accounts that no policy is to stop."""
    retiring: Sequence[str]
    """Names of the accounts whose roles are to go, the first step of leaving."""


def find_wanted(
    accounts: Accounts, directory: Directory, domains: Sequence[Domain], memory: StackMemory
) -> tuple[Sequence[FoundAccount], Sequence[WantedAccount]]:
    """The adopted accounts, looked up, and all accounts as `refuse_losses` takes them."""
    adopted = find_adopted(accounts.adopted, directory, domains, memory)
    made = [WantedAccount(one.name, one.excluded, one.retire) for one in accounts.made]
    taken = [WantedAccount(one.name, one.excluded, one.retire, adopted=True) for one in adopted]
    return adopted, [*made, *taken]


def survey_accounts(
    accounts: Accounts,
    adopted: Sequence[FoundAccount],
    directory: Directory,
    tenant: TenantFacts,
    memory: StackMemory,
) -> AccountsSurvey:
    """What each account is made of and what of it stands.

    Raises RunError for a domain that would not do, for one name twice, for an account that is gone
    or leaves with a role, and for a change that cannot be made.
    """
    tools = AccountTools(
        directory=directory,
        memory=memory,
        own_object_id=tenant.own_object_id,
        may_write=tenant.may_write,
        adopted=len(accounts.adopted),
    )
    domains = {one.name: _domain(one, tools, tenant.domains) for one in accounts.made}
    _refuse_same_names(accounts.made, domains, adopted)
    made = {one.name: _arguments(one, accounts, domains[one.name]) for one in accounts.made}
    names = [one.name for one in (*accounts.made, *adopted)]
    refuse_privileged_leavers(leaving(names, memory), tools)
    tools = look_up_accounts(made, tools)
    gone = [name for name, one in (tools.standing or {}).items() if one is not None and one.gone]
    mine = (one for one in accounts.made if one.name not in gone)
    everyone = (*mine, *(one for one in adopted if not one.gone))
    return AccountsSurvey(
        made=made,
        tools=tools,
        adopted=adopted,
        excluded=_excluded(everyone, memory),
        retiring=[one.name for one in everyone if one.retire],
    )


def tell_obstacles(
    accounts: AccountsSurvey, identity: Identity, group_id: str | None
) -> list[dict[str, str]]:
    """What stands between the accounts and their use, as the stack's outputs show it.

    Each has `account`, `problem` and `remedy`, and is warned of.
    """
    graph = GraphClient(identity, patience=PATIENCE_SECONDS)
    known = [*_known_made(accounts), *_known_adopted(accounts)]
    found = look_for_obstacles(Directory(graph), Authentication(graph), known, group_id)
    new = [name for name, standing in (accounts.tools.standing or {}).items() if standing is None]
    obstacles = (*found.obstacles, *(obstacle_of_a_new(name) for name in new))
    for obstacle in obstacles:
        pulumi.log.warn(obstacle.warning)
    for note in found.notes:
        pulumi.log.info(note)
    return [asdict(obstacle) for obstacle in obstacles]


def _domain(one: MadeAccount, tools: AccountTools, domains: Sequence[Domain]) -> str:
    """That of the settings; an account that retires keeps the one it has, whatever became of it."""
    known = remembered_account(one.name, tools) if one.retire else None
    if known is not None and known.user_principal_name:
        return known.user_principal_name.rpartition("@")[2]
    return choose_domain(domains, one.domain, one.domain_key)


def _refuse_same_names(
    made: Sequence[MadeAccount], domains: Mapping[str, str], adopted: Sequence[FoundAccount]
) -> None:
    """Raises RunError for a name of one's own that another account has, however it is spelled."""
    taken = {one.user_principal_name.casefold(): one.name for one in adopted}
    for one in made:
        if one.user_name is None:
            continue
        name = f"{one.user_name}@{domains[one.name]}"
        if name.casefold() in taken:
            key = f"break-glass:accounts.named.{one.name}.userName"
            raise pulumi.RunError(
                f"{key} holds {one.user_name!r}, which makes {one.name} {name}, the name of"
                f" {taken[name.casefold()]} already: nothing was changed; expected a different one"
                f' for each: pulumi config set --path "{key}" NAME'
            )
        taken[name.casefold()] = one.name


def _excluded(everyone: Sequence[MadeAccount | FoundAccount], memory: StackMemory) -> list[str]:
    """Names of the accounts that no policy is to stop.

    One that retires stays as the stack has it, whatever `excluded` says by now: retiring takes the
    roles and nothing else.
    """
    recorded = [
        outputs["accounts"] for outputs in memory(GROUP_TYPE).values() if "accounts" in outputs
    ]
    known = recorded[0] if recorded else None
    return [
        one.name
        for one in everyone
        if (one.name in known if one.retire and known is not None else one.excluded)
    ]


def _arguments(one: MadeAccount, accounts: Accounts, domain: str) -> BreakGlassAccountArgs:
    return BreakGlassAccountArgs(
        domain=domain,
        name_prefix=one.name_prefix,
        user_name=one.user_name,
        display_name=one.display_name,
        given_name=one.given_name,
        surname=one.surname,
        job_title=one.job_title,
        department=one.department,
        company_name=one.company_name,
        usage_location=one.usage_location,
        password_length=one.password_length,
        password_rotation=one.password_rotation,
        roles=one.roles,
        recreate=accounts.recreate,
        retired=one.retire,
    )


def _known_made(accounts: AccountsSurvey) -> Iterator[KnownAccount]:
    """Those of the stack's own that stand; one that retires needs no passkey any more."""
    for name, standing in (accounts.tools.standing or {}).items():
        if standing is not None and name not in accounts.retiring:
            changed = (accounts.tools.remembered(TYPE, name) or {}).get("passwordChanged")
            yield KnownAccount(
                name=name,
                object_id=standing.object_id,
                user_principal_name=standing.user_principal_name,
                password_recorded=datetime.fromisoformat(changed) if changed else None,
                excluded=name in accounts.excluded,
            )


def _known_adopted(accounts: AccountsSurvey) -> Iterator[KnownAccount]:
    for one in accounts.adopted:
        if not one.retire:
            yield KnownAccount(
                # Its component has a name that nobody wrote.
                name=one.user_principal_name,
                object_id=one.object_id,
                user_principal_name=one.user_principal_name,
                made=False,
                synced_allowed=one.allow_synced,
                excluded=one.excluded,
            )
