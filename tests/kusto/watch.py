"""The simulated tenant with one alarm, and the rows that the tables of cases put before it."""

from collections.abc import Mapping
from typing import Any

from alerting.schedules import RuleSchedule
from tests.sandbox.watched_tenant import WatchedTenant
from tests.support.findings import findings

Json = dict[str, Any]


def watch(query: str, schedule: RuleSchedule) -> WatchedTenant:
    """A tenant whose logs, action group and this one rule are at work."""
    times = {
        "evaluationFrequency": schedule.evaluation_frequency,
        "windowSize": schedule.window_size,
    }
    return WatchedTenant().with_rule(query, **times)


def later(watched: WatchedTenant, minutes: float) -> None:
    """Rows from now on are so many minutes late."""
    watched.tenant.behaviour.turn({"logDelaySeconds": minutes * 60})


def rung(watched: WatchedTenant, *, minutes: float = 10) -> list[Json]:
    """All that rings in the next minutes, one by one; the rule never failed."""
    watched.advance(minutes=minutes)
    assert watched.tenant.alert_rules.failures() == []
    return findings(row for firing in watched.firings for row in firing["rows"])


def audit_row(operation: str, *targets: Mapping[str, Any], **columns: Any) -> Json:
    """A row of AuditLogs about these targets, by an administrator unless `columns` say who."""
    by: Json = {
        "user": {
            "id": "5d0a7f7e-8f0e-4a3e-9d8e-1c9f0a5b7c01",
            "userPrincipalName": "ada@contoso.example",
            "ipAddress": "198.51.100.7",
        }
    }
    row: Json = {
        "OperationName": operation,
        "Result": "success",
        "InitiatedBy": by,
        "TargetResources": list(targets),
    }
    return row | columns


def target(object_id: str, name: str = "", *modified: Mapping[str, Any]) -> Json:
    """An entry of TargetResources."""
    return {"id": object_id, "displayName": name, "modifiedProperties": list(modified)}
