"""What to write into a policy's exclusion lists, as pure functions.

We own only our own entries in lists that belong to somebody else: foreign entries and their order
stay, an entry that stood there before us is not ours, and undoing takes away what we added and
nothing more. Ids are compared without regard to case, as the directory does.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from entra.policy import Policy, storable, told

_NOBODY: Final = "none"
_ALL_AGENT_USERS: Final = "allagentidusers"
_WORKLOADS: Final = ("includeserviceprincipals", "serviceprincipalfilter")


@dataclass(frozen=True)
class Entries:
    """Object ids in the two exclusion lists of a policy."""

    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.users)

    def __or__(self, other: "Entries") -> "Entries":
        return Entries(
            _union(self.groups, other.groups),
            _union(self.users, other.users),
        )

    def __sub__(self, other: "Entries") -> "Entries":
        return Entries(
            _without(self.groups, other.groups),
            _without(self.users, other.users),
        )

    def __and__(self, other: "Entries") -> "Entries":
        return self - (self - other)


@dataclass(frozen=True)
class Change:
    """The complete lists to write; None for a list that stays as it is."""

    exclude_groups: tuple[str, ...] | None
    exclude_users: tuple[str, ...] | None


class Scope(StrEnum):
    """Which policies the accounts are excluded from."""

    ALL = "all"
    MFA_ONLY = "mfa-only"


def live_entries(policy: Policy) -> Entries:
    """Everything that a policy excludes now."""
    return Entries(policy.exclude_groups, policy.exclude_users)


@dataclass(frozen=True)
class Decision:
    """What becomes of one policy's exclusion lists."""

    change: Change | None
    """What to write; None when the policy is right as it is."""
    added: Entries
    """What in the policy is ours afterwards: all that is wanted and did not stand there before."""
    lost: Entries
    """What we had put there, is still wanted, and somebody took out."""


def decide(live: Entries, wanted: Entries, added: Entries, departing: Entries) -> Decision:
    """What to write so that ``wanted`` is excluded and what else is ours no longer is.

    ``live``: what the policy excludes now. ``added``: what we added before. ``departing``: objects
    that this stack deletes; they leave the policy whoever put them there, because Conditional
    Access must name no deleted object.

    The lists to write are those of ``live`` as they stand, less what leaves, and then what is
    missing. Foreign entries keep their order, their spelling and even their duplicates: the service
    holds that very list already, so it takes it again, and undoing leaves what was there. An entry
    of ours that stands there in any spelling is right and is not written again.
    """
    leaving = (added | departing) - wanted
    groups = _target(live.groups, wanted.groups, leaving.groups)
    users = _target(live.users, wanted.users, leaving.users)
    change = None if groups is None and users is None else Change(groups, users)
    return Decision(change, (wanted | Entries()) - (live - added), (added & wanted) - live)


def missing(live: Entries, wanted: Entries) -> Entries:
    """Which of ``wanted`` the policy does not exclude."""
    return wanted - live


def skip_reason(policy: Policy, *, scope: Scope, skip: Iterable[str]) -> str | None:
    """Why nobody is excluded from a policy; None when somebody is.

    ``skip`` holds ids and display names. A policy for people is excluded from whatever its state,
    its target (applications, user actions, authentication contexts), its conditions and its maker.
    Those for workload or agent identities alone, and those for nobody, have no user to exclude.

    Sources: Microsoft Graph, "conditionalAccessUsers", "conditionalAccessClientApplications" (the
    agents' properties are of beta; v1.0 shows such a policy as one for nobody) and Microsoft Learn,
    "Conditional Access for agent identities" (the literal ``AllAgentIdUsers``). That no policy
    applies to people and to workload identities at once is assumed; one that did would be
    excluded from, because it could lock people out.
    """
    if is_named(policy, skip):
        return "listed under skip"
    if not _applies_to_people(policy):
        return _why_to_nobody(policy)
    if is_out_of_scope(policy, scope):
        return "does not ask for multifactor authentication (exclusion scope: mfa-only)"
    return None


def is_out_of_scope(policy: Policy, scope: Scope) -> bool:
    """Whether the scope leaves the policy out for what it asks for, whomever it applies to."""
    return scope is Scope.MFA_ONLY and not _asks_for_mfa(policy)


def is_named(policy: Policy, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is the policy's id or display name, as stored or as told.

    Case, surrounding blanks and the composition of accents make no difference.
    """
    return is_listed(policy.id, policy.display_name, names)


def is_listed(policy_id: str, display_name: str, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is this id, or this display name as stored or as told."""
    known = {_key(policy_id), _key(display_name), _key(told(display_name))}
    return any(_key(name) in known for name in names if name.strip())


def named_by(policies: Iterable[Policy], entry: str) -> list[Policy]:
    """The policies that an entry of a skip list means: several when their display names are one."""
    return [policy for policy in policies if is_named(policy, [entry])]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", storable(name)).strip().casefold()


def _applies_to_people(policy: Policy) -> bool:
    users = policy.conditions.users
    return users is not None and bool(
        any(_key(entry) not in (_NOBODY, _ALL_AGENT_USERS) for entry in users.include_users)
        or users.include_groups
        or users.include_roles
        or users.include_guests_or_external_users
    )


def _why_to_nobody(policy: Policy) -> str:
    if not policy.tells_conditions:
        return "the service does not tell whom it applies to"
    users = policy.conditions.users
    included = [_key(entry) for entry in users.include_users] if users else []
    applications = policy.conditions.client_applications or {}
    chosen = [key.casefold() for key, value in applications.items() if _says_something(value)]
    if _ALL_AGENT_USERS in included or any("agentid" in key for key in chosen):
        return "applies to agent identities, not to users"
    if any(key in _WORKLOADS for key in chosen):
        return "applies to workload identities, not to users"
    return "applies to no users" + (" (users: None)" if included else "")


def _asks_for_mfa(policy: Policy) -> bool:
    controls = policy.grant_controls
    return controls is not None and (
        any(control.casefold() == "mfa" for control in controls.built_in_controls)
        or _says_something(controls.authentication_strength)
    )


def _says_something(value: Any) -> bool:
    """False for what the service shows where nothing is chosen: null, empty, an object of nulls."""
    if isinstance(value, Mapping):
        return any(_says_something(part) for part in cast("Mapping[str, Any]", value).values())
    return bool(value)


def _target(
    live: Sequence[str], wanted: Sequence[str], leaving: Sequence[str]
) -> tuple[str, ...] | None:
    kept = _without(live, leaving)
    target = (*kept, *_without(_union(wanted), kept))
    return None if target == tuple(live) else target


def _union(*lists: Sequence[str]) -> tuple[str, ...]:
    """All entries in order, each once."""
    seen: dict[str, str] = {}
    for entries in lists:
        for entry in entries:
            seen.setdefault(entry.casefold(), entry)
    return tuple(seen.values())


def _without(entries: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    excluded = {other.casefold() for other in others}
    return tuple(entry for entry in entries if entry.casefold() not in excluded)
