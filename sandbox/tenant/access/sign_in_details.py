"""What stands in the columns of a sign-in's row that hold objects.

Source: Microsoft Graph reference, appliedConditionalAccessPolicy, authenticationDetail and
deviceDetail. Seen in exported logs: conditions as sums of the flags of conditionalAccessConditions,
grant controls by the service's own names, also of policies that did not apply.
"""

from typing import Any

from sandbox.tenant.access import methods
from sandbox.tenant.access.evaluation import Evaluation, PolicyResult
from sandbox.tenant.access.sign_in_context import SignInContext
from sandbox.tenant.access.sign_in_origin import browser

_CONDITIONS = {
    "application": 1,
    "userActions": 1,
    "authenticationContext": 1,
    "users": 2,
    "devicePlatform": 4,
    # With the address as Entra sees it.
    "location": 8 + 1024,
    "clientApps": 16,
    "signInRisk": 32,
    "userRisk": 64,
    "time": 128,
    "devices": 256,
    "workloadIdentities": 8192,
}
_RESULT_OF = {
    "satisfied": "success",
    "selfService": "success",
    "mfa": "failure",
    "impossible": "failure",
}
_REPORT_ONLY_RESULT_OF = {
    "satisfied": "reportOnlySuccess",
    "selfService": "reportOnlyInterrupted",
    "mfa": "reportOnlyInterrupted",
    "impossible": "reportOnlyFailure",
}
_CONTROLS = {
    "block": "Block",
    "mfa": "Mfa",
    "compliantDevice": "RequireCompliantDevice",
    "domainJoinedDevice": "RequireDomainJoinedDevice",
    "approvedApplication": "RequireApprovedApp",
    "compliantApplication": "RequireCompliantApp",
    "passwordChange": "RequirePasswordChange",
}
_SYSTEMS = {
    "windows": "Windows10",
    "macOS": "MacOs",
    "iOS": "Ios 18",
    "android": "Android",
    "linux": "Linux",
    "windowsPhone": "WindowsPhone",
}
_TRUST = {
    "AzureAD": "Azure AD joined",
    "ServerAD": "Hybrid Azure AD joined",
    "Workplace": "Azure AD registered",
}
_METHODS = {
    "password": ("Password", "Password in the cloud"),
    "microsoftAuthenticatorPush": ("Mobile app notification", ""),
    "deviceBasedPush": ("Passwordless phone sign-in", ""),
    "softwareOath": ("OATH verification code", ""),
    "hardwareOath": ("OATH verification code", ""),
    "sms": ("Text message", ""),
    "voice": ("Phone call approval (Authentication phone)", ""),
    "fido2": ("FIDO2 security key", ""),
    "windowsHelloForBusiness": ("Windows Hello for Business", ""),
    "x509CertificateMultiFactor": ("X.509 Certificate", ""),
    "x509CertificateSingleFactor": ("X.509 Certificate", ""),
    "temporaryAccessPassOneTime": ("Temporary Access Pass", ""),
    "temporaryAccessPassMultiUse": ("Temporary Access Pass", ""),
}


def log_result(policy: PolicyResult) -> str:
    """The result of a policy as the sign-in log writes it."""
    if policy.demand is not None:
        results = _RESULT_OF if policy.result == "applied" else _REPORT_ONLY_RESULT_OF
        return results[policy.demand.answer]
    if policy.result == "disabled":
        return "notEnabled"
    if policy.result == "notEvaluated":
        return "unknown"
    return "notApplied" if policy.state == "enabled" else "reportOnlyNotApplied"


def policy(result: PolicyResult) -> dict[str, Any]:
    """One entry of ConditionalAccessPolicies."""
    is_off = result.result == "disabled"
    controls = () if is_off else result.controls
    failing = result.analysis if result.result in ("notApplied", "notEvaluated") else ""
    # A policy for another application is put aside before anything else is looked at.
    satisfied = () if failing == "application" else result.satisfied
    return {
        "id": result.id,
        "displayName": result.display_name,
        "enforcedGrantControls": [_CONTROLS.get(name, name) for name in controls],
        "enforcedSessionControls": list(result.session_controls),
        "result": log_result(result),
        "conditionsSatisfied": _flags(satisfied),
        "conditionsNotSatisfied": _flags((failing,)),
    }


