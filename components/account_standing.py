"""The accounts of the stack as they stand in the tenant, looked up before anything is changed.

Whatever would fail halfway stops the run here with one line (`pulumi.RunError`): an account that is
gone, and a change that Microsoft Graph will not let this application make to an administrator.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pulumi

from components.account_arguments import (
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccountArgs,
    StandingAccount,
    wanted_name,
)
from components.account_checks import (
    AccountDirectory,
    RememberedAccount,
    asked,
    living,
    refuse_vanished,
)
from components.account_password import password_due
from entra.built_in_roles import PRIVILEGED_AUTHENTICATION_ADMINISTRATOR
from entra.directory import WHOLE_TENANT, User

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

    Raises RunError when it is gone and `recreate` does not name it, when it retires without ever
    having been made, and when a change is due that this application may not make.
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
            raise pulumi.RunError(
                f"{named} is gone already, so there is nothing left to retire: take {name} out of"
                " break-glass:accounts and run again"
            )
        refuse_vanished(directory, object_id, named, args.recreate or ())
        return None
    held = {
        assignment.role_id: assignment.id
        for assignment in asked(directory.role_assignments, object_id, f"roles of {named}")
        if assignment.scope == WHOLE_TENANT
    }
    _refuse_forbidden_changes(name, args, tools, directory, user, administrator=bool(held))
    return StandingAccount(
        object_id=object_id,
        user_principal_name=user.user_principal_name,
        password_changed=user.password_changed.isoformat() if user.password_changed else None,
        held=held,
    )


def remembered_account(name: str, tools: AccountTools) -> RememberedAccount | None:
    """The account as the component's own outputs or else the user resource have it."""
    outputs = (tools.remembered(TYPE, name), tools.remembered(USER_TYPE, f"{name}-user"))
    return next(filter(None, map(RememberedAccount.from_outputs, outputs)), None)


def _refuse_forbidden_changes(
    name: str,
    args: BreakGlassAccountArgs,
    tools: AccountTools,
    directory: AccountDirectory,
    user: User,
    *,
    administrator: bool,
) -> None:
    """Raises RunError for a sensitive change of an administrator that this application may not do.

    Source: Microsoft Graph, "Working with users", "Who can perform sensitive actions": user
    principal name, password and whether the account is enabled. That members of a role-assignable
    group are guarded like administrators is said of delegated callers and assumed of applications.
    """
    due: list[str] = []
    if password_due(name, args, tools):
        due.append("a new password")
    wanted = wanted_name(name, args, tools)
    if wanted and wanted.casefold() != user.user_principal_name.casefold():
        due.append(f"the name {wanted}")
    if not user.enabled:
        due.append("to be enabled again")
    if not due or not (administrator or _is_member(tools, user.id)):
        return
    if directory.may_change_administrators(tools.own_object_id) is False:
        raise pulumi.RunError(
            f"account {user.user_principal_name} ({user.id}) is due for {' and '.join(due)}, which"
            " Microsoft Graph lets an application do to a Global Administrator only when it holds"
            " the role Privileged Authentication Administrator"
            f" ({PRIVILEGED_AUTHENTICATION_ADMINISTRATOR}) or Global Administrator itself, and this"
            f" one{_told(tools.own_object_id)} holds neither: nothing was changed; give it the"
            " role, for as long as this takes (Entra admin centre → Roles & admins → Privileged"
            " Authentication Administrator → Add assignments), and run again"
        )


def _is_member(tools: AccountTools, object_id: str) -> bool:
    """Whether the stack has put the account into its role-assignable group."""
    members = tools.memory(MEMBER_TYPE).values()
    return any(member.get("memberObjectId") == object_id for member in members)


def _told(own_object_id: str) -> str:
    return f" (service principal {own_object_id})" if own_object_id else ""
