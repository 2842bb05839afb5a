"""What a Conditional Access policy demands of a sign-in that it applies to.

Source: Microsoft Learn, "Conditional Access: Grant" and "Overview of Microsoft Entra
authentication strengths". Legacy clients can answer no demand, so a demand stops them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.tenant.access.conditions import NotEvaluated, SignInContext

Answer = Literal["satisfied", "selfService", "mfa", "impossible", "notEvaluated"]

# Which answer decides, first one found. With OR the easiest way through counts, with AND the
# hardest; a control that is not modelled decides nothing that another control decides already.
_EASIEST: tuple[Answer, ...] = ("satisfied", "notEvaluated", "mfa", "selfService", "impossible")
_HARDEST: tuple[Answer, ...] = ("impossible", "notEvaluated", "mfa", "selfService", "satisfied")


@dataclass(frozen=True)
class Demand:
    """The outcome of a policy's grant controls.

    `answer`: `satisfied` or `selfService` (the user is asked to accept terms or to change the
    password, and is in afterwards) let the sign-in pass, `mfa` asks for (stronger) multifactor
    authentication, `impossible` stops it. `controls` are all controls by Graph's names.
    """

    answer: Answer
    controls: tuple[str, ...]
    sentence: str


def demand(policy: Mapping[str, Any], context: SignInContext) -> Demand:
    """Hold the grant controls of an applying policy against the sign-in.

    Raises `NotEvaluated` when a control that is not modelled would decide.
    """
    grant: Mapping[str, Any] | None = policy.get("grantControls")
    answers = _answers(grant, context) if grant else {}
    controls = tuple(answers)
    if not answers or grant is None:
        return Demand("satisfied", controls, "applies its session controls only")
    if "block" in answers:
        return Demand("impossible", controls, "blocks access")
    together = grant.get("operator") == "AND"
    found = set(answers.values())
    order = _HARDEST if together else _EASIEST
    answer: Answer = next(item for item in order if item in found)
    listed = (" and " if together else " or ").join(controls)
    if answer == "notEvaluated":
        unknown = next(name for name, item in answers.items() if item == "notEvaluated")
        raise NotEvaluated(f"grantControls: {unknown}")
    return Demand(answer, controls, f"requires {listed}: {_VERDICTS[answer]}")


_VERDICTS: dict[Answer, str] = {
    "satisfied": "satisfied",
    "selfService": "the user is asked for it and then in",
    "mfa": "multifactor authentication is still to be done",
    "impossible": "this sign-in cannot give it",
}


def _answers(grant: Mapping[str, Any], context: SignInContext) -> dict[str, Answer]:
    answers: dict[str, Answer] = {
        name: _built_in(name, context) for name in grant.get("builtInControls") or ()
    }
    if strength := grant.get("authenticationStrength"):
        allowed = strength.get("allowedCombinations") or ()
        done = context.method in allowed and not context.is_legacy
        answers["authenticationStrength"] = "satisfied" if done else _asked(context, "mfa")
    if grant.get("termsOfUse"):
        answers["termsOfUse"] = _asked(context, "selfService")
    for name in grant.get("customAuthenticationFactors") or ():
        answers[f"customAuthenticationFactors {name}"] = "notEvaluated"
    return answers


def _built_in(name: str, context: SignInContext) -> Answer:
    device = context.device or {}
    match name:
        case "block":
            return "impossible"
        case "mfa":
            done = context.mfa_done and not context.is_legacy
            return "satisfied" if done else _asked(context, "mfa")
        case "compliantDevice":
            return "satisfied" if device.get("iscompliant", "").lower() == "true" else "impossible"
        case "domainJoinedDevice":
            return "satisfied" if device.get("trusttype", "") == "ServerAD" else "impossible"
        case "passwordChange":
            return _asked(context, "selfService" if context.mfa_done else "mfa")
        case _:
            return "notEvaluated"


def _asked(context: SignInContext, answer: Answer) -> Answer:
    return "impossible" if context.is_legacy else answer
