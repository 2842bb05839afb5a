"""Which administrators of the tenant are told of an alarm: `allAdmins`.

What the directory says may come back short. Whoever was told before is told on, unless the
directory says of that one alone: gone, disabled, or administrator no more.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pulumi

from components.action_group_checks import check_mail_count
from components.azure_resources import ACTION_GROUP_TYPE, several
from components.stack_memory import StackMemory
from entra.administrators import PREFIX, Administrator, FoundAdministrators
from entra.built_in_roles import role_name
from entra.errors import EntraError
from entra.policy import told
from settings_receivers import Notify

ACCOUNT_TYPES: Final = ("break-glass:index:BreakGlassAccount", "break-glass:index:AdoptedAccount")


class RoleHolders(Protocol):
    """What the look-up asks of `entra.administrators.AdministratorDirectory`."""

    def holders(self, role_ids: Sequence[str], left_out: Collection[str]) -> FoundAdministrators:
        """The enabled users that hold any of the roles."""
        ...

    def is_administrator(self, user_principal_name: str, role_ids: Collection[str]) -> bool:
        """Whether one user is there, enabled and a holder of any of the roles."""
        ...


@dataclass(frozen=True)
class ToldAdministrators:
    """Who is told because of `allAdmins`, and what to say about it."""

    administrators: tuple[Administrator, ...] = ()
    notices: tuple[str, ...] = ()
    """What to warn of."""
    remarks: tuple[str, ...] = ()
    """What to say besides."""


def find_administrators(
    notify: Notify,
    key: str,
    child: str,
    directory: RoleHolders,
    adopted: Collection[str],
    memory: StackMemory,
) -> ToldAdministrators:
    """Who holds one of the chosen roles and has a mailbox, without the emergency accounts.

    `key` is the setting of the action group and `child` its logical name; `adopted` are the
    accounts that the stack takes in, by object id or user principal name. Raises RunError when
    there is nobody, and beyond the service's limit; EntraError when nothing can be told.
    """
    if notify.all_admins is None:
        return ToldAdministrators()
    roles = notify.all_admins.roles
    found = directory.holders(roles, [*adopted, *_own_accounts(memory)])
    told_now = {one.user_principal_name.casefold() for one in found.administrators}
    earlier = [
        one
        for one in _told_before(child, memory)
        if one.user_principal_name.casefold() not in told_now
    ]
    kept, notices = _still(earlier, roles, directory)
    everybody = sorted(
        (*found.administrators, *kept), key=lambda one: one.user_principal_name.casefold()
    )
    if not everybody:
        raise pulumi.RunError(_nobody(key, roles, found.without_mailbox))
    addresses = {one.address.casefold() for one in (*notify.emails, *everybody)}
    if warning := check_mail_count(len(addresses), key):
        notices.append(warning)
    gone = [one.user_principal_name for one in earlier if one not in kept]
    return ToldAdministrators(
        tuple(everybody),
        tuple(notices),
        tuple(_remarks(key, everybody, gone, found.without_mailbox)),
    )


def _own_accounts(memory: StackMemory) -> Iterator[str]:
    for type_ in ACCOUNT_TYPES:
        for outputs in memory(type_).values():
            if outputs.get("objectId"):
                yield str(outputs["objectId"])


def _told_before(child: str, memory: StackMemory) -> Iterator[Administrator]:
    for urn, outputs in memory(ACTION_GROUP_TYPE).items():
        if urn.rpartition("::")[2] == child:
            for receiver in outputs.get("emailReceivers") or ():
                name = str(receiver.get("name") or "")
                if name.startswith(PREFIX):
                    address = str(receiver.get("emailAddress") or "")
                    yield Administrator(name.removeprefix(PREFIX), address)


def _still(
    earlier: Sequence[Administrator], roles: Sequence[str], directory: RoleHolders
) -> tuple[list[Administrator], list[str]]:
    """Those who are told on, and the warnings about those of whom nothing could be told."""
    kept: list[Administrator] = []
    notices: list[str] = []
    for one in earlier:
        try:
            if directory.is_administrator(one.user_principal_name, roles):
                kept.append(one)
        except EntraError as error:
            kept.append(one)
            notices.append(
                f"whether {told(one.user_principal_name)} is still an administrator cannot be"
                f" told, so that the alarm goes on to {one.address}: {error}"
            )
    return kept, notices


def _nobody(key: str, roles: Sequence[str], without_mailbox: Sequence[str]) -> str:
    names = [role_name(role) or role for role in roles]
    has = (
        f"has a mailbox ({several([told(one) for one in without_mailbox])} have none)"
        if without_mailbox
        else "is there but the emergency accounts"
    )
    return (
        f"{key}.allAdmins finds nobody to tell: no holder of {', '.join(names)} {has}; nothing was"
        f' changed; name receivers: pulumi config set --path "{key}.emails[0].name" "Security'
        f' desk"; pulumi config set --path "{key}.emails[0].address" "security@contoso.com"; pulumi'
        f' config rm --path "{key}.allAdmins"'
    )


def _remarks(
    key: str, everybody: Sequence[Administrator], gone: Sequence[str], deaf: Sequence[str]
) -> Iterator[str]:
    people = [f"{told(one.user_principal_name)}" for one in everybody]
    yield f"{key}.allAdmins tells {len(people)} by mail: {several(people)}"
    if deaf:
        yield (
            f"{key}.allAdmins does not reach {several([told(one) for one in deaf])}: administrators"
            " without a mailbox"
        )
    if gone:
        yield (
            f"{key}.allAdmins tells {several([told(one) for one in gone])} no longer: gone,"
            " disabled, or administrators no more"
        )
