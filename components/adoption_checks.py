"""Which account is meant by an object id or a user principal name, and whether it can be taken in.

What does not fit ends the run with one line (`pulumi.RunError`): what was found, what is expected,
how to put it right.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pulumi

from components.account_arguments import TYPE as MADE_TYPE
from components.account_arguments import USER_TYPE
from components.account_checks import AccountDirectory, asked, living
from components.stack_memory import StackMemory
from entra.directory import Domain, User
from entra.policy import told

TYPE: Final = "break-glass:index:AdoptedAccount"
SETTING: Final = "break-glass:accounts.adopt"


class AdoptionDirectory(AccountDirectory, Protocol):
    """What is asked of `entra.directory.Directory`."""

    def domains(self) -> tuple[Domain, ...]:
        """Every domain of the tenant, verified or not."""
        ...


class AdoptedSetting(Protocol):
    """What a user writes about an account that is to be taken in."""

    @property
    def account(self) -> str:
        """Object id or user principal name."""
        ...

    @property
    def allow_synced(self) -> bool:
        """Whether it may come from an on-premises directory."""
        ...

    @property
    def excluded(self) -> bool:
        """Whether the policies let it through."""
        ...

    @property
    def retire(self) -> bool:
        """Whether it is about to leave: what the stack gave it goes."""
        ...


@dataclass(frozen=True)
class Place:
    """Where a setting stands."""

    key: str
    """As a message names it."""
    write: Callable[[str], str]
    """The command, or the words, that put another account there."""


@dataclass(frozen=True)
class Inquiry:
    """Whom to ask, and what the stack knew before this run."""

    directory: AdoptionDirectory
    domains: Sequence[Domain]
    memory: StackMemory
    sleep: Callable[[float], None] = time.sleep


def place_of(setting: AdoptedSetting, position: int) -> Place:
    """Where `setting` stands in the stack's settings."""
    key = f"{SETTING}[{position}]"
    plain = not (setting.allow_synced or setting.retire) and setting.excluded
    path = key if plain else f"{key}.account"
    return Place(key, lambda account: f'pulumi config set --path "{path}" {account}')


def find_user(setting: AdoptedSetting, place: Place, inquiry: Inquiry) -> User | None:
    """The live user that is meant; None when it is gone and is to retire anyway.

    Raises RunError when there is none, and when the name is not that of the account any more that
    the stack took in by it.
    """
    account = setting.account
    user = _living(account, place, inquiry)
    known = _known_as(account, inquiry.memory)
    if user is None and known is None:
        raise pulumi.RunError(
            f"{place.key} holds {account!r}, which is no user of the tenant"
            f"{_deleted(account, place, inquiry)}: expected the object id or the user principal"
            " name of one (Entra admin centre → Users), and nothing was changed; if it was made or"
            " restored just now, run again in some minutes"
        )
    if known is None or (user is not None and user.id.casefold() == known):
        return user
    before = _living(known, place, inquiry) if known != account.casefold() else None
    if before is not None:
        taken = f", and that name belongs to another user now ({user.id})" if user else ""
        raise pulumi.RunError(
            f"{place.key} holds {account!r}, but the account that this stack took in by that name"
            f" ({known}) is called {before.user_principal_name} now{taken}: nothing was changed;"
            f" its object id never changes: {place.write(known)}"
        )
    if setting.retire and user is None:
        return None
    where = (
        f"was deleted: restore it within 30 days: breakglass account restore {known} (or Entra"
        " admin centre → Users → Deleted users), and run again"
        if asked(inquiry.directory.deleted_users, known, place.key)
        else "is nowhere in the tenant, not among the deleted users either: if it was restored just"
        " now, run again in some minutes"
    )
    taken = f" (the name belongs to user {user.id} now)" if user else ""
    raise pulumi.RunError(
        f"{place.key} holds {account!r}{taken}, but the account that this stack took in ({known})"
        f" {where}; nothing was changed; to let go of it: account: {known} and retire: true in its"
        " place, run up, then take it out and run up again"
    )


def refuse_own(user: User, place: Place, memory: StackMemory) -> None:
    """Raises RunError for an account that the stack itself made."""
    for type_, suffix in ((MADE_TYPE, ""), (USER_TYPE, "-user")):
        for urn, outputs in memory(type_).items():
            if str(outputs.get("objectId") or "").casefold() == user.id.casefold():
                name = urn.rpartition("::")[2].removesuffix(suffix)
                raise pulumi.RunError(
                    f"{place.key} holds {user.user_principal_name} ({user.id}), which this stack"
                    f" made itself ({name}): nothing was changed; take it out of there"
                )


def refuse_unfit(
    user: User, setting: AdoptedSetting, place: Place, domains: Sequence[Domain]
) -> None:
    """Raises RunError for a guest, for an account whose sign-in hangs on another system, and for
    one from an on-premises directory that was not allowed.
    """
    named = f"{place.key} holds {user.user_principal_name} ({user.id})"
    if user.guest:
        raise pulumi.RunError(
            f"{named}, which is a guest: another organization decides about its sign-in; expected"
            " a member of this tenant, and nothing was changed"
        )
    if user.synced:
        if not setting.allow_synced:
            raise pulumi.RunError(
                f"{named}, which comes from an on-premises directory: whoever controls that, or the"
                " server that syncs it, controls the account, and nothing was changed; expected a"
                " cloud-only account; to take it in all the same, write there"
                f" {{account: {user.id}, allowSynced: true}}"
            )
        return
    name = user.user_principal_name.rpartition("@")[2]
    domain = next((one for one in domains if one.name.casefold() == name.casefold()), None)
    if domain is None:
        raise pulumi.RunError(
            f"{named}, whose domain {told(name)} is not among those that Microsoft Graph lists now,"
            " so that nobody can tell whether it is federated: nothing was changed; run again in"
            " some minutes"
        )
    if not domain.managed:
        usable = ", ".join(one.name for one in domains if one.is_verified and one.managed)
        raise pulumi.RunError(
            f"{named}, whose domain {domain.name} is federated: signing in would depend on another"
            f" system, which may be what has failed; nothing was changed; expected an account in"
            f" {usable or 'a managed domain'}"
        )


def doubts_about(user: User) -> tuple[str, ...]:
    """What weakens an account that is taken in all the same, a line for each."""
    if not user.synced:
        return ()
    return (
        f"{user.user_principal_name} ({user.id}) comes from an on-premises directory: whoever"
        " controls that, or the server that syncs it, can take over the account and with it the"
        " tenant; when that directory is down a disabled account stays disabled, and its password"
        " is never the stack's",
    )


def _living(account: str, place: Place, inquiry: Inquiry) -> User | None:
    named = f"{place.key} ({account})"
    return living(inquiry.directory, account, named, sleep=inquiry.sleep)


def _deleted(account: str, place: Place, inquiry: Inquiry) -> str:
    found = asked(inquiry.directory.deleted_users, account, place.key)
    ids = ", ".join(user.id for user in found)
    return (
        f" (deleted: {ids}; Entra admin centre → Users → Deleted users → Restore brings it back)"
        if found
        else ""
    )


def _known_as(account: str, memory: StackMemory) -> str | None:
    """Object id of the account that the stack took in by this id or name."""
    sought = account.casefold()
    for outputs in memory(TYPE).values():
        known = _texts(outputs)
        if sought in known:
            return known[0]
    return None


def _texts(outputs: Mapping[str, object]) -> tuple[str, str]:
    keys = ("objectId", "userPrincipalName")
    object_id, name = (str(outputs.get(key) or "").casefold() for key in keys)
    return object_id, name
