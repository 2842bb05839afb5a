"""From an alert to messages: an action group's receivers, and what each of them reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.tenant.azure.action_groups import RECEIVERS
from sandbox.tenant.monitor.outbox import Message

SHOWN_ROWS = 10


@dataclass(frozen=True)
class Alert:
    """A state change of an alert rule. `condition`: Fired or Resolved; `time` is ISO 8601."""

    condition: str
    time: str
    rule: Mapping[str, Any]
    workspace_id: str
    rows: Sequence[Mapping[str, Any]]

    @property
    def subject(self) -> str:
        """The mail's subject: the rule's own when it has one, else Azure Monitor's."""
        properties = self.rule["properties"]
        own = properties["actions"]["actionProperties"].get("Email.Subject")
        resource = self.workspace_id.rsplit("/", 1)[-1]
        return own or (
            f"{self.condition}:Sev{properties['severity']} Azure Monitor Alert "
            f"{self.rule['name']} on {resource} (microsoft.operationalinsights/workspaces) at "
            f"{self.time}"
        )

    @property
    def body(self) -> str:
        """The message as plain text: rule, severity, rows, query, where to look."""
        properties = self.rule["properties"]
        lines = [
            f"{self.condition}: {properties.get('displayName') or self.rule['name']}",
            properties.get("description", ""),
            "",
            f"Severity       Sev{properties['severity']}",
            f"Time           {self.time}",
            f"Alert rule     {self.rule['id']}",
            f"Workspace      {self.workspace_id}",
            f"Rows           {len(self.rows)}",
            "",
            *(_row_text(row) for row in self.rows[:SHOWN_ROWS]),
            *([f"… and {len(self.rows) - SHOWN_ROWS} more"] if len(self.rows) > SHOWN_ROWS else []),
            "",
            "Query:",
            properties["criteria"]["allOf"][0]["query"],
            "",
            f"Results: https://portal.azure.com/#resource{self.workspace_id}/logs",
        ]
        return "\n".join(lines)


def messages_of(alert: Alert, action_group: Mapping[str, Any]) -> Iterator[Message]:
    """One message to each receiver; none from a group, or to a receiver, that is switched off."""
    properties = action_group["properties"]
    if not properties["enabled"]:
        return
    for kind_name, kind in RECEIVERS.items():
        for receiver in properties.get(kind_name, []):
            if receiver.get("status", "Enabled") != "Enabled":
                continue
            yield Message(
                channel=kind.channel,
                recipient=kind.recipient(receiver),
                name=receiver["name"],
                subject=alert.subject,
                body=alert.body,
                rule=alert.rule["name"],
            )


def readable(value: object) -> Any:
    """A cell of a result as JSON has it: datetimes become ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _row_text(row: Mapping[str, Any]) -> str:
    cells = ((name, readable(value)) for name, value in row.items())
    return "  " + ", ".join(f"{name}: {value}" for name, value in cells if value not in (None, ""))
