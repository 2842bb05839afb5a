"""The row that a sign-in leaves in SigninLogs or AADNonInteractiveUserSignInLogs.

Columns and values: Azure Monitor Logs reference, "SigninLogs" and
"AADNonInteractiveUserSignInLogs". In the second table, columns that hold objects are text.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.access.cloud_apps import CloudApp
from sandbox.tenant.access.evaluation import Evaluation, PolicyResult, SignInContext

RESULTS = {
    "0": "",
    "50057": "The user account is disabled.",
    "50072": "User needs to enroll for multi-factor authentication (interactive).",
    "50074": "Strong Authentication is required.",
    "50076": (
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must use multi-factor authentication to access the resource."
    ),
    "50126": "Error validating credentials due to invalid username or password.",
    "53000": "Device is not in required device state: compliant.",
    "53001": "Device is not in required device state: domain joined.",
    "53003": "Access has been blocked by Conditional Access policies.",
}
_CLIENTS = {
    "browser": "Browser",
    "mobileAppsAndDesktopClients": "Mobile Apps and Desktop clients",
    "exchangeActiveSync": "Exchange ActiveSync",
    "other": "Other clients",
}
_SYSTEMS = {
    "windows": "Windows10",
    "macOS": "MacOs",
    "iOS": "Ios 18",
    "android": "Android",
    "linux": "Linux",
    "windowsPhone": "WindowsPhone",
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


@dataclass(frozen=True)
class SignInRecord:
    """A finished sign-in. `result` is a key of RESULTS; `evaluation` None: CA was not asked."""

    user: Mapping[str, Any]
    app: CloudApp
    context: SignInContext
    interactive: bool
    result: str
    evaluation: Evaluation | None
    mfa_required: bool
    device: Mapping[str, str] | None


def row_of(record: SignInRecord, tenant_id: str, now: str) -> dict[str, Any]:
    """The row. `now` is ISO 8601; TimeGenerated is set again by the logs that take the row in."""
    context, user, app = record.context, record.user, record.app
    device = record.device or {}
    objects: dict[str, Any] = {
        "ConditionalAccessPolicies": [
            _policy(policy) for policy in (record.evaluation.policies if record.evaluation else ())
        ],
        "DeviceDetail": {
            "displayName": device.get("displayname", ""),
            "operatingSystem": _SYSTEMS.get(context.platform or "", ""),
            "isCompliant": device.get("iscompliant", "").lower() == "true",
            "isManaged": device.get("trusttype", "") in ("AzureAD", "ServerAD"),
            "trustType": device.get("trusttype", ""),
        },
        "LocationDetails": {"countryOrRegion": context.country or ""},
        "Status": {
            "errorCode": int(record.result),
            "failureReason": RESULTS[record.result] or "Other.",
        },
    }
    if not record.interactive:
        objects = {name: json.dumps(value) for name, value in objects.items()}
    identity = str(uuid.uuid4())
    return {
        "TimeGenerated": now,
        "CreatedDateTime": now,
        "OperationName": "Sign-in activity",
        "Category": "SignInLogs" if record.interactive else "NonInteractiveUserSignInLogs",
        "AADTenantId": tenant_id,
        "Id": identity,
        "OriginalRequestId": identity,
        "CorrelationId": str(uuid.uuid4()),
        "UserId": user["id"],
        "UserPrincipalName": user["userPrincipalName"].lower(),
        "UserDisplayName": user["displayName"],
        "Identity": user["displayName"],
        "UserType": user["userType"],
        "AppId": app.app_id,
        "AppDisplayName": app.display_name,
        "ResourceIdentity": app.resource_id,
        "ResourceDisplayName": app.resource_name,
        "IPAddress": context.ip or "",
        "Location": context.country or "",
        "ClientAppUsed": _CLIENTS[context.client_app],
        "IsInteractive": record.interactive,
        "ResultType": record.result,
        "ResultSignature": "SUCCESS" if record.result == "0" else "FAILURE",
        "ResultDescription": RESULTS[record.result],
        "AuthenticationRequirement": (
            "multiFactorAuthentication" if record.mfa_required else "singleFactorAuthentication"
        ),
        "ConditionalAccessStatus": _status(record.evaluation),
        "RiskLevelDuringSignIn": context.sign_in_risk,
        "RiskLevelAggregated": context.user_risk,
        **objects,
    }


def _status(evaluation: Evaluation | None) -> str:
    if evaluation is None or not evaluation.applied:
        return "notApplied"
    return "success" if evaluation.decision == "allowed" else "failure"


def _policy(policy: PolicyResult) -> dict[str, Any]:
    result = {"disabled": "notEnabled", "notEvaluated": "unknown"}.get(policy.result, "notApplied")
    if policy.demand and policy.result == "applied":
        result = _RESULT_OF[policy.demand.answer]
    elif policy.demand:
        result = _REPORT_ONLY_RESULT_OF[policy.demand.answer]
    return {
        "id": policy.id,
        "displayName": policy.display_name,
        "result": result,
        "enforcedGrantControls": list(policy.demand.controls) if policy.demand else [],
        "enforcedSessionControls": list(policy.session_controls),
    }
