"""What to write into a policy's exclusion lists, as pure functions.

We own only our own entries in lists that belong to somebody else: foreign entries and their order
stay, an entry that stood there before us is not ours, and undoing takes away what we added and
nothing more. Ids are compared without regard to case, as the directory does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from entra.policy import Policy


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
    """
    leaving = (added | departing) - wanted
    groups = _target(live.groups, wanted.groups, leaving.groups)
    users = _target(live.users, wanted.users, leaving.users)
    change = None if groups is None and users is None else Change(groups, users)
    return Decision(change, wanted - (live - added), (added & wanted) - live)


def missing(live: Entries, wanted: Entries) -> Entries:
    """Which of ``wanted`` the policy does not exclude."""
    return wanted - live


def skip_reason(policy: Policy, *, scope: Scope, skip: Iterable[str]) -> str | None:
    """Why nobody is excluded from a policy; None when somebody is.

    ``skip`` holds ids and display names. Policies for workload or agent identities, and those for
    nobody, cannot have user exclusions (Microsoft: "Conditional Access for workload identities").
    """
    if is_named(policy, skip):
        return "listed under break-glass:exclusion skip"
    applications = policy.conditions.client_applications or {}
    if any(value for key, value in applications.items() if "agentid" in key.lower()):
        return "applies to agent identities, not to users"
    if any(
        value
        for key, value in applications.items()
        if key in ("includeServicePrincipals", "servicePrincipalFilter")
    ):
        return "applies to workload identities, not to users"
    users = policy.conditions.users
    if users is None or not (
        users.include_users
        or users.include_groups
        or users.include_roles
        or users.include_guests_or_external_users
    ):
        return "applies to no users"
    if users.include_users == ("None",):
        return "applies to no users (users: None)"
    if all(name.lower() == "allagentidusers" for name in users.include_users) and not (
        users.include_groups or users.include_roles or users.include_guests_or_external_users
    ):
        return "applies to agent identities, not to users"
    if scope is Scope.MFA_ONLY and not _asks_for_mfa(policy):
        return "does not ask for multifactor authentication (break-glass:exclusion scope: mfa-only)"
    return None


def is_named(policy: Policy, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is the policy's id or display name."""
    known = {policy.id.casefold(), policy.display_name.casefold()}
    return any(name.strip().casefold() in known for name in names)


def _asks_for_mfa(policy: Policy) -> bool:
    controls = policy.grant_controls
    return controls is not None and (
        "mfa" in controls.built_in_controls or controls.authentication_strength is not None
    )


def _target(
    live: Sequence[str], wanted: Sequence[str], ours: Sequence[str]
) -> tuple[str, ...] | None:
    kept = _without(live, _without(ours, wanted))
    target = (*kept, *_without(wanted, kept))
    return None if target == tuple(live) else _union(target)


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
