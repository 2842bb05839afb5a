"""The accounts of the stack as they stand in the tenant, looked up before anything is changed.

Whatever would fail halfway stops the run here with one line (`pulumi.RunError`): an account that is
gone, and a change of the settings that cannot be made (`components.account_changes`).
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pulumi

from components.account_arguments import (
    AccountTools,
    BreakGlassAccountArgs,
    StandingAccount,
    remembered_account,
    wanted_roles,
)
from components.account_changes import Changes, settle_changes
from components.account_checks import (
    asked,
    living,
    refuse_vanished,
)
from components.account_leaving import gone_account, other_roles, other_roles_told, own_roles
from entra.directory import WHOLE_TENANT

MEMBER_TYPE: Final = "azuread:index/groupMember:GroupMember"
AT_ONCE: Final = 4
"""Accounts that are looked up at the same time."""


def look_up_accounts(
    accounts: Mapping[str, BreakGlassAccountArgs], tools: AccountTools
) -> AccountTools:
    """The tools with what the tenant has of these accounts, by component name.

    For a program of several accounts: what is wrong with the last one is told before the first one
    is changed. Raises RunError.
    """

    def look_up(account: tuple[str, BreakGlassAccountArgs]) -> StandingAccount | None:
        return find_account(*account, tools)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        found = pool.map(look_up, accounts.items())
        return replace(tools, standing=dict(zip(accounts, found, strict=True)))


def find_account(
    name: str, args: BreakGlassAccountArgs, tools: AccountTools
) -> StandingAccount | None:
    """The account that an earlier run made; None when one is to be made, for the first time or
    anew.

    Raises RunError when it is gone and neither retires nor is named in `recreate`, when it retires
    without ever having been made, and when the settings ask for a change that cannot be made.
    """
    directory = tools.directory
    if directory is None:
        return None
    remembered = remembered_account(name, tools)
    if remembered is None:
        if args.retired:
            raise pulumi.RunError(
                f"{name} is to retire, but this stack never made it: take it out of"
                " break-glass:accounts"
            )
        return None
    object_id = remembered.object_id
    named = f"account {remembered.user_principal_name or name} ({object_id})"
    user = living(directory, object_id, named, sleep=tools.sleep)
    if user is None:
        if args.retired:
            return gone_account(remembered, named, directory)
        refuse_vanished(directory, object_id, named, args.recreate or ())
        return None
    held = asked(directory.role_assignments, object_id, f"roles of {named}")
    changes = Changes()
    if not args.retired:  # Whoever retires is changed in nothing but its roles.
        guarded = bool(held) or _is_member(tools, user.id)
        changes = settle_changes(name, args, tools, directory, user, guarded=guarded)
    others = other_roles(held, own_roles(object_id, tools).union(wanted_roles(name, args)))
    told = other_roles_told(user.user_principal_name, object_id, others, retired=bool(args.retired))
    return StandingAccount(
        object_id=object_id,
        user_principal_name=user.user_principal_name,
        password_changed=user.password_changed.isoformat() if user.password_changed else None,
        held={one.role_id: one.id for one in held if one.scope == WHOLE_TENANT},
        left_alone=changes.left_alone,
        warnings=(*changes.warnings, *told),
    )


def _is_member(tools: AccountTools, object_id: str) -> bool:
    """Whether the stack has put the account into its role-assignable group."""
    members = tools.memory(MEMBER_TYPE).values()
    return any(member.get("memberObjectId") == object_id for member in members)
