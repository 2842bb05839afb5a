"""An activity event as the REST API shows it, and as a row of the table AzureActivity.

Sources: Microsoft Learn, "Azure activity log event schema"; Azure REST API, "Activity Logs - List";
Azure Monitor Logs reference, "AzureActivity". That the table's operation names are in capitals and
its statuses are `Start`, `Success` and `Failure` is observed.
"""

import json
from typing import Any

from sandbox.tenant.monitor.activity import ActivityEvent
from sandbox.tenant.monitor.log_store import moment

_STATUS_OF_ROW = {"Started": "Start", "Succeeded": "Success", "Failed": "Failure"}
_CLAIMS = "http://schemas.microsoft.com/identity/claims/"
_TICKS_AT_EPOCH = 621_355_968_000_000_000


def event_body(event: ActivityEvent, tenant_id: str) -> dict[str, Any]:
    """The event as `EventData` of the REST API."""
    time = moment(event.time)
    ticks = _TICKS_AT_EPOCH + int(event.time * 10_000_000)
    begins = event.status == "Started"
    sub_status = event.sub_status
    if event.http_status:
        sub_status = f"{event.sub_status} (HTTP Status Code: {event.http_status})"
    return {
        "authorization": _authorization(event),
        "caller": event.caller,
        "channels": "Operation",
        "claims": _claims(event, tenant_id),
        "correlationId": event.correlation_id,
        "description": "",
        "eventDataId": event.event_id,
        "eventName": _localizable(
            "BeginRequest" if begins else "EndRequest", "Begin request" if begins else "End request"
        ),
        "category": _localizable(event.category),
        "eventTimestamp": time,
        "httpRequest": _http_request(event),
        "id": f"{event.resource_id}/events/{event.event_id}/ticks/{ticks}",
        "level": event.level,
        "operationId": event.correlation_id,
        "operationName": _localizable(event.operation_name),
        "properties": _properties(event),
        "resourceGroupName": event.resource_group,
        "resourceId": event.resource_id,
        "resourceProviderName": _localizable(event.resource_provider),
        "resourceType": _localizable(event.resource_type),
        "status": _localizable(event.status),
        "subStatus": _localizable(event.sub_status, sub_status),
        "submissionTimestamp": moment(event.visible),
        "subscriptionId": event.subscription_id,
        "tenantId": tenant_id,
    }


def activity_row(event: ActivityEvent, tenant_id: str) -> dict[str, Any]:
    """The row; TimeGenerated is set by the logs that take it in."""
    authorization, claims = _authorization(event), _claims(event, tenant_id)
    properties = _properties(event)
    return {
        "ActivityStatusValue": _STATUS_OF_ROW.get(event.status, event.status),
        "ActivitySubstatusValue": event.sub_status,
        "Authorization": json.dumps(authorization),
        "Authorization_d": authorization,
        "Caller": event.caller,
        "CallerIpAddress": event.client_ip,
        "CategoryValue": event.category,
        "Claims": json.dumps(claims),
        "Claims_d": claims,
        "CorrelationId": event.correlation_id,
        "EventDataId": event.event_id,
        "EventSubmissionTimestamp": moment(event.visible),
        "Hierarchy": f"{tenant_id}/{event.subscription_id}",
        "HTTPRequest": json.dumps(_http_request(event)),
        "Level": event.level,
        "OperationId": event.correlation_id,
        "OperationNameValue": event.operation_name.upper(),
        "Properties": json.dumps(properties),
        "Properties_d": properties,
        "ResourceGroup": event.resource_group,
        "_ResourceId": event.resource_id.lower(),
        "ResourceProviderValue": event.resource_provider.upper(),
        "SourceSystem": "Azure",
        "SubscriptionId": event.subscription_id,
        "_SubscriptionId": event.subscription_id,
    }


def _authorization(event: ActivityEvent) -> dict[str, str]:
    return {"action": event.operation_name, "scope": event.resource_id}


def _claims(event: ActivityEvent, tenant_id: str) -> dict[str, str]:
    claims = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "ipaddr": event.client_ip,
        "idtyp": event.caller_kind,
        f"{_CLAIMS}objectidentifier": event.caller_object_id,
        f"{_CLAIMS}tenantid": tenant_id,
    }
    if event.caller_kind == "app":
        return claims | {"appid": event.app_id, "appidacr": "1"}
    return claims | {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": event.caller}


def _http_request(event: ActivityEvent) -> dict[str, str]:
    return {
        "clientRequestId": event.correlation_id,
        "clientIpAddress": event.client_ip,
        "method": event.method,
    }


def _properties(event: ActivityEvent) -> dict[str, str]:
    """Texts only. Of a failure the error's code is told, not its text."""
    properties = {
        "eventCategory": event.category,
        "entity": event.resource_id,
        "message": event.operation_name,
        "hierarchy": event.subscription_id,
        **event.properties,
    }
    if event.sub_status:
        properties |= {"statusCode": event.sub_status}
    if event.error:
        properties |= {"statusMessage": json.dumps({"error": {"code": event.error}})}
    return properties


def _localizable(value: str, shown: str | None = None) -> dict[str, str]:
    return {"value": value, "localizedValue": value if shown is None else shown}
