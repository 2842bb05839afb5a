"""Whether every Conditional Access policy is as the stack wants it: a pure comparison."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cli.stack_state import Exclusion, ExclusionSet
from entra.exclusion import Entries, live_entries, missing, skip_reason
from entra.policy import Policy

_NOTHING: Final = Entries()


class Result(StrEnum):
    """What is found of one policy."""

    EXCLUDED = "excluded"
    SKIPPED = "skipped"
    GONE = "gone"
    LACKS = "lacks"
    REFUSED = "refused"
    NEW = "new"

    @property
    def is_right(self) -> bool:
        """Whether nobody has to do anything."""
        return self in (Result.EXCLUDED, Result.SKIPPED, Result.GONE)


@dataclass(frozen=True)
class Finding:
    """One policy: what is found, and what it lacks."""

    policy_id: str
    name: str
    state: str
    """``enabled``, ``disabled`` …; empty for a policy that is gone."""
    result: Result
    lacking: tuple[str, ...] = ()
    """``group BTG Admins``, ``account ada@contoso.com``."""
    reason: str = ""
    """Why it is skipped, or why the service refuses."""
    missing: Entries = _NOTHING
    """The ids of what it lacks."""
    modified: str = ""
    """When it was last changed, as the service words it."""


def check(group: ExclusionSet, live: Mapping[str, Policy]) -> list[Finding]:
    """Compare the state's exclusions with the policies that live in the tenant, by policy id.

    A policy that the stack does not know counts when the stack's scope would have it excluded:
    somebody made it since, or a run that failed did not reach it.
    """
    found = [_known(group, one, live.get(one.policy_id)) for one in group.exclusions]
    found += _unknown(group, live)
    return sorted(found, key=lambda one: (one.result.is_right, one.name.casefold(), one.policy_id))


def _known(group: ExclusionSet, one: Exclusion, policy: Policy | None) -> Finding:
    if policy is None:
        return Finding(one.policy_id, one.policy_name, "", Result.GONE)
    lacking = missing(live_entries(policy), one.wanted or group.wanted)
    # A skipped policy may keep the exclusion that an earlier run made; then that has to stand.
    if one.reason and _stays_skipped(group, one, policy) and not (one.wanted and lacking):
        return _finding(policy, Result.SKIPPED, reason=one.reason)
    if not lacking:
        return _finding(policy, Result.EXCLUDED)
    if one.refused:
        return _lacking(group, policy, Result.REFUSED, lacking, one.refused)
    return _lacking(group, policy, Result.LACKS, lacking)


def _stays_skipped(group: ExclusionSet, one: Exclusion, policy: Policy) -> bool:
    """Left alone by the user's own list, or still for what the policy is."""
    listed = skip_reason(policy, scope=group.scope, skip=[policy.id])
    by_the_user = listed is not None and one.reason.startswith(listed)
    return by_the_user or skip_reason(policy, scope=group.scope, skip=group.skip) is not None


def _unknown(group: ExclusionSet, live: Mapping[str, Policy]) -> Iterator[Finding]:
    known = {one.policy_id for one in group.exclusions}
    for policy_id, policy in live.items():
        if policy_id in known:
            continue
        reason = skip_reason(policy, scope=group.scope, skip=group.skip)
        lacking = missing(live_entries(policy), group.wanted)
        if reason is not None:
            yield _finding(policy, Result.SKIPPED, reason=reason)
        elif group.wanted and not lacking:
            yield _finding(policy, Result.EXCLUDED)
        else:
            yield _lacking(group, policy, Result.NEW, lacking)


def _finding(policy: Policy, result: Result, *, reason: str = "") -> Finding:
    return Finding(policy.id, policy.display_name, policy.state, result, reason=reason)


def _lacking(
    group: ExclusionSet, policy: Policy, result: Result, lacking: Entries, reason: str = ""
) -> Finding:
    return Finding(
        policy.id,
        policy.display_name,
        policy.state,
        result,
        _labelled(group, lacking),
        reason,
        lacking,
        policy.modified,
    )


def _labelled(group: ExclusionSet, lacking: Entries) -> tuple[str, ...]:
    labels = group.labels
    groups = (labels.get(key, f"group {key}") for key in lacking.groups)
    users = (labels.get(key, f"account {key}") for key in lacking.users)
    return (*groups, *users)
