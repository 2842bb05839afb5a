"""What one run is going to do with one policy, before anything is written.

Pure: a policy as it was seen, what is wanted of it, and what the state keeps of the last run.
"""

from dataclasses import dataclass

from components.exclusion_choice import Choice
from components.exclusion_listing import lost_entries
from components.exclusion_objects import ExclusionObjects
from components.exclusion_state import ExclusionState, pending_lines
from entra.exclusion import Entries, live_entries, missing
from entra.policy import Policy


@dataclass(frozen=True)
class PolicyPlan:
    """One policy's part of a run."""

    policy: Policy
    pending: tuple[str, ...]
    """What the policy lacks and will be written: ``exclude group BTG Admins``."""
    removed: tuple[str, ...]
    """What leaves the policy: ``stop excluding account …``."""
    lost: Entries
    """What is pending although we had put it there: somebody took it out."""
    healed: int
    """How often that had happened before."""
    refusal: str
    """Why the service does not take the exclusion, when it would only say so again; else empty."""

    @property
    def changes(self) -> tuple[str, ...]:
        """Everything that a write would change; empty when none is needed."""
        return (*self.pending, *self.removed)


def plan_policy(
    choice: Choice,
    objects: ExclusionObjects,
    earlier: ExclusionState | None,
    *,
    owned: Entries,
) -> PolicyPlan:
    """What to do with a policy of which ``earlier`` is what the state knows.

    ``owned``: the objects that are deleted together with the stack, excluded or not. One that no
    longer is departs.
    """
    policy, applies = choice.policy, choice.reason is None
    live = live_entries(policy)
    wanted = objects.known if applies else objects.known & choice.stays
    lacking = missing(live, wanted)
    coming = objects.coming if applies else ()
    if earlier is None:
        lines = pending_lines(lacking, objects.labels)
        return PolicyPlan(policy, (*lines, *_coming(coming)), (), Entries(), 0, "")
    refused = not coming and _would_refuse_again(policy, lacking, wanted, earlier)
    lines = [] if refused else [*pending_lines(lacking, objects.labels), *_coming(coming)]
    departing = earlier.stack_objects - owned
    leaving = ((earlier.added | departing) - wanted) & live
    return PolicyPlan(
        policy,
        pending=tuple(lines),
        removed=tuple(
            f"stop excluding {earlier.labels.get(entry, entry)}"
            for entry in (*leaving.groups, *leaving.users)
        ),
        lost=lost_entries(policy, earlier) & wanted if lines else Entries(),
        healed=earlier.healed,
        refusal=earlier.refused if refused else "",
    )


def _would_refuse_again(
    policy: Policy, lacking: Entries, wanted: Entries, earlier: ExclusionState
) -> bool:
    """The same was refused, and neither the policy nor what is wanted has changed since."""
    same = not (wanted - earlier.wanted or earlier.wanted - wanted)
    return bool(earlier.refused and lacking and same and earlier.refused_of == policy.modified)


def _coming(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"exclude {name}" for name in names)
