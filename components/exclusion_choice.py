"""From which policies to exclude, and which exclusions only stay.

Settings alone take an exclusion away. What a policy says may add one, never remove one: its owner
can park it for an hour (users: None, no MFA) and turn it back, and it must not come back armed; nor
may a new name that happens to be on the skip list arm it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from entra.exclusion import Entries, Scope, is_named, skip_reason
from entra.policy import Policy


@dataclass(frozen=True)
class Choice:
    """What becomes of one policy."""

    policy: Policy
    reason: str | None
    """Why nobody is excluded anew; None when the group and accounts are."""
    stays: Entries
    """What an earlier run excluded and a policy that is skipped for its content keeps."""


def choose(
    policy: Policy,
    *,
    scope: Scope,
    same_scope: bool,
    skip: Sequence[str],
    skip_before: Sequence[str] = (),
    earlier: Entries,
) -> Choice:
    """Decide on one policy.

    `same_scope`: the setting is the last run's. `skip_before`: what the last run's setting listed.
    `earlier`: what the last run wanted excluded.
    """
    reason = skip_reason(policy, scope=scope, skip=skip)
    if reason is None:
        return Choice(policy, None, Entries())
    if is_named(policy, skip):
        if earlier and _renamed(policy, skip, skip_before):
            kept = "renamed to what is listed under skip; the exclusion made earlier stays"
            return Choice(policy, f"{kept} (to end it, list the id)", earlier)
        return Choice(policy, reason, Entries())
    left_out_by_scope = skip_reason(policy, scope=Scope.ALL, skip=()) is None
    if (left_out_by_scope and not same_scope) or not earlier:
        return Choice(policy, reason, Entries())
    return Choice(policy, f"{reason}; the exclusion made earlier stays", earlier)


def _renamed(policy: Policy, skip: Sequence[str], skip_before: Sequence[str]) -> bool:
    """Whether it is listed by nothing but a name that the last run knew of and did not apply to it.

    A policy never gets another one's id: whoever lists the id means it.
    """
    return all(
        entry in skip_before and entry.strip().casefold() != policy.id.casefold()
        for entry in skip
        if is_named(policy, [entry])
    )
