"""What a run leaves behind: the policies that exclude us; those that do not, and why.

The engine prints outputs as they are, so names stand in them as `told`.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from components.exclusion_choice import Choice
from components.exclusion_plan import PolicyPlan
from components.exclusion_state import ExclusionState
from entra.policy import told


class ExcludedPolicy(TypedDict):
    """A policy that lets the group and the accounts through."""

    id: str
    """Object id."""
    name: str
    """Display name."""


class SkippedPolicy(TypedDict):
    """A policy that is left alone, or that takes no exclusion."""

    id: str
    """Object id."""
    name: str
    """Display name."""
    reason: str
    """Why."""


def refusals(
    plans: Mapping[str, PolicyPlan],
    answers: Mapping[str, str | None],
    earlier: Mapping[str, ExclusionState],
) -> dict[str, str]:
    """Why the service takes no exclusion, by policy id.

    ``answers``: what the policy exclusions say after the run, None in a preview that cannot know
    yet how a write will be answered: then the last write's answer counts. Where our entries stand
    all the same, somebody has put them there by hand.
    """
    found: dict[str, str] = {}
    for policy_id, plan in plans.items():
        answer, state = answers[policy_id], earlier.get(policy_id)
        if answer is None:
            answer = state.refused if state else ""
        if answer and (plan.refusal or plan.pending):
            found[policy_id] = answer
    return found


def excluded_policies(
    choices: Sequence[Choice], refused: Mapping[str, str]
) -> list[ExcludedPolicy]:
    """Each policy that excludes us."""
    return [
        {"id": choice.policy.id, "name": told(choice.policy.display_name)}
        for choice in choices
        if choice.reason is None and choice.policy.id not in refused
    ]


def skipped_policies(choices: Sequence[Choice], refused: Mapping[str, str]) -> list[SkippedPolicy]:
    """Each policy that does not."""
    return [
        {"id": choice.policy.id, "name": told(choice.policy.display_name), "reason": reason}
        for choice in choices
        if (reason := choice.reason or refused.get(choice.policy.id)) is not None
    ]