def _flags(conditions: tuple[str, ...]) -> int:
    total = 0
    for condition in conditions:
        total |= _CONDITIONS.get(condition, 0)
    return total


def device(context: SignInContext) -> dict[str, Any]:
    """DeviceDetail."""
    shown = context.presented_device or {}
    trust = str(shown.get("trusttype", ""))
    return {
        "deviceId": shown.get("deviceid", ""),
        "displayName": shown.get("displayname", ""),
        "operatingSystem": _SYSTEMS.get(context.platform or "", ""),
        "browser": browser(context),
        "isCompliant": str(shown.get("iscompliant", "")).lower() == "true",
        "isManaged": trust in ("AzureAD", "ServerAD"),
        "trustType": _TRUST.get(trust, ""),
    }


def authentication(
    context: SignInContext, now: str, result: str, *, demands_multifactor: bool
) -> list[dict[str, Any]]:
    """AuthenticationDetails: one step for each method, and one for what is still missing."""
    done = sorted(methods.parts(context.method), key=lambda part: part != "password")
    if not context.interactive:
        return [
            _step(
                now,
                "Previously satisfied",
                "",
                "First factor requirement satisfied by claim in the token",
                requirement="Primary authentication",
            )
        ]
    if result in ("50126", "50053"):
        name, detail = _METHODS["password"]
        said = "Incorrect password" if result == "50126" else "Account is locked"
        return [_step(now, name, detail, said, succeeded=False)]
    steps: list[dict[str, Any]] = []
    for number, part in enumerate(done):
        name, detail = _METHODS.get(part, (part, ""))
        said = "Correct password" if part == "password" else "MFA successfully completed"
        requirement = "Multifactor authentication" if number else "Primary authentication"
        steps.append(_step(now, name, detail, said, requirement=requirement))
    if demands_multifactor and result != "0":
        said = "MFA required in Microsoft Entra ID"
        requirement = "Multifactor authentication"
        steps.append(_step(now, "", "", said, succeeded=False, requirement=requirement))
    return steps


def status(
    context: SignInContext, result: str, reason: str, *, demands_multifactor: bool
) -> dict[str, Any]:
    """Status. What `additionalDetails` says of multifactor authentication was seen in logs."""
    said = {"errorCode": int(result), "failureReason": reason or "Other."}
    details = ""
    if demands_multifactor and result != "0":
        details = "MFA required in Azure AD"
    elif context.mfa_done and result == "0":
        details = _completed(context)
    return said | ({"additionalDetails": details} if details else {})


def _completed(context: SignInContext) -> str:
    if not context.interactive:
        return "MFA requirement satisfied by claim in the token"
    if methods.uses_password(context.method):
        return "MFA completed in Azure AD"
    return "MFA requirement satisfied by strong authentication"


def multifactor(context: SignInContext, result: str) -> dict[str, Any]:
    """MfaDetail: the second method of a sign-in that passed with it."""
    second = sorted(methods.parts(context.method) - {"password"})
    if result != "0" or not context.interactive or not context.mfa_done or not second:
        return {}
    name, detail = _METHODS.get(second[0], (second[0], ""))
    return {"authMethod": name, "authDetail": detail}


def _step(
    now: str,
    name: str,
    detail: str,
    said: str,
    *,
    succeeded: bool = True,
    requirement: str = "Primary authentication",
) -> dict[str, Any]:
    return {
        "authenticationStepDateTime": now,
        "authenticationMethod": name,
        "authenticationMethodDetail": detail,
        "succeeded": succeeded,
        "authenticationStepResultDetail": said,
        "authenticationStepRequirement": requirement,
    }


def requirement_policies(
    evaluation: Evaluation | None, *, by_security_defaults: bool
) -> list[dict[str, str]]:
    """AuthenticationRequirementPolicies: who asked for multifactor authentication."""
    if by_security_defaults:
        return [{"requirementProvider": "securityDefaults", "detail": "Security Defaults"}]
    asking = {"mfa", "authenticationStrength", "passwordChange", "riskRemediation"}
    if evaluation and any(asking & set(policy.controls) for policy in evaluation.applied):
        detail = "Conditional Access"
        return [{"requirementProvider": "multiConditionalAccess", "detail": detail}]
    return []
