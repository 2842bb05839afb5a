"""What the administrator reads of a run's exclusions: in its preview as well as in the run itself.

One line for each policy that will be written, by its display name; one that adds them up. A warning
is what somebody should do something about.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from components.exclusion_drift import Culprits
from components.exclusion_plan import PolicyPlan
from entra.exclusion import named_by
from entra.policy import Policy, told

MANY_WRITES: Final = 20
"""Above so many policies to write, one listing serves several writes."""
LISTING_SECONDS: Final = 15
"""Age of such a listing at most."""
WRITES_TO_A_LISTING: Final = 12
"""So many writes, a second each, fit into that age beside the listing itself."""


def freshness_of(writes: int, setting: int) -> int:
    """How old, in seconds, a listing may be on which this run's writes rest; 0: none serves."""
    return LISTING_SECONDS if setting == 0 and writes > MANY_WRITES else setting


def summary(writes: int, setting: int) -> str | None:
    """How much there is to write and how long that takes; None for nothing."""
    if not writes:
        return None
    freshness = freshness_of(writes, setting)
    listings = math.ceil(writes / max(1, min(WRITES_TO_A_LISTING, freshness)))
    requests = writes + (listings if freshness else writes) + 1
    policies = "policy" if writes == 1 else "policies"
    text = (
        f"{writes} Conditional Access {policies} to write: {requests} requests with the check at"
        f" the end, {_duration(requests)} (Microsoft takes one a second)"
    )
    if freshness == setting:
        return text
    return (
        f"{text}; a listing of at most {freshness} s serves for each dozen, instead of a read"
        " before each write; freshnessSeconds in break-glass:exclusion (1 to 15) sets another age"
    )


def policy_line(plan: PolicyPlan, culprits: Culprits) -> str:
    """What will be written into one policy and, if we had written that before, who undid it."""
    line = f"{titled(plan.policy)}: {', '.join(plan.changes)}"
    if not plan.lost:
        return line
    culprit = culprits.told(plan.policy.id)
    if not plan.healed:
        return f"{line} (somebody took that out{culprit})"
    return (
        f"{line} (taken out for the {_ordinal(plan.healed + 1)} time{culprit}). Does a deployment"
        " keep this policy? `breakglass exclusion snippet` prints the lines that its owner's code"
        " needs"
    )


def is_warning(plan: PolicyPlan) -> bool:
    """Whether the line says more than what this run puts right."""
    return bool(plan.lost) and plan.healed > 0


def refusal_line(policy: Policy, refusal: str) -> str:
    """A policy in which nobody can be excluded through Microsoft Graph."""
    return f"{titled(policy)} is not excluded from: {refusal}"


def skip_lines(policies: Sequence[Policy], skip: Iterable[str]) -> list[str]:
    """Warnings about entries of the skip list that say something else than was meant."""
    lines: list[str] = []
    for entry in skip:
        named = named_by(policies, entry)
        if not named:
            lines.append(f"exclusion skip: no policy has the id or name '{told(entry)}'")
        elif len(named) > 1:
            ids = ", ".join(policy.id for policy in named)
            lines.append(
                f"exclusion skip: '{told(entry)}' names {len(named)} policies, and all of them are"
                f" left alone: {ids}; name one by its id to leave only that one alone"
            )
    return lines


def riddle_lines(policies: Sequence[Policy]) -> list[str]:
    """Warnings about policies of which nobody can tell whether they stop the accounts."""
    return [
        f"{titled(policy)}: the service does not tell whom this policy applies to, so nobody is"
        " excluded from it anew: look at it in the Entra admin centre (Conditional Access), and"
        " run again when it has users"
        for policy in policies
        if not policy.tells_conditions
    ]


def security_defaults_line(policies: int) -> str:
    """What it means for the accounts that no policy is enforced."""
    all_the_same = (
        ""
        if not policies
        else "; its policy is excluded from all the same"
        if policies == 1
        else f"; its {policies} policies are excluded from all the same"
    )
    until = f"{all_the_same}, for the day when they are switched on" if all_the_same else ""
    return (
        "security defaults are on in this tenant: no Conditional Access policy is enforced, so"
        " there is nothing to be excluded from, and every administrator is asked for MFA, the"
        f" break-glass accounts too: register a passkey for each{until}"
    )


NO_POLICIES: Final = "the tenant has no Conditional Access policy to be excluded from"


def titled(policy: Policy) -> str:
    """``Require MFA (3b1f…)``, in one line whatever the name holds."""
    return f"{told(policy.display_name)} ({policy.id})"


def _duration(seconds: int) -> str:
    return f"about {seconds} s" if seconds < 120 else f"about {math.ceil(seconds / 60)} minutes"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
