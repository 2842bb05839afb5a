"""The conditions of a Conditional Access policy, each held against one sign-in.

Each answers None when the sign-in fits, otherwise the reason that rules the policy out, and raises
`NotEvaluated` for what cannot be decided. `CHECKS` are all of them in the order in which a policy
is ruled out, each with the name that Graph's What If gives to its reason.

Source: Microsoft Learn, "Conditional Access: Conditions" and "Conditional Access: Authentication
flows"; Microsoft Graph reference, conditionalAccessConditionSet and whatIfAnalysisResult. That
conditions are looked at in the order of whatIfAnalysisReasons is assumed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.tenant.access import device_filter
from sandbox.tenant.access.identity_conditions import identities
from sandbox.tenant.access.network_conditions import locations
from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext
from sandbox.tenant.access.target_conditions import applications

_Locations = Sequence[Object]


@dataclass(frozen=True)
class Check:
    """One condition: What If's reason, whether a policy sets it, and how it is decided."""

    reason: str
    is_set: Callable[[Object], bool]
    decide: Callable[[Object, SignInContext, _Locations], str | None]


def client_apps(conditions: Object, context: SignInContext) -> str | None:
    """Client applications: browser, modern clients, legacy authentication."""
    wanted: Sequence[str] = conditions.get("clientAppTypes") or ()
    if not wanted or "all" in wanted or context.client_app in wanted:
        return None
    if "easSupported" in wanted and context.client_app == "exchangeActiveSync":
        raise NotEvaluated("conditions.clientAppTypes: easSupported")
    return f"client apps: {context.client_app} is not among {', '.join(wanted)}"


def platforms(conditions: Object, context: SignInContext) -> str | None:
    """Device platforms; `all` covers unknown ones too."""
    scope: Object | None = conditions.get("platforms")
    if not scope or not scope.get("includePlatforms"):
        return None
    shown = context.platform or "unknown"
    if context.platform in (scope.get("excludePlatforms") or ()):
        return f"device platforms: {shown} is excluded"
    included: Sequence[str] = scope["includePlatforms"]
    if "all" in included or context.platform in included:
        return None
    return f"device platforms: {shown} is not included"


def devices(conditions: Object, context: SignInContext) -> str | None:
    """The filter for devices."""
    scope: Object = conditions.get("devices") or {}
    if any(scope.get(key) for key in ("includeDevices", "excludeDevices", "includeDeviceStates")):
        raise NotEvaluated("conditions.devices: device states")
    device: Object | None = scope.get("deviceFilter")
    if not device:
        return None
    try:
        fits = device_filter.matches(device["rule"], context.presented_device)
    except device_filter.RuleError as error:
        raise NotEvaluated(f"conditions.devices.deviceFilter: {error}") from None
    if fits == (device["mode"] == "include"):
        return None
    return f"filter for devices: the device is not in scope of {device['mode']} {device['rule']}"


def authentication_flows(conditions: Object, context: SignInContext) -> str | None:
    """The device code flow and authentication transfer."""
    scope: Object = conditions.get("authenticationFlows") or {}
    wanted = _listed(scope.get("transferMethods"))
    if not wanted or context.authentication_flow in wanted:
        return None
    shown = context.authentication_flow or "the flow"
    return f"authentication flows: {shown} is not among {', '.join(wanted)}"


def _risk(key: str, name: str, of: Callable[[SignInContext], str]) -> Check:
    reason = {"insiderRiskLevels": "insiderRisk", "userRiskLevels": "userRisk"}.get(
        key, "signInRisk"
    )

    def decide(conditions: Object, context: SignInContext, _: _Locations) -> str | None:
        wanted = _listed(conditions.get(key))
        if not wanted or of(context) in wanted:
            return None
        return f"{name}: {of(context)} is not among {', '.join(wanted)}"

    return Check(reason, lambda conditions: bool(_listed(conditions.get(key))), decide)


def _unmodelled(reason: str, key: str) -> Check:
    def decide(conditions: Object, _: SignInContext, __: _Locations) -> str | None:
        if conditions.get(key):
            raise NotEvaluated(f"conditions.{key}")
        return None

    return Check(reason, lambda conditions: bool(conditions.get(key)), decide)


def _listed(value: str | Sequence[str] | None) -> list[str]:
    """Graph writes some sets as arrays and some as words joined by commas."""
    words = value.split(",") if isinstance(value, str) else value or ()
    return [word.strip() for word in words if word.strip()]


def identity_reason(conditions: Object, context: SignInContext) -> str:
    """What If tells users and workload identities apart by whom the policy is for."""
    if context.service_principal_id is not None or conditions.get("clientApplications"):
        return "workloadIdentities"
    return "users"


def target_reason(conditions: Object) -> str:
    """What If tells the three kinds of target apart."""
    scope: Object = conditions["applications"]
    if scope.get("includeUserActions"):
        return "userActions"
    if scope.get("includeAuthenticationContextClassReferences"):
        return "authenticationContext"
    return "application"


CHECKS: tuple[Check, ...] = (
    Check("users", lambda _: True, lambda c, s, _: identities(c, s)),
    Check("application", lambda _: True, lambda c, s, _: applications(c, s)),
    Check("devicePlatform", lambda c: bool(c.get("platforms")), lambda c, s, _: platforms(c, s)),
    Check("devices", lambda c: bool(c.get("devices")), lambda c, s, _: devices(c, s)),
    Check(
        "clientApps",
        lambda c: not {"all"} >= set(c.get("clientAppTypes") or ()),
        lambda c, s, _: client_apps(c, s),
    ),
    Check("location", lambda c: bool(c.get("locations")), locations),
    _risk("signInRiskLevels", "sign-in risk", lambda context: context.sign_in_risk),
    _risk(
        "servicePrincipalRiskLevels",
        "service principal risk",
        lambda context: context.service_principal_risk,
    ),
    _risk("userRiskLevels", "user risk", lambda context: context.user_risk),
    _unmodelled("time", "times"),
    _risk("insiderRiskLevels", "insider risk", lambda context: context.insider_risk),
    Check(
        "authenticationFlow",
        lambda c: bool(c.get("authenticationFlows")),
        lambda c, s, _: authentication_flows(c, s),
    ),
    _unmodelled("agentIdRisk", "agentIdRiskLevels"),
)
