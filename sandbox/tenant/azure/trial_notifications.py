"""Test notifications of an action group: which receivers were tried, and what became of it.

Source: Azure REST API, "Action Groups - Create Notifications At Action Group Resource Level" and
"Get Test Notifications At Action Group Resource Level".
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.action_groups import RECEIVERS, checked_receivers
from sandbox.tenant.azure.types import bad_request
from sandbox.tenant.clock import Clock
from sandbox.tenant.ids import Ids
from sandbox.tenant.monitor.outbox import Message

ALERT_TYPES = (
    *("servicehealth", "resourcehealth", "metricstaticthreshold", "metricsdynamicthreshold"),
    *("logalertv1", "logalertv2", "activitylog", "webtestalert", "smartalert", "budget", "actiong"),
)

Details = dict[str, Any]


class TrialNotifications:
    """What was tried, by notification id."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._details: dict[str, Details] = {}

    def send(self, group: str, body: Mapping[str, Any]) -> tuple[str, list[Message]]:
        """Try receivers; the notification's id and the messages. Raises ServiceError 400."""
        kind = str(body.get("alertType", ""))
        if kind.lower() not in ALERT_TYPES:
            raise bad_request(
                "BadRequest", f"alertType '{kind}' is none of {', '.join(ALERT_TYPES)}."
            )
        receivers = checked_receivers(body)
        messages = [
            Message(
                channel=RECEIVERS[list_name].channel,
                recipient=RECEIVERS[list_name].recipient(receiver),
                name=str(receiver["name"]),
                subject=f"Test notification of action group {group}",
                body=f"A test of action group {group} with a sample alert of type {kind}.",
                rule="",
            )
            for list_name, listed in receivers.items()
            for receiver in listed
        ]
        if not messages:
            raise bad_request("BadRequest", "The request names no receiver to notify.")
        identity, now = self._ids.new().replace("-", ""), self._clock.timestamp()
        self._details[identity] = {
            "context": {
                "notificationSource": "Microsoft.Insights/TestNotification",
                "contextType": kind,
            },
            "state": "Complete",
            "createdTime": now,
            "completedTime": now,
            "actionDetails": [
                {
                    "MechanismType": message.channel.title().replace(" ", ""),
                    "Name": message.name,
                    "Status": "Succeeded",
                    "SubState": "Default",
                    "SendTime": now,
                    "Detail": None,
                }
                for message in messages
            ],
        }
        return identity, messages

    def find(self, notification_id: str) -> Details | None:
        """What became of a notification, or None."""
        return self._details.get(notification_id)
