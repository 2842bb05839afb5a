"""What an account takes along when it leaves: roles that the stack never gave, or nothing any more.

The service lets few applications delete an account that holds a role, and a privileged account is
never left without exclusion and alarm. So a role that somebody else gave is told in every run, and
must be gone before the account is taken out of the settings. Errors: `pulumi.RunError`, one line.
"""

from collections.abc import Collection, Sequence
from typing import Final

import pulumi

from components.account_arguments import AccountTools, StandingAccount, remembered_account
from components.account_checks import (
    DOUBT_SECONDS,
    AccountDirectory,
    RememberedAccount,
    asked,
)
from components.account_roles import ASSIGNMENT_TYPE
from entra.built_in_roles import role_name
from entra.directory import WHOLE_TENANT, RoleAssignment

_TAKE_AWAY: Final = "Entra admin centre → Users → {} → Assigned roles → {} → Remove assignments"


def own_roles(object_id: str, tools: AccountTools) -> frozenset[str]:
    """Template ids of the roles that the state knows as given to an account by this stack."""
    return frozenset(
        str(assignment.get("roleId")).casefold()
        for assignment in tools.memory(ASSIGNMENT_TYPE).values()
        if str(assignment.get("principalObjectId") or "").casefold() == object_id.casefold()
    )


def other_roles(
    assignments: Sequence[RoleAssignment], ours: Collection[str]
) -> tuple[RoleAssignment, ...]:
    """Those that are not of the stack: of another role, or of a part of the tenant alone."""
    return tuple(one for one in assignments if one.scope != WHOLE_TENANT or one.role_id not in ours)


def other_roles_told(
    user_principal_name: str,
    object_id: str,
    others: Sequence[RoleAssignment],
    *,
    retired: bool,
) -> tuple[str, ...]:
    """The warning of roles that somebody else gave to an account of the stack."""
    if not others:
        return ()
    roles = _named(others)
    remedy = _TAKE_AWAY.format(user_principal_name, roles)
    told = (
        f"it has to go before {user_principal_name} can be taken out: {remedy}"
        if retired
        else f"if nobody knows why, treat it as an attack and take it away: {remedy}; if it is to"
        " stay, name it in break-glass:accounts, under roles"
    )
    return (
        f"{user_principal_name} ({object_id}) holds a role that this stack did not give it"
        f" ({roles}): {told}",
    )


def refuse_privileged_leavers(names: Sequence[str], tools: AccountTools) -> None:
    """Raises RunError when an account that leaves in this run holds a role still.

    `names` are those of the state that the settings leave out; accounts that were adopted are not
    deleted and keep what is theirs. A role is looked for again for some seconds: a replica may show
    one that was taken away a moment ago.
    """
    directory = tools.directory
    if directory is None:
        return
    lines = [_still_privileged(name, tools, directory) for name in names]
    if told := [line for line in lines if line is not None]:
        raise pulumi.RunError("\n".join(told))


def gone_account(
    remembered: RememberedAccount, named: str, directory: AccountDirectory
) -> StandingAccount:
    """An account that retires and that the tenant has no more, so that it can be let go of.

    Raises RunError for one that only a lagging replica hides: it holds a role.
    """
    object_id = remembered.object_id
    deleted = asked(directory.deleted_users, object_id, named)
    if not deleted and asked(directory.role_assignments, object_id, f"roles of {named}"):
        raise pulumi.RunError(
            f"{named} is nowhere in the tenant, but still holds a role, so nothing was changed: run"
            " again in some minutes"
        )
    where = "deleted and can be restored for 30 days" if deleted else "nowhere in the tenant"
    return StandingAccount(
        object_id=object_id,
        user_principal_name=remembered.user_principal_name,
        password_changed=None,
        held={},
        gone=True,
        warnings=(f"{named} is gone ({where}) and retires: nothing of it is left to manage",),
    )


def _still_privileged(name: str, tools: AccountTools, directory: AccountDirectory) -> str | None:
    remembered = remembered_account(name, tools)
    if remembered is None:
        return None
    object_id = remembered.object_id
    named = f"{remembered.user_principal_name or name} ({object_id})"
    held = asked(directory.role_assignments, object_id, f"roles of {named}")
    for pause in DOUBT_SECONDS:
        if held:
            tools.sleep(pause)
            held = asked(directory.role_assignments, object_id, f"roles of {named}")
    if not held:
        return None
    roles = _named(held)
    return (
        f"break-glass:accounts leaves out {name}, {named}, which holds a role still ({roles}), and"
        " an account with a role is not deleted: nothing was changed; take the role away"
        f" ({_TAKE_AWAY.format(remembered.user_principal_name, roles)}) and run again; if that was"
        " done just now, in some minutes"
    )


def _named(assignments: Sequence[RoleAssignment]) -> str:
    return ", ".join(
        (role_name(one.role_id) or one.role_id)
        + ("" if one.scope == WHOLE_TENANT else f" in {one.scope}")
        for one in assignments
    )
