"""What a Conditional Access policy demands of a sign-in that it applies to.

Source: Microsoft Learn, "Conditional Access: Grant", "Overview of Microsoft Entra authentication
strengths" and "Conditional Access: Conditions" (legacy clients can answer no demand, so a demand
stops them); Microsoft Graph reference, conditionalAccessGrantControls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.tenant.access import methods
from sandbox.tenant.access.session_controls import session_controls
from sandbox.tenant.access.sign_in_context import NotEvaluated, SignInContext

Answer = Literal["satisfied", "selfService", "mfa", "impossible", "notEvaluated"]

# Which answer decides, first one found. With OR the easiest way through counts, with AND the
# hardest; a control that is not modelled decides nothing that another control decides already.
_EASIEST: tuple[Answer, ...] = ("satisfied", "notEvaluated", "mfa", "selfService", "impossible")
_HARDEST: tuple[Answer, ...] = ("impossible", "notEvaluated", "mfa", "selfService", "satisfied")


_FACTOR = "customAuthenticationFactors"


@dataclass(frozen=True)
class Demand:
    """The outcome of a policy's grant controls.

    `answer`: `satisfied` or `selfService` (the user is asked to accept terms or to change the
    password, and is in afterwards) let the sign-in pass, `mfa` asks for (stronger) multifactor
    authentication, `impossible` stops it. `controls` are all controls by Graph's names; `failing`
    those that this sign-in does not satisfy yet.
    """

    answer: Answer
    controls: tuple[str, ...]
    sentence: str
    operator: str = "OR"
    failing: tuple[str, ...] = ()


def control_names(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """The grant controls that a policy has, by Graph's names."""
    grant: Mapping[str, Any] = policy.get("grantControls") or {}
    others = [name for name in ("authenticationStrength", "termsOfUse") if grant.get(name)]
    factors = [f"{_FACTOR} {name}" for name in grant.get("customAuthenticationFactors") or ()]
    return (*(grant.get("builtInControls") or ()), *others, *factors)


def _sessions(policy: Mapping[str, Any]) -> str:
    told = [f"{name} ({setting})" for name, setting in session_controls(policy).items()]
    return f"applies session controls: {', '.join(told) or 'none is on'}"


def demand(policy: Mapping[str, Any], context: SignInContext) -> Demand:
    """Hold the grant controls of an applying policy against the sign-in.

    Raises `NotEvaluated` when a control that is not modelled would decide.
    """
    grant: Mapping[str, Any] | None = policy.get("grantControls")
    answers = _answers(grant, context) if grant else {}
    controls = tuple(answers)
    failing = tuple(name for name, answer in answers.items() if answer != "satisfied")
    if not answers or grant is None:
        return Demand("satisfied", controls, _sessions(policy))
    if "block" in answers:
        return Demand("impossible", controls, "blocks access", failing=("block",))
    operator = str(grant.get("operator", "OR")).upper()
    together = operator == "AND"
    found = set(answers.values())
    order = _HARDEST if together else _EASIEST
    answer: Answer = next(item for item in order if item in found)
    listed = (" and " if together else " or ").join(controls)
    if answer == "notEvaluated":
        unknown = next(name for name, item in answers.items() if item == "notEvaluated")
        raise NotEvaluated(f"grantControls: {unknown}")
    sentence = f"requires {listed}: {_VERDICTS[answer]}"
    return Demand(answer, controls, sentence, operator, failing)


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
        answers["authenticationStrength"] = _strength(strength, context)
    if grant.get("termsOfUse"):
        accepted = context.terms_accepted and not context.is_legacy
        answers["termsOfUse"] = "satisfied" if accepted else _asked(context, "selfService")
    for name in grant.get("customAuthenticationFactors") or ():
        answers[f"{_FACTOR} {name}"] = "notEvaluated"
    return answers


def _built_in(name: str, context: SignInContext) -> Answer:
    device = context.presented_device or {}
    match name:
        case "block":
            return "impossible"
        case "mfa":
            done = context.mfa_done and not context.is_legacy
            return "satisfied" if done else _asked(context, "mfa")
        case "compliantDevice":
            compliant = str(device.get("iscompliant")).lower() == "true"
            return "satisfied" if compliant else "impossible"
        case "domainJoinedDevice":
            return "satisfied" if device.get("trusttype") == "ServerAD" else "impossible"
        case "approvedApplication":
            return _application(context.approved_app, ("android", "iOS"), context)
        case "compliantApplication":
            return _application(context.protected_app, ("android", "iOS", "windows"), context)
        case "passwordChange" | "riskRemediation":
            # Both begin with multifactor authentication.
            return _asked(context, "selfService" if context.mfa_done else "mfa")
        case _:
            return "notEvaluated"


def _application(fits: bool | None, platforms: tuple[str, ...], context: SignInContext) -> Answer:
    """An approved client app, or one with a protection policy: both want a registered device."""
    if context.platform not in platforms or context.presented_device is None or fits is False:
        return "impossible"
    return "notEvaluated" if fits is None else "satisfied"


def _strength(strength: Mapping[str, Any], context: SignInContext) -> Answer:
    allowed: Any = strength.get("allowedCombinations")
    if allowed is None:
        return "notEvaluated"
    done = methods.parts(context.method)
    matched = next((entry for entry in allowed if methods.parts(entry) == done), None)
    if matched is None or context.is_legacy:
        return _asked(context, "mfa")
    for restriction in strength.get("combinationConfigurations") or ():
        if matched in (restriction.get("appliesToCombinations") or ()):
            answer = _restricted(restriction, context)
            if answer != "satisfied":
                return answer
    return "satisfied"


def _restricted(restriction: Mapping[str, Any], context: SignInContext) -> Answer:
    """Passkeys can be limited to some kinds of key; certificates' issuers are not modelled."""
    keys = {str(key).lower() for key in restriction.get("allowedAAGUIDs") or ()}
    if not keys or context.aaguid is None:
        return "notEvaluated"
    return "satisfied" if context.aaguid.lower() in keys else _asked(context, "mfa")


def _asked(context: SignInContext, answer: Answer) -> Answer:
    return "impossible" if context.is_legacy else answer
