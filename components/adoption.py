"""Accounts that somebody else made and that the stack takes in: looked up before anything changes.

Whose a role is gets decided here, once. What an account held before is its owner's: it is never
registered, so nothing takes it away. What it lacked is given by the stack, and goes when the
account leaves. An entry of `GIVEN_TYPE` in the stack's state says that a role is the stack's. It is
written right before the role is given, so that a role whose answer got lost is still known as ours.

A role that is only eligible is not held: it gives nothing until somebody activates it. One that
comes through a group is not either: it goes with the group, and auditors count direct holders.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import pulumi

from components.account_checks import DOUBT_SECONDS, asked
from components.account_roles import ASSIGNMENT_TYPE, assignment_name
from components.adoption_checks import (
    TYPE,
    AdoptedSetting,
    AdoptionDirectory,
    Inquiry,
    Place,
    doubts_about,
    find_user,
    place_of,
    refuse_own,
    refuse_unfit,
)
from components.stack_memory import StackMemory
from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from entra.directory import WHOLE_TENANT, Domain, User

GIVEN_TYPE: Final = "break-glass:index:GivenRole"
ROLE: Final = GLOBAL_ADMINISTRATOR
"""The role that an adopted account gets when it lacks it."""
AT_ONCE: Final = 4
"""Accounts that are looked up at the same time."""


@dataclass(frozen=True)
class FoundAccount:
    """An account to take in, as this run found it."""

    name: str
    """Of its component: `adopted-` and the object id."""
    object_id: str
    user_principal_name: str
    excluded: bool
    retire: bool
    allow_synced: bool = False
    synced: bool = False
    licensed: bool = False
    gone: bool = False
    """Deleted, and retiring: nothing of it is left to manage."""
    own_roles: frozenset[str] = frozenset()
    """Template ids of roles that it lacked: they are the stack's to give and to take away."""
    roles_to_give: frozenset[str] = frozenset()
    """Those of `own_roles` that it is to have after this run."""
    standing: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those of `own_roles` that it holds now: template id → id of the assignment."""
    warnings: tuple[str, ...] = ()


def find_adopted(
    settings: Sequence[AdoptedSetting],
    directory: AdoptionDirectory,
    domains: Sequence[Domain],
    memory: StackMemory,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[FoundAccount, ...]:
    """The accounts of `break-glass:accounts.adopt` as they stand, in the order of the settings.

    Raises RunError for one that is not there, is called otherwise than it was, is a guest, is
    federated, is synced without `allowSynced`, was made by this stack, or is meant twice.
    """
    inquiry = Inquiry(directory, domains, memory, sleep)
    places = [place_of(setting, position) for position, setting in enumerate(settings)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        found = tuple(pool.map(partial(find_account, inquiry=inquiry), settings, places))
    _refuse_twice(settings, found)
    return found


def find_account(
    setting: AdoptedSetting, place: Place, inquiry: Inquiry, name: str | None = None
) -> FoundAccount:
    """One account. `name`: of its component. Raises RunError, see `find_adopted`."""
    user = find_user(setting, place, inquiry)
    if user is None:
        return _gone(setting, inquiry.memory)
    name = name or f"adopted-{user.id.casefold()}"
    if setting.retire and name not in _names(inquiry.memory, TYPE):
        raise pulumi.RunError(
            f"{place.key} is to retire {user.user_principal_name}, but this stack never took it in:"
            " nothing was changed; take it out of there"
        )
    refuse_own(user, place, inquiry.memory)
    if not setting.retire:  # Whoever leaves need not fit any more.
        refuse_unfit(user, setting, place, inquiry.domains)
    account = FoundAccount(
        name=name,
        object_id=user.id,
        user_principal_name=user.user_principal_name,
        excluded=setting.excluded,
        retire=setting.retire,
        allow_synced=setting.allow_synced,
        synced=user.synced,
        licensed=user.licensed,
        warnings=() if setting.retire else doubts_about(user),
    )
    return _with_role(account, user, place, inquiry)


def given_name(name: str, role_id: str) -> str:
    """Resource name of the entry which says that a role of the account component is the stack's."""
    return f"{name}-given-{role_id}"


