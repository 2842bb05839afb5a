"""What one run looked at itself, put together from the steps of the engine.

A preview looks at everything: the engine refreshes what the state knows, and the program lists the
policies and looks at the accounts. An `up` adds what it wrote, as far as it came. A refresh looks
at what the state knows, so neither at new policies nor at the accounts' obstacles. What is taken
down by a `destroy` is not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fleet.events import Events
from fleet.exclusions import How, Verdict, counted, names
from fleet.report import PolicyCounts
from fleet.standing import STACK, Standing, standing_of

JSON = Mapping[str, Any]

NOTHING_SEEN: Final = Standing()


@dataclass
class Step:
    """One operation of the engine. `kind`: what it looks at, as ``Events.resources`` takes it."""

    kind: str
    events: Events
    ended_well: bool = False


@dataclass(frozen=True)
class Seen:
    """What the steps tell."""

    standing: Standing = NOTHING_SEEN
    lost: int = 0
    """Policies from which somebody took the exclusion, as they were before anything was written."""
    new: list[str] = field(default_factory=list[str])
    """Names of policies made since the last run of a stack that stands, without the exclusion."""
    refused: list[str] = field(default_factory=list[str])
    """Names of policies from which the service lets nobody be excluded."""
    found_right: bool = False
    """Every policy was looked at, and nothing was to be written."""
    left_right: bool = False
    """So after what was written: policies were looked at, and none of them refused."""


def look_back(operation: str, steps: Sequence[Step]) -> Seen:
    """What was seen; nothing of a preview that failed: its program did not get to its outputs."""
    if operation == "destroy" or not steps or not steps[0].ended_well:
        return Seen()
    first = steps[0].events
    before = first.exclusions(steps[0].kind)
    standing = first.is_standing()
    policies = dict(before)
    resources: dict[str, JSON] = {}
    unanswered: list[str] = []
    for step in steps:
        policies.update(step.events.exclusions(step.kind) if step is not steps[0] else {})
        if step.ended_well:
            resources.update({str(one["urn"]): one for one in step.events.resources(step.kind)})
            unanswered = step.events.unanswered()
    looked = operation != "refresh"
    # A refresh shows the program's outputs as the last run left them.
    shown = [one for one in resources.values() if looked or one["type"] != STACK]
    today = standing_of(shown, unanswered)
    today = replace(today, policies=_counts(today, policies, looked=looked, is_standing=standing))
    verdicts = before.values()
    return Seen(
        standing=today,
        lost=len(names(verdicts, How.LOST)),
        new=names(verdicts, How.NEW) if standing else [],
        refused=names(policies.values(), How.REFUSED),
        found_right=looked
        and standing
        and today.policies.drifted == 0
        and all(one.is_right for one in verdicts),
        # Of what nobody looked at, nothing is proved: no policy was seen, nor that there is none.
        left_right=today.policies.excluded is not None
        and all(one.is_right for one in policies.values()),
    )


def _counts(
    today: Standing, policies: Mapping[str, Verdict], *, looked: bool, is_standing: bool
) -> PolicyCounts:
    if policies:
        return counted(policies.values(), all_looked_at=looked, is_standing=is_standing)
    if today.policies.excluded is None or not looked:
        return PolicyCounts()
    return PolicyCounts(excluded=0, skipped=0, drifted=0)  # a tenant without policies
