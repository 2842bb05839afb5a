"""Everything that has rung: the record, and the messages that go out with it."""

import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import iso
from sandbox.tenant.monitor.alerts import ActivityAlert, LogAlert, readable
from sandbox.tenant.monitor.notifications import Action, Notifier


class Firings:
    """The firings of all alert rules of a tenant, oldest first."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self.all: list[dict[str, Any]] = []

    def ring(
        self, alert: "LogAlert | ActivityAlert", actions: Sequence[Action], *, muted: bool = False
    ) -> None:
        """Record a firing and, unless it is muted, send its messages."""
        at = alert.occurrence
        log = isinstance(alert, LogAlert)
        rows: list[dict[str, Any]] = []
        if isinstance(alert, LogAlert):
            rows = [{name: readable(cell) for name, cell in row.items()} for row in alert.rows]
        problems = [] if muted else self._notifier.notify(alert, actions, at.time)
        self.all.append(
            {
                "time": iso(at.time),
                "condition": at.condition,
                "kind": "log" if log else "activity log",
                "rule": alert.rule["name"],
                "ruleId": alert.rule["id"],
                "alertId": at.alert_id,
                "severity": alert.severity,
                "target": alert.target,
                "dimensions": dict(alert.dimensions) if isinstance(alert, LogAlert) else {},
                "rows": rows,
                "event": {} if isinstance(alert, LogAlert) else alert.event.fields(),
                "muted": muted,
                "notTold": problems,
            }
        )

    @staticmethod
    def new_id(rule: Mapping[str, Any], name: str, behaviour: Behaviour) -> str:
        """The id of an alert, the same for the same seed."""
        chance = random.Random(f"{behaviour.random_seed}/{rule['id'].lower()}/{name}")  # noqa: S311
        identity = UUID(int=chance.getrandbits(128), version=4)
        subscription = rule["id"].split("/")[2]
        return (
            f"/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{identity}"
        )