def mailbox_of(account: FoundAccount) -> tuple[str, ...]:
    """The warning of a licence, for who does not look for obstacles (`entra.obstacles`)."""
    if not account.licensed or account.retire:
        return ()
    return (
        f"{account.user_principal_name} ({account.object_id}) has a licence, so that it can have a"
        " mailbox, which lets attackers write to a Global Administrator: take the licence away"
        " (Microsoft 365 admin centre → Users → Active users → Licenses and apps)",
    )


def _with_role(account: FoundAccount, user: User, place: Place, inquiry: Inquiry) -> FoundAccount:
    known = assignment_name(account.name, ROLE) in _names(inquiry.memory, ASSIGNMENT_TYPE)
    ours = known or given_name(account.name, ROLE) in _names(inquiry.memory, GIVEN_TYPE)
    held = _assignment(user, place, inquiry)
    for pause in () if ours or account.retire else DOUBT_SECONDS:
        if held is not None:
            break
        # A replica that lags would make somebody else's role of ours.
        inquiry.sleep(pause)
        held = _assignment(user, place, inquiry)
    warnings = list(account.warnings)
    if not ours and account.retire and held is not None:
        warnings.append(
            f"{user.user_principal_name} ({user.id}) keeps Global Administrator, which it had"
            " before this stack took it in"
        )
    if not ours and (held is not None or account.retire):
        return replace(account, warnings=tuple(warnings))
    lost = held is not None and not known
    if account.retire and lost:
        warnings.append(
            f"{user.user_principal_name} ({user.id}) holds a role that this stack gave and that had"
            " dropped out of its state: it is taken in now and taken away by the next up"
        )
    return replace(
        account,
        own_roles=frozenset({ROLE}),
        roles_to_give=frozenset({ROLE} if lost or not account.retire else ()),
        standing={} if held is None else {ROLE: held},
        warnings=tuple(warnings),
    )


def _assignment(user: User, place: Place, inquiry: Inquiry) -> str | None:
    """Id of the assignment by which a user holds the role itself, in the whole tenant."""
    named = f"{place.key}: roles of {user.user_principal_name} ({user.id})"
    held = asked(inquiry.directory.role_assignments, user.id, named)
    whole = (one.id for one in held if (one.role_id, one.scope) == (ROLE, WHOLE_TENANT))
    return next(whole, None)


def _gone(setting: AdoptedSetting, memory: StackMemory) -> FoundAccount:
    for urn, outputs in memory(TYPE).items():
        known = [str(outputs.get(key) or "") for key in ("objectId", "userPrincipalName")]
        if setting.account.casefold() in [text.casefold() for text in known]:
            name = urn.rpartition("::")[2]
            known_ours = given_name(name, ROLE) in _names(memory, GIVEN_TYPE)
            return FoundAccount(
                name=name,
                object_id=known[0],
                user_principal_name=known[1],
                excluded=setting.excluded,
                retire=True,
                gone=True,
                # Its entry is protected until this run, and can only go in the next one.
                own_roles=frozenset({ROLE} if known_ours else ()),
                warnings=(f"{known[1]} ({known[0]}) is not in the tenant any more, and retires",),
            )
    raise LookupError(setting.account)


def _refuse_twice(settings: Sequence[AdoptedSetting], found: Sequence[FoundAccount]) -> None:
    seen: dict[str, str] = {}
    for setting, account in zip(settings, found, strict=True):
        if account.name in seen:
            raise pulumi.RunError(
                f"break-glass:accounts.adopt holds one account twice, as {seen[account.name]!r} and"
                f" as {setting.account!r} (object id {account.object_id}): nothing was changed;"
                " take one of them out"
            )
        seen[account.name] = setting.account


def _names(memory: StackMemory, type_: str) -> frozenset[str]:
    return frozenset(urn.rpartition("::")[2] for urn in memory(type_))
