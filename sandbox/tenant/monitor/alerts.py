"""An alert that was fired or resolved: what its messages say.

Source: Microsoft Learn, "Common alert schema", "Sample alert payloads" and "Create or edit a log
search alert rule". The words of a mail are close to Azure Monitor's. Since the API of 2021-08-01 no
message carries rows: of a row it has the values of the rule's dimensions, and links for the rest.
That a rule's custom properties are in the payload and not in the mail is assumed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sandbox.tenant.clock import iso
from sandbox.tenant.durations import seconds_of
from sandbox.tenant.monitor.activity import ActivityEvent
from sandbox.tenant.monitor.kql_types import timespan_text

_PORTAL = "https://portal.azure.com/"
_QUERY_SERVICE = "https://api.loganalytics.io/v1"
ACTIVITY_SEVERITY = 4
"""Activity log alerts have no severity of their own: all are Sev4."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Occurrence:
    """That an alert was `Fired` or `Resolved`, and when (epoch seconds)."""

    condition: str
    time: float
    fired: float
    alert_id: str


@dataclass(frozen=True)
class LogAlert:
    """An alert of a scheduled query rule. `value` is what was compared with the threshold."""

    occurrence: Occurrence
    rule: Mapping[str, Any]
    workspace: Mapping[str, Any] | None
    rows: Sequence[Mapping[str, Any]] = ()
    dimensions: Mapping[str, str] = field(default_factory=dict[str, str])
    value: float | None = None

    @property
    def severity(self) -> int:
        """0 (critical) to 4 (verbose)."""
        return self.rule["properties"]["severity"]

    @property
    def target(self) -> str:
        """The id of the workspace."""
        return self.rule["properties"]["scopes"][0]

    @property
    def subject(self) -> str:
        """The mail's subject: the rule's own when it has one, else Azure Monitor's."""
        own = self.rule["properties"]["actions"]["actionProperties"].get("Email.Subject")
        at = self.occurrence
        return own or (
            f"{at.condition}:Sev{self.severity} Azure Monitor Alert {self.rule['name']} on "
            f"{self.target.rsplit('/', 1)[-1]} (microsoft.operationalinsights/workspaces) at "
            f"{iso(at.time)}"
        )

    @property
    def body(self) -> str:
        """The mail as plain text: rule, severity, time, dimensions, value, links, query."""
        properties, criterion = self.rule["properties"], self._criterion
        measured = [] if self.value is None else [f"Metric value   {self.value:g}"]
        lines = [
            f"{self.occurrence.condition}: {properties.get('displayName') or self.rule['name']}",
            properties.get("description", ""),
            "",
            f"Severity       Sev{self.severity}",
            f"Time           {iso(self.occurrence.time)}",
            f"Fired          {iso(self.occurrence.fired)}",
            f"Alert rule     {self.rule['id']}",
            f"Workspace      {self.target}",
            *(f"Dimension      {name} = {value}" for name, value in self.dimensions.items()),
            f"Condition      {criterion['timeAggregation']} {criterion['operator']} "
            f"{criterion['threshold']:g}",
            *measured,
            f"Alert          {_PORTAL}#resource{self.occurrence.alert_id}",
            f"Results        {self.search_links()['linkToSearchResultsUI']}",
            "",
            "Query:",
            criterion["query"],
        ]
        return "\n".join(lines)

    @property
    def custom_properties(self) -> Mapping[str, str]:
        """What the rule's author adds to every message."""
        return self.rule["properties"]["actions"]["customProperties"]

    def common_schema(self, properties: Mapping[str, str] | None = None) -> Json:
        """The common alert schema of "Log Alerts V2"; search results are not in it."""
        del properties
        given, criterion = self.rule["properties"], self._criterion
        start, end = self._window
        condition: Json = {
            "searchQuery": criterion["query"],
            "metricMeasureColumn": criterion.get("metricMeasureColumn"),
            "targetResourceTypes": json.dumps(given["targetResourceTypes"]).replace('"', "'"),
            "operator": criterion["operator"],
            "threshold": f"{criterion['threshold']:g}",
            "timeAggregation": criterion["timeAggregation"],
            "dimensions": [{"name": n, "value": v} for n, v in self.dimensions.items()],
            "metricValue": self.value,
            "failingPeriods": criterion["failingPeriods"],
            **self.search_links(),
        }
        context: Json = {
            "properties": dict(self.custom_properties) or None,
            "conditionType": "LogQueryCriteria",
            "condition": {
                "windowSize": given["windowSize"],
                "allOf": [condition],
                "windowStartTime": iso(start),
                "windowEndTime": iso(end),
            },
        }
        essentials = {
            "severity": f"Sev{self.severity}",
            "signalType": "Log",
            "monitoringService": "Log Alerts V2",
            "alertTargetIDs": [self.target.lower()],
            "description": given.get("description", ""),
        }
        return common_schema(
            self.occurrence, self.rule["name"], essentials, context, self.custom_properties
        )

    def legacy_schema(self, properties: Mapping[str, str] | None = None) -> Json:
        """Rules of these API versions know the common schema only."""
        return self.common_schema(properties)

    def search_links(self) -> dict[str, str]:
        """Where the rows can be looked at: the portal, and the query service."""
        start, end = (iso(moment) for moment in self._window)
        portal = f"{_PORTAL}#resource{self.target}/logs"
        customer = (self.workspace or {}).get("properties", {}).get("customerId", "")
        service = (
            f"{_QUERY_SERVICE}/workspaces/{customer}/query?query={quote(self._criterion['query'])}"
            f"&timespan={quote(f'{start}/{end}', safe='')}"
        )
        return {
            "linkToSearchResultsUI": portal,
            "linkToFilteredSearchResultsUI": portal,
            "linkToSearchResultsAPI": service,
            "linkToFilteredSearchResultsAPI": service,
        }

    @property
    def _criterion(self) -> Mapping[str, Any]:
        return self.rule["properties"]["criteria"]["allOf"][0]

    @property
    def _window(self) -> tuple[float, float]:
        end = self.occurrence.time
        return end - seconds_of(self.rule["properties"]["windowSize"]), end


