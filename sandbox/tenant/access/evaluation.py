"""Conditional Access: which policies apply to a sign-in, which do not and why, and the outcome.

All policies are held against the sign-in; all that apply must be satisfied together; one that
blocks wins. A policy is ruled out by the first condition that does not fit. Source: Microsoft
Learn, "Building a Conditional Access policy" and "Conditional Access What If tool".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.tenant.access import conditions
from sandbox.tenant.access.conditions import NotEvaluated, Object, SignInContext
from sandbox.tenant.access.grant_controls import Demand, demand

Decision = Literal["allowed", "mfa", "blocked"]
Result = Literal["applied", "notApplied", "reportOnly", "disabled", "notEvaluated"]

__all__ = ["Decision", "Evaluation", "PolicyResult", "Result", "SignInContext", "evaluate"]


@dataclass(frozen=True)
class PolicyResult:
    """What one policy does to the sign-in. `demand` is set when its conditions all fit."""

    id: str
    display_name: str
    state: str
    result: Result
    reason: str
    session_controls: tuple[str, ...] = ()
    demand: Demand | None = None


@dataclass(frozen=True)
class Evaluation:
    """The outcome of all policies together, with each policy's own result in their order."""

    decision: Decision
    policies: tuple[PolicyResult, ...]

    @property
    def applied(self) -> tuple[PolicyResult, ...]:
        """The policies that are enforced on this sign-in."""
        return tuple(policy for policy in self.policies if policy.result == "applied")

    @property
    def not_evaluated(self) -> tuple[str, ...]:
        """One sentence for each policy whose effect on this sign-in is not known here."""
        return tuple(
            f"'{policy.display_name}': {policy.reason}"
            for policy in self.policies
            if policy.result == "notEvaluated"
        )


def evaluate(
    policies: Sequence[Object], context: SignInContext, named_locations: Sequence[Object]
) -> Evaluation:
    """Hold every policy (as Graph shows it) against a sign-in."""
    results = tuple(_one(policy, context, named_locations) for policy in policies)
    answers = {
        result.demand.answer for result in results if result.demand and result.result == "applied"
    }
    decision: Decision = "allowed"
    if "impossible" in answers:
        decision = "blocked"
    elif "mfa" in answers:
        decision = "mfa"
    return Evaluation(decision, results)


def _one(policy: Object, context: SignInContext, named_locations: Sequence[Object]) -> PolicyResult:
    def answer(
        result: Result, reason: str, asked: Demand | None = None, session: tuple[str, ...] = ()
    ) -> PolicyResult:
        return PolicyResult(
            policy["id"], policy["displayName"], policy["state"], result, reason, session, asked
        )

    if policy["state"] == "disabled":
        return answer("disabled", "the policy is disabled")
    ruled_out, unknown = _ruled_out(policy["conditions"], context, named_locations)
    if ruled_out:
        return answer("notApplied", ruled_out)
    if unknown:
        return answer("notEvaluated", f"{unknown} is not evaluated by the simulated tenant")
    try:
        asked = demand(policy, context)
    except NotEvaluated as error:
        return answer("notEvaluated", f"{error} is not evaluated by the simulated tenant")
    session = _session_controls(policy)
    if policy["state"] == "enabled":
        return answer("applied", asked.sentence, asked, session)
    return answer("reportOnly", f"report-only, would apply: {asked.sentence}", asked, session)


def _ruled_out(
    scope: Object, context: SignInContext, named_locations: Sequence[Object]
) -> tuple[str | None, str | None]:
    """The reason that rules the policy out, else the first condition that is not evaluated."""
    unknown: str | None = None
    for check in (
        lambda: conditions.users(scope, context),
        lambda: conditions.applications(scope, context),
        lambda: conditions.client_apps(scope, context),
        lambda: conditions.platforms(scope, context),
        lambda: conditions.locations(scope, context, named_locations),
        lambda: conditions.risk(scope, context),
        lambda: conditions.devices(scope, context),
        lambda: conditions.unmodelled(scope),
    ):
        try:
            if reason := check():
                return reason, None
        except NotEvaluated as error:
            unknown = unknown or str(error)
    return None, unknown


def _session_controls(policy: Object) -> tuple[str, ...]:
    session: Mapping[str, Any] = policy.get("sessionControls") or {}
    return tuple(name for name, value in session.items() if value and _enabled(value))


def _enabled(value: Any) -> bool:
    return value is True or (isinstance(value, Mapping) and value.get("isEnabled", True) is True)  # pyright: ignore[reportUnknownMemberType]
