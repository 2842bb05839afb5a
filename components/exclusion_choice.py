"""From which policies to exclude, and which exclusions only stay.

Settings alone take an exclusion away. What a policy says may add one, never remove one: its owner
can park it for an hour (users: None, no MFA) and turn it back, and it must not come back armed; nor
may a new name that happens to be on the skip list arm it. Whether the settings changed is told by
those under which this very policy was last decided on: a run between may have ended midway.
"""

from dataclasses import dataclass

from components.exclusion_settings import ExclusionSettings
from entra.exclusion import Entries, is_named, is_out_of_scope, skip_reason
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
    settings: ExclusionSettings,
    *,
    before: ExclusionSettings | None,
    earlier: Entries,
) -> Choice:
    """Decide on one policy.

    `before`: the settings under which it was last decided on; None when nothing tells.
    `earlier`: what was wanted excluded then.
    """
    reason = skip_reason(policy, scope=settings.scope, skip=settings.skip)
    if reason is None:
        return Choice(policy, None, Entries())
    narrowed = before is not None and before.scope is not settings.scope
    if not earlier or (narrowed and is_out_of_scope(policy, settings.scope)):
        return Choice(policy, reason, Entries())
    if not is_named(policy, settings.skip):
        return Choice(policy, f"{reason}; the exclusion made earlier stays", earlier)
    if before is None or not _renamed(policy, settings.skip, before.skip):
        return Choice(policy, reason, Entries())
    kept = "renamed to what is listed under skip; the exclusion made earlier stays"
    return Choice(policy, f"{kept} (to end it, list the id)", earlier)


def _renamed(policy: Policy, skip: tuple[str, ...], skip_before: tuple[str, ...]) -> bool:
    """Whether it is listed by nothing but a name that was listed before and did not apply to it.

    A policy never gets another one's id: whoever lists the id means it.
    """
    return all(
        entry in skip_before and entry.strip().casefold() != policy.id.casefold()
        for entry in skip
        if is_named(policy, [entry])
    )
