"""The row of the table AuditLogs that an audit record of the directory becomes.

Source: Azure Monitor Logs reference, "AuditLogs". What Entra writes into the columns that say
nothing (`Level` 4, `OperationVersion` 1.0, `DurationMs` 0) is observed in exported rows.
"""

from collections.abc import Mapping
from typing import Any


def audit_row(record: Mapping[str, Any], tenant_id: str, identity: str) -> dict[str, Any]:
    """The row; TimeGenerated is set by the logs that take it in."""
    user = record["initiatedBy"]["user"]
    initiated_by: dict[str, Any] = {"app": record["initiatedBy"]["app"]}
    if user:
        named = ("id", "displayName", "userPrincipalName", "ipAddress")
        initiated_by = {"user": {name: user[name] for name in named} | {"roles": []}}
    return {
        "ActivityDateTime": record["activityDateTime"],
        "ActivityDisplayName": record["activityDisplayName"],
        "OperationName": record["activityDisplayName"],
        "AADOperationType": record["operationType"],
        "AADTenantId": tenant_id,
        "AdditionalDetails": record["additionalDetails"],
        "Category": record["category"],
        "CorrelationId": record["correlationId"],
        "DurationMs": 0,
        "Id": record["id"],
        "Identity": identity,
        "InitiatedBy": initiated_by,
        "Level": "4",
        "LoggedByService": record["loggedByService"],
        "OperationVersion": "1.0",
        "Resource": "Microsoft.aadiam",
        "ResourceGroup": "Microsoft.aadiam",
        "ResourceId": f"/tenants/{tenant_id}/providers/Microsoft.aadiam",
        "Result": record["result"],
        "ResultDescription": "",
        "ResultReason": record["resultReason"],
        "ResultSignature": "None",
        "ResultType": "",
        "SourceSystem": "Azure AD",
        "TargetResources": [
            {name: value for name, value in one.items() if value is not None}
            | {"displayName": one["displayName"], "administrativeUnits": []}
            for one in record["targetResources"]
        ],
    }
