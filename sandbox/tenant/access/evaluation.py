"""Conditional Access: which policies apply to a sign-in, which do not and why, and the outcome.

All policies are held against the sign-in; all that apply must be satisfied together; one that
blocks wins. A policy is ruled out by the first condition that does not fit. Source: Microsoft
Learn, "Building a Conditional Access policy", "Conditional Access What If tool" and "Analyze
Conditional Access policy impact" (report-only).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sandbox.tenant.access.conditions import CHECKS, Check, identity_reason, target_reason
from sandbox.tenant.access.grant_controls import Demand, control_names, demand
from sandbox.tenant.access.session_controls import session_controls
from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext
from sandbox.tenant.access.target_conditions import needed_service

Decision = Literal["allowed", "mfa", "blocked"]
Result = Literal["applied", "notApplied", "reportOnly", "disabled", "notEvaluated"]

__all__ = [
    "Decision",
    "Evaluation",
    "Held",
    "PolicyResult",
    "Result",
    "SignInContext",
    "evaluate",
    "hold",
]


@dataclass(frozen=True)
class PolicyResult:
    """What one policy does to the sign-in. `demand` is set when its conditions all fit.

    `analysis` is What If's reason why the policy does not apply, `notSet` when it does; `satisfied`
    are the conditions that fit, by What If's names; `controls` the policy's grant controls by
    Graph's names, `session` the session controls with settings.
    """

    id: str
    display_name: str
    state: str
    result: Result
    reason: str
    analysis: str = "notSet"
    satisfied: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    session: Mapping[str, str] = field(default_factory=dict[str, str])
    demand: Demand | None = None

    @property
    def session_controls(self) -> tuple[str, ...]:
        """The names of the session controls."""
        return tuple(self.session)

    @property
    def fits(self) -> bool:
        """Whether the policy's conditions all fit, enforced or report-only."""
        return self.demand is not None


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


@dataclass(frozen=True)
class Held:
    """A policy's conditions held against a sign-in.

    `satisfied` are the conditions that fit; `ruled_out` is What If's name of the first that does
    not, with the reason in words; `unknown` the same of the first that cannot be decided.
    """

    satisfied: tuple[str, ...]
    ruled_out: tuple[str, str] | None = None
    unknown: tuple[str, str] | None = None


def _one(policy: Object, context: SignInContext, named_locations: Sequence[Object]) -> PolicyResult:
    session = session_controls(policy)

    def answer(
        result: Result,
        reason: str,
        analysis: str = "notSet",
        satisfied: tuple[str, ...] = (),
        asked: Demand | None = None,
    ) -> PolicyResult:
        return PolicyResult(
            id=policy["id"],
            display_name=policy["displayName"],
            state=policy["state"],
            result=result,
            reason=reason,
            analysis=analysis,
            satisfied=satisfied,
            controls=control_names(policy),
            session=session if asked else {},
            demand=asked,
        )

    if policy["state"] == "disabled":
        return answer("disabled", "the policy is disabled", "policyNotEnabled")
    if _is_unreported(policy):
        reason = "target resources: user actions are not evaluated in report-only mode"
        return answer("notApplied", reason, "userActions")
    held = hold(policy, context, named_locations)
    if held.ruled_out:
        analysis, reason = held.ruled_out
        return answer("notApplied", reason, analysis, held.satisfied)
    if held.unknown:
        analysis, reason = held.unknown
        sentence = f"{reason} is not evaluated by the simulated tenant"
        return answer("notEvaluated", sentence, analysis, held.satisfied)
    try:
        asked = demand(policy, context)
    except NotEvaluated as error:
        sentence = f"{error} is not evaluated by the simulated tenant"
        return answer("notEvaluated", sentence, "notEnoughInformation", held.satisfied)
    said = asked.sentence
    if service := needed_service(policy["conditions"], context):
        said = f"{said} (for {service}, which the application needs)"
    if policy["state"] == "enabled":
        return answer("applied", said, satisfied=held.satisfied, asked=asked)
    sentence = f"report-only, would apply: {said}"
    return answer("reportOnly", sentence, satisfied=held.satisfied, asked=asked)


def _is_unreported(policy: Object) -> bool:
    scope: Object = policy["conditions"]["applications"]
    return policy["state"] != "enabled" and bool(scope.get("includeUserActions"))


def hold(policy: Object, context: SignInContext, named_locations: Sequence[Object]) -> Held:
    """Hold a policy's conditions against a sign-in, whatever its state and its controls."""
    scope: Object = policy["conditions"]
    satisfied: list[str] = []
    unknown: tuple[str, str] | None = None
    for check in CHECKS:
        name = _name(check, scope, context)
        try:
            reason = check.decide(scope, context, named_locations)
        except NotEvaluated as error:
            unknown = unknown or (name, str(error))
            continue
        if reason:
            return Held(tuple(satisfied), ruled_out=(name, reason))
        if check.is_set(scope):
            satisfied.append(name)
    return Held(tuple(satisfied), unknown=unknown)


def _name(check: Check, scope: Object, context: SignInContext) -> str:
    if check.reason == "users":
        return identity_reason(scope, context)
    return target_reason(scope) if check.reason == "application" else check.reason
