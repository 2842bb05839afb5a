"""Activity log alerts: an event of a subscription that meets a rule's condition rings.

Each event rings by itself: an operation leaves two, Started and Succeeded or Failed, and a rule
whose condition does not name a status rings for both. It rings when the event can be read in the
activity log. Values are compared without regard to case. Sources: Azure REST API, "Activity Log
Alerts"; Microsoft Learn, "Types of Azure Monitor alerts", activity log alerts are stateless.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox.tenant.azure.activity_log_alerts import ACTIVITY_LOG_ALERTS
from sandbox.tenant.azure.ids import within
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.monitor.activity import ActivityEvent, ActivityLog
from sandbox.tenant.monitor.alerts import ActivityAlert, Occurrence
from sandbox.tenant.monitor.firings import Firings
from sandbox.tenant.monitor.notifications import Action


class ActivityLogAlerts:
    """The events that some rule waits for, until they can be read."""

    def __init__(
        self,
        clock: Clock,
        behaviour: Behaviour,
        azure: Azure,
        activity: ActivityLog,
        firings: Firings,
    ) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._azure = azure
        self._firings = firings
        self._pending: list[tuple[str, ActivityEvent]] = []
        activity.listen(self._heard)

    def read(self, doc: Mapping[str, Any]) -> None:
        """Read the key `activityAlertsPending`."""
        pending = doc.get("activityAlertsPending", [])
        self._pending = [(item["ruleId"], ActivityEvent(**item["event"])) for item in pending]

    def to_document(self) -> dict[str, Any]:
        """The key `activityAlertsPending`."""
        pending = [{"ruleId": rule, "event": asdict(event)} for rule, event in self._pending]
        return {"activityAlertsPending": pending}

    def next_due(self) -> float | None:
        """When the next event that a rule waits for can be read (epoch seconds), or None."""
        return min((event.visible for _rule, event in self._pending), default=None)

    def run_due(self) -> None:
        """Ring for every event that can be read by now. A rule that is gone does not ring."""
        now = self._clock.now()
        due = sorted(
            (pair for pair in self._pending if pair[1].visible <= now),
            key=lambda pair: pair[1].visible,
        )
        self._pending = [pair for pair in self._pending if pair[1].visible > now]
        for rule_id, event in due:
            rule = self._azure.find(rule_id)
            if rule is not None and rule["properties"]["enabled"]:
                self._ring(rule, event)

    def _heard(self, event: ActivityEvent) -> None:
        for rule in self._azure.of_type(ACTIVITY_LOG_ALERTS.full_name):
            if rule["properties"]["enabled"] and matches(rule["properties"], event):
                self._pending.append((rule["id"], event))

    def _ring(self, rule: Mapping[str, Any], event: ActivityEvent) -> None:
        alert_id = self._firings.new_id(rule, event.event_id, self._behaviour)
        at = Occurrence("Fired", event.visible, event.visible, alert_id)
        actions = [
            Action(group["actionGroupId"], group["webhookProperties"])
            for group in rule["properties"]["actions"]["actionGroups"]
        ]
        self._firings.ring(ActivityAlert(at, rule, event), actions)


def matches(properties: Mapping[str, Any], event: ActivityEvent) -> bool:
    """Whether an event lies in a rule's scopes and meets all of its conditions."""
    if not any(within(scope, event.resource_id) for scope in properties["scopes"]):
        return False
    fields = {name.lower(): value.lower() for name, value in event.fields().items()}
    return all(_holds(condition, fields) for condition in properties["condition"]["allOf"])


def _holds(condition: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    if "anyOf" in condition:
        return any(_holds(leaf, fields) for leaf in condition["anyOf"])
    value = fields.get(condition["field"].lower(), "")
    if "equals" in condition:
        return value == condition["equals"].lower()
    return any(word.lower() in value for word in condition["containsAny"])