@dataclass(frozen=True)
class ActivityAlert:
    """An alert of an activity log rule: one event that met its condition."""

    occurrence: Occurrence
    rule: Mapping[str, Any]
    event: ActivityEvent
    severity: int = ACTIVITY_SEVERITY

    @property
    def target(self) -> str:
        """The resource that the event was about."""
        return self.event.resource_id

    @property
    def subject(self) -> str:
        """The mail's subject."""
        return (
            f"Fired:Sev{self.severity} Azure Monitor Alert {self.rule['name']} on "
            f"{self.target.rsplit('/', 1)[-1]} ({self.event.resource_type.lower()}) at "
            f"{iso(self.occurrence.time)}"
        )

    @property
    def body(self) -> str:
        """The mail as plain text: rule, time, and who did what to which resource."""
        event = self.event
        return "\n".join(
            [
                f"Fired: {self.rule['name']}",
                self.rule["properties"].get("description", ""),
                "",
                f"Severity       Sev{self.severity}",
                f"Time           {iso(self.occurrence.time)}",
                f"Alert rule     {self.rule['id']}",
                f"Operation      {event.operation_name}",
                f"Status         {event.status} {event.sub_status}".rstrip(),
                f"Event time     {iso(event.time)}",
                f"Caller         {event.caller}",
                f"Resource       {event.resource_id}",
                f"Correlation    {event.correlation_id}",
                f"Alert          {_PORTAL}#resource{self.occurrence.alert_id}",
            ]
        )

    def common_schema(self, properties: Mapping[str, str] | None = None) -> Json:
        """The common alert schema of "Activity Log - Administrative"."""
        essentials = {
            "severity": f"Sev{self.severity}",
            "signalType": "Activity Log",
            "monitoringService": f"Activity Log - {self.event.category}",
            "alertTargetIDs": [self.target.lower()],
            "description": self.rule["properties"].get("description", ""),
        }
        return common_schema(
            self.occurrence, self.rule["name"], essentials, self._activity(), properties or {}
        )

    def legacy_schema(self, properties: Mapping[str, str] | None = None) -> Json:
        """The payload of webhooks without the common schema."""
        event = self.event
        located = {
            "description": self.rule["properties"].get("description", ""),
            "resourceId": event.resource_id,
            "resourceGroupName": event.resource_group,
            "resourceProviderName": event.resource_provider,
            "resourceType": event.resource_type,
            "subscriptionId": event.subscription_id,
        }
        return {
            "schemaId": "Microsoft.Insights/activityLogs",
            "data": {
                "status": "Activated",
                "context": {"activityLog": {**self._activity(), **located}},
                "properties": dict(properties or {}),
            },
        }

    def _activity(self) -> Json:
        event = self.event
        return {
            "authorization": {"action": event.operation_name, "scope": event.resource_id},
            "channels": "Operation",
            "claims": "{}",
            "caller": event.caller,
            "correlationId": event.correlation_id,
            "eventSource": event.category,
            "eventTimestamp": iso(event.time),
            "eventDataId": event.event_id,
            "level": event.level,
            "operationName": event.operation_name,
            "operationId": event.correlation_id,
            "properties": {"eventCategory": event.category, "entity": event.resource_id},
            "status": event.status,
            "subStatus": event.sub_status,
            "submissionTimestamp": iso(event.visible),
        }


def common_schema(
    at: Occurrence,
    rule: str,
    essentials: Json,
    context: Json,
    custom_properties: Mapping[str, str],
) -> Json:
    """The frame that all kinds of alerts share."""
    resolved = {"resolvedDateTime": iso(at.time)} if at.condition == "Resolved" else {}
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": at.alert_id,
                "alertRule": rule,
                "monitorCondition": at.condition,
                "originAlertId": at.alert_id.rsplit("/", 1)[-1],
                "firedDateTime": iso(at.fired),
                **resolved,
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
                **essentials,
            },
            "alertContext": context,
            "customProperties": dict(custom_properties) or None,
        },
    }


def readable(value: object) -> Any:
    """A cell of a result as JSON has it: datetimes become ISO 8601, timespans `hh:mm:ss`."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return timespan_text(value) if isinstance(value, timedelta) else value
