"""Changes of an account that stands: what the settings ask for, and what somebody else did to it.

Microsoft Graph lets few applications give an administrator a password or a name or enable it. What
the settings ask for and cannot be done stops the run here with one line (`pulumi.RunError`). What
somebody else did stops nothing: undone where that is allowed, and else left alone and told, so that
a disabled account does not keep the exclusions of the other from being put back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.account_arguments import (
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccountArgs,
    wanted_name,
)
from components.account_checks import AccountDirectory, asked
from components.account_password import password_due
from entra.built_in_roles import PRIVILEGED_AUTHENTICATION_ADMINISTRATOR
from entra.directory import User

NAME: Final = "userPrincipalName"
ENABLED: Final = "accountEnabled"
WANTED_NAME: Final = "wantedName"
"""Output of the component: the name that the settings asked for when the account last got it."""
PERMISSION: Final = "User-PasswordProfile.ReadWrite.All"
_ROLE: Final = (
    f"the role Privileged Authentication Administrator ({PRIVILEGED_AUTHENTICATION_ADMINISTRATOR})"
)
_GIVE: Final = (
    "give it the role, for as long as this takes (Entra admin centre → Roles & admins → Privileged"
    " Authentication Administrator → Add assignments), and run again"
)


@dataclass(frozen=True)
class Changes:
    """What this run does not do to an account."""

    left_alone: tuple[str, ...] = ()
    """Properties of the user that somebody else changed and that stay as they are."""
    warnings: tuple[str, ...] = ()


def settle_changes(
    name: str,
    args: BreakGlassAccountArgs,
    tools: AccountTools,
    directory: AccountDirectory,
    user: User,
    *,
    guarded: bool,
) -> Changes:
    """What is done of the changes that are due. `guarded`: it has a role or is in the group.

    Raises RunError for a sensitive change that the settings ask for and that this application may
    not make, and for a new name that another user has.

    Source: Microsoft Graph, "Working with users", "Who can perform sensitive actions": user
    principal name, password and whether the account is enabled. That members of a role-assignable
    group are guarded like administrators is said of delegated callers and assumed of applications.
    """
    wanted = wanted_name(name, args, tools)
    other_name = wanted and wanted.casefold() != user.user_principal_name.casefold()
    known = str((tools.remembered(TYPE, name) or {}).get(WANTED_NAME) or "")
    by_settings: list[str] = []
    by_others: dict[str, str] = {}
    rotated = password_due(name, args, tools)
    if rotated:
        by_settings.append("a new password")
    if other_name and known.casefold() == str(wanted).casefold():
        by_others[NAME] = f"renamed (it was {wanted})"
    elif other_name:
        by_settings.append(f"the name {wanted}")
    if not user.enabled:
        by_others[ENABLED] = "disabled"
    if not by_settings and not by_others:
        return Changes()
    may = (
        not tools.may_write or directory.may_change_administrators(tools.own_object_id) is not False
    )
    named = f"account {user.user_principal_name} ({user.id})"
    if guarded and not may:
        _refuse(named, by_settings, tools)
        return Changes(tuple(by_others), tuple(_told(named, by_others, tools)))
    if wanted and other_name:
        _refuse_taken(named, name, wanted, user, directory, tools)
    return Changes(warnings=() if may or not rotated else (_permission_told(named),))


def own_account(object_id: str, tools: AccountTools) -> str | None:
    """The name of this stack's account with an object id; None when it is not of this stack."""
    for type_, suffix in ((TYPE, ""), (USER_TYPE, "-user")):
        for urn, outputs in tools.memory(type_).items():
            if str(outputs.get("objectId") or "").casefold() == object_id.casefold():
                return urn.rpartition("::")[2].removesuffix(suffix)
    return None


def _refuse(named: str, due: list[str], tools: AccountTools) -> None:
    if due:
        raise pulumi.RunError(
            f"{named} is due for {' and '.join(due)}, which Microsoft Graph lets an application do"
            f" to a Global Administrator only when it holds {_ROLE} or Global Administrator itself,"
            f" and this one{_own(tools)} holds neither: nothing was changed; {_GIVE}"
        )


def _told(named: str, by_others: Mapping[str, str], tools: AccountTools) -> Iterator[str]:
    if by_others:
        yield (
            f"{named} was {' and '.join(by_others.values())} by somebody else and stays so in this"
            f" run: find out who did it (Entra admin centre → Audit logs); undoing it takes"
            f" {_ROLE}, which this application{_own(tools)} does not hold: {_GIVE}"
        )


def _refuse_taken(
    named: str, name: str, wanted: str, user: User, directory: AccountDirectory, tools: AccountTools
) -> None:
    holder = asked(directory.find_user, wanted, f"user {wanted}")
    if holder is None or holder.id.casefold() == user.id.casefold():
        return
    ours = own_account(holder.id, tools)
    whose = f"{ours} of this stack" if ours else "another user"
    way_out = (
        f"choose another user name for {name}, or give {ours} another one first and run up"
        if ours
        else f"choose another user name or prefix for {name}"
    )
    raise pulumi.RunError(
        f"{named} is to be called {wanted}, but {whose} has that name (object id {holder.id}):"
        f" nothing was changed; {way_out}"
    )


def _permission_told(named: str) -> str:
    return (
        f"{named} gets a new password: while it has no role, that takes the Microsoft Graph"
        f" permission {PERMISSION} or a directory role such as User Administrator; if Microsoft"
        " Graph refuses it (403), the application lacks both: give it one and run again"
    )


def _own(tools: AccountTools) -> str:
    return f" (service principal {tools.own_object_id})" if tools.own_object_id else ""
