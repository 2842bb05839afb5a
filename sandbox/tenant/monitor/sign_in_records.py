"""A sign-in as Graph's `signIn` shows it, from the row that it leaves in the log tables.

Source: Microsoft Graph v1.0 reference, "signIn resource type".
"""

import json
from collections.abc import Mapping
from typing import Any

_SAME = {
    "id": "Id",
    "createdDateTime": "CreatedDateTime",
    "userDisplayName": "UserDisplayName",
    "userPrincipalName": "UserPrincipalName",
    "userId": "UserId",
    "appId": "AppId",
    "appDisplayName": "AppDisplayName",
    "ipAddress": "IPAddress",
    "clientAppUsed": "ClientAppUsed",
    "correlationId": "CorrelationId",
    "conditionalAccessStatus": "ConditionalAccessStatus",
    "isInteractive": "IsInteractive",
    "riskDetail": "RiskDetail",
    "riskLevelAggregated": "RiskLevelAggregated",
    "riskLevelDuringSignIn": "RiskLevelDuringSignIn",
    "riskState": "RiskState",
    "resourceDisplayName": "ResourceDisplayName",
    "resourceId": "ResourceIdentity",
}
_POLICY = ("id", "displayName", "enforcedGrantControls", "enforcedSessionControls", "result")
_WITHOUT_VALUE = {"riskDetail": "none", "riskState": "none"}


def sign_in_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """The `signIn` of a row of SigninLogs or AADNonInteractiveUserSignInLogs."""
    record = {name: row.get(column, _WITHOUT_VALUE.get(name)) for name, column in _SAME.items()}
    record["createdDateTime"] = row.get("TimeGenerated") or record["createdDateTime"]
    status = _object(row.get("Status")) or {"errorCode": int(row.get("ResultType") or 0)}
    kind = "interactiveUser" if row.get("IsInteractive") else "nonInteractiveUser"
    return record | {
        "riskEventTypes": [],
        "riskEventTypes_v2": [],
        "signInEventTypes": [kind],
        "status": {"errorCode": 0, "failureReason": None, "additionalDetails": None} | status,
        "deviceDetail": _object(row.get("DeviceDetail")) or {},
        "location": _object(row.get("LocationDetails")) or {},
        "appliedConditionalAccessPolicies": [
            {name: policy.get(name) for name in _POLICY}
            for policy in _object(row.get("ConditionalAccessPolicies")) or ()
        ],
    }


def _object(value: Any) -> Any:
    """A column's object; in the non-interactive table it is text."""
    return json.loads(value) if isinstance(value, str) and value else value
