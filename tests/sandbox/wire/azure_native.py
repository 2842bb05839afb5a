"""The azure-native provider's calls: one flow for every type, and a row of data for each type.

Sources: pulumi/pulumi-azure-native (`provider.go`: existence check, PUT, poll, GET, whose failure
is ignored; `client_azcore.go`: 404 on DELETE is a success, polls every 10 s after a write and every
30 s after a delete, unless the answer says otherwise); Azure/azure-sdk-for-go
(`policy_register_rp.go`: registration at 2019-05-01, of the namespace in the refusal's first
detail, polled every 15 s).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.sandbox.wire.steps import JSON, at, filled
from tests.sandbox.wire.wire import Wire

_REGISTRATION = {"api-version": "2019-05-01"}
_AUTOMATIC_LOCATION = {"api-version": "2020-10-01"}
_AFTER_WRITE, _AFTER_DELETE, _AFTER_REGISTRATION = 10.0, 30.0, 15.0
_POLLS = 100


@dataclass(frozen=True)
class Row:
    """A resource type: its token, API version and path, the body of a create and of an update.

    `long_running`: the type's metadata say that writes and deletes are polled.
    """

    token: str
    version: str
    path: str
    body: JSON
    changed: JSON
    long_running: bool = False


@dataclass
class Provider:
    """The provider at work."""

    wire: Wire

    def create(self, row: Row) -> JSON:
        """GET must say 404; PUT; poll; GET."""
        gone = self.wire.send("GET", self._url(row))
        assert gone.status_code == 404, gone.text
        return self._written(row, row.body)

    def update(self, row: Row) -> JSON:
        """PUT; poll; GET."""
        return self._written(row, row.changed)

    def read(self, row: Row) -> JSON | None:
        """GET; None when it is not found."""
        found = self.wire.send("GET", self._url(row))
        assert found.status_code in (200, 404), found.text
        return found.json() if found.status_code == 200 else None

    def delete(self, row: Row) -> int:
        """DELETE; poll; the status of a GET afterwards."""
        answer = self.wire.send("DELETE", self._url(row))
        assert answer.status_code in (200, 202, 204, 404), answer.text
        if row.long_running and answer.status_code != 404:
            self._poll(answer, _AFTER_DELETE, "")
        return self.wire.send("GET", self._url(row)).status_code

    def location_of_group(self, group: str) -> str:
        """What the provider asks when a program gives no location."""
        path = filled(f"/subscriptions/{{subscription}}/resourceGroups/{group}", self.wire.values)
        answer = self.wire.send("GET", f"{path}?{urlencode(_AUTOMATIC_LOCATION)}")
        assert answer.status_code == 200, answer.text
        return answer.json()["location"]

    def _url(self, row: Row) -> str:
        return f"{filled(row.path, self.wire.values)}?{urlencode({'api-version': row.version})}"

    def _written(self, row: Row, template: JSON) -> JSON:
        """As a GET shows it; where that does not find it yet, as the PUT answered."""
        url, body = self._url(row), filled(template, self.wire.values)
        answer = self.wire.send("PUT", url, body)
        if answer.status_code == 409:
            self._register(answer.json()["error"])
            answer = self.wire.send("PUT", url, body)
        assert answer.status_code in (200, 201, 202), answer.text
        if row.long_running or answer.status_code == 202:
            self._poll(answer, _AFTER_WRITE, url)
        return self.read(row) or answer.json()

    def _poll(self, answer: httpx.Response, every: float, resource_url: str) -> None:
        """Whichever way the answer names: an operation, a location, or the resource itself."""
        operation = answer.headers.get("Azure-AsyncOperation")
        location = answer.headers.get("Location") if answer.status_code == 202 else None
        for _ in range(_POLLS):
            if operation:
                if _told(answer, operation) in ("Succeeded", "Failed", "Canceled"):
                    assert _told(answer, operation) == "Succeeded", answer.text
                    return
            elif location:
                if answer.status_code != 202:
                    assert answer.status_code in (200, 201, 204), answer.text
                    return
            elif _state(answer) in (None, "Succeeded"):
                return
            self.wire.sleep(_pause(answer, every))
            answer = self.wire.send("GET", operation or location or resource_url)
        raise AssertionError(f"never ended: {answer.url}")

    def _register(self, error: Mapping[str, Any]) -> None:
        assert error["code"] == "MissingSubscriptionRegistration", error
        namespace = error["details"][0]["target"]
        path = filled(f"/subscriptions/{{subscription}}/providers/{namespace}", self.wire.values)
        query = urlencode(_REGISTRATION)
        answer = self.wire.send("POST", f"{path}/register?{query}")
        assert answer.status_code == 200, answer.text
        for _ in range(_POLLS):
            answer = self.wire.send("GET", f"{path}?{query}")
            assert answer.status_code == 200, answer.text
            if answer.json()["registrationState"] == "Registered":
                return
            self.wire.sleep(_AFTER_REGISTRATION)
        raise AssertionError(f"{namespace} was never registered")


def _told(answer: httpx.Response, operation: str) -> str:
    """The status of an operation; the answer to the write itself is not one yet."""
    return answer.json().get("status", "") if str(answer.url) == operation else ""


def _state(answer: httpx.Response) -> str | None:
    return at(answer.json(), "properties.provisioningState") if answer.content else None


def _pause(answer: httpx.Response, otherwise: float) -> float:
    milliseconds = answer.headers.get("retry-after-ms", "")
    seconds = answer.headers.get("Retry-After", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    return float(seconds) if seconds.isdigit() else otherwise


_GROUP = "/subscriptions/{subscription}/resourcegroups/rg-break-glass"
_IN_GROUP = "/subscriptions/{subscription}/resourceGroups/rg-break-glass/providers"
_WORKSPACE = f"{_IN_GROUP}/Microsoft.OperationalInsights/workspaces/log-break-glass"
_ACTION_GROUP = f"{_IN_GROUP}/Microsoft.Insights/actionGroups/watchers"


def _workspace(days: int) -> JSON:
    properties = {"retentionInDays": days, "sku": {"name": "PerGB2018"}}
    return {"location": "westeurope", "properties": properties}


def _setting(*categories: str) -> JSON:
    logs = [{"category": category, "enabled": True} for category in categories]
    return {"properties": {"logs": logs, "workspaceId": _WORKSPACE}}


def _action_group(*addresses: str) -> JSON:
    receivers = [
        {"emailAddress": address, "name": address.split("@")[0], "useCommonAlertSchema": True}
        for address in addresses
    ]
    properties = {"emailReceivers": receivers, "enabled": True, "groupShortName": "BreakGlass"}
    return {"location": "Global", "properties": properties}


def _query_rule(severity: int) -> JSON:
    condition = {
        "operator": "GreaterThan",
        "query": "union isfuzzy=true SigninLogs | where UserId in ('1')",
        "threshold": 0.0,
        "timeAggregation": "Count",
    }
    return {
        "kind": "LogAlert",
        "location": "westeurope",
        "properties": {
            "actions": {
                "actionGroups": [_ACTION_GROUP],
                "actionProperties": {"Email.Subject": "Emergency account used"},
            },
            "autoMitigate": False,
            "criteria": {"allOf": [condition]},
            "displayName": "Emergency account used",
            "enabled": True,
            "evaluationFrequency": "PT5M",
            "scopes": [_WORKSPACE],
            "severity": severity,
            "skipQueryValidation": True,
            "windowSize": "PT5M",
        },
    }


def _activity_alert(enabled: bool) -> JSON:
    leaves = [
        {"equals": "Administrative", "field": "category"},
        {"equals": "Microsoft.Insights/ScheduledQueryRules/delete", "field": "operationName"},
    ]
    return {
        "location": "Global",
        "properties": {
            "actions": {"actionGroups": [{"actionGroupId": _ACTION_GROUP}]},
            "condition": {"allOf": leaves},
            "enabled": enabled,
            "scopes": ["/subscriptions/{subscription}"],
        },
    }


RESOURCE_GROUP = Row(
    "azure-native:resources:ResourceGroup",
    "2024-03-01",
    _GROUP,
    {"location": "westeurope"},
    {"location": "westeurope", "tags": {"owner": "identity"}},
    long_running=True,
)
WORKSPACE = Row(
    "azure-native:operationalinsights:Workspace",
    "2023-09-01",
    _WORKSPACE,
    _workspace(31),
    _workspace(90),
    long_running=True,
)
DIAGNOSTIC_SETTING = Row(
    "azure-native:aadiam:DiagnosticSetting",
    "2017-04-01",
    "/providers/microsoft.aadiam/diagnosticSettings/break-glass",
    _setting("SignInLogs", "AuditLogs"),
    _setting("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"),
)
ACTION_GROUP = Row(
    "azure-native:monitor:ActionGroup",
    "2024-10-01-preview",
    _ACTION_GROUP,
    _action_group("duty@fabrikam.example"),
    _action_group("duty@fabrikam.example", "partner@contoso.example"),
)
QUERY_RULE = Row(
    "azure-native:monitor:ScheduledQueryRule",
    "2025-01-01-preview",
    f"{_IN_GROUP}/Microsoft.Insights/scheduledQueryRules/use-alert",
    _query_rule(0),
    _query_rule(1),
)
ACTIVITY_LOG_ALERT = Row(
    "azure-native:monitor:ActivityLogAlert",
    "2020-10-01",
    f"{_IN_GROUP}/Microsoft.Insights/activityLogAlerts/alert-on-the-alert",
    _activity_alert(True),
    _activity_alert(False),
)
ROWS = (
    RESOURCE_GROUP,
    WORKSPACE,
    DIAGNOSTIC_SETTING,
    ACTION_GROUP,
    QUERY_RULE,
    ACTIVITY_LOG_ALERT,
)
"""In the order in which they need each other."""
