"""Alert rules: each runs its own query on its own schedule, in virtual time, and rings.

Source: Microsoft Learn, "Log search alert rules" (stateless and stateful alerts, muting) and
"Troubleshoot log search alerts" (a rule whose query fails does not fire).
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from sandbox.tenant.azure.query_rules import QUERY_RULES
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.clock import Clock, iso
from sandbox.tenant.durations import seconds_of
from sandbox.tenant.monitor.alert_conditions import Row, query_span, violating_rows
from sandbox.tenant.monitor.kql import KqlError
from sandbox.tenant.monitor.logs import Logs
from sandbox.tenant.monitor.notifications import Alert, messages_of, readable
from sandbox.tenant.monitor.outbox import Outbox

CATCH_UP_SECONDS = 86400.0
"""How much of a standstill is made up for: Azure itself does not repeat missed evaluations."""

Rule = dict[str, Any]
State = dict[str, Any]


class AlertRules:
    """The schedule of the scheduled query rules and what they have fired.

    State of a rule: `due` (epoch seconds of its next run), `error` (why its last run failed, or
    None), `mutedUntil`, `active` (stateful rules: fired and not resolved), `quietRuns`.
    """

    def __init__(self, clock: Clock, azure: Azure, logs: Logs, outbox: Outbox) -> None:
        self._clock = clock
        self._azure = azure
        self._logs = logs
        self._outbox = outbox
        self._states: dict[str, State] = {}
        self._firings: list[dict[str, Any]] = []

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], clock: Clock, azure: Azure, logs: Logs, outbox: Outbox
    ) -> "AlertRules":
        """Read the keys `alertFirings` and `alertState`."""
        rules = cls(clock, azure, logs, outbox)
        rules._firings = deepcopy(list(doc.get("alertFirings", [])))
        rules._states = deepcopy(dict(doc.get("alertState", {})))
        return rules

    def to_document(self) -> dict[str, Any]:
        """The keys `alertFirings` and `alertState`."""
        return {"alertFirings": self.firings(), "alertState": deepcopy(self._states)}

    def firings(self) -> list[dict[str, Any]]:
        """Every firing, oldest first: time, condition, rule, severity, workspace, rows, muted."""
        return deepcopy(self._firings)

    def failures(self) -> list[dict[str, Any]]:
        """The rules whose last run failed, with the reason."""
        return [
            {"rule": state["name"], "error": state["error"], "nextRun": iso(state["due"])}
            for state in self._states.values()
            if state["error"]
        ]

    def next_due(self) -> float | None:
        """When the next rule runs (epoch seconds), or None while no rule is enabled."""
        return min((state["due"] for _rule, state in self._enabled()), default=None)

    def run_due(self) -> None:
        """Run every evaluation that is due by now, each as of its own time."""
        now = self._clock.now()
        while True:
            due = [pair for pair in self._enabled() if pair[1]["due"] <= now]
            if not due:
                return
            rule, state = min(due, key=lambda pair: pair[1]["due"])
            state["due"] = max(state["due"], now - CATCH_UP_SECONDS)
            self._evaluate(rule, state, state["due"])
            state["due"] += seconds_of(rule["properties"]["evaluationFrequency"])

    def _enabled(self) -> list[tuple[Rule, State]]:
        """The enabled rules with their state; the state of every other rule is forgotten."""
        rules = {
            rule["id"].lower(): rule
            for rule in self._azure.of_type(QUERY_RULES.full_name)
            if rule["properties"]["enabled"]
        }
        self._states = {identity: self._state_of(rule) for identity, rule in rules.items()}
        return [(rule, self._states[identity]) for identity, rule in rules.items()]

    def _state_of(self, rule: Rule) -> State:
        """A rule runs for the first time one frequency after it was made or switched on."""
        created = rule["systemData"]["createdAt"]
        state = self._states.get(rule["id"].lower())
        if state is not None and state["createdAt"] == created:
            return state
        switched_on = datetime.fromisoformat(rule["systemData"]["lastModifiedAt"]).timestamp()
        return {
            "name": rule["name"],
            "createdAt": created,
            "due": switched_on + seconds_of(rule["properties"]["evaluationFrequency"]),
            "error": None,
            "mutedUntil": 0.0,
            "active": False,
            "quietRuns": 0,
        }

    def _evaluate(self, rule: Rule, state: State, now: float) -> None:
        properties = rule["properties"]
        workspace = properties["scopes"][0]
        query = properties["criteria"]["allOf"][0]["query"]
        try:
            start = now - query_span(properties)
            result = self._logs.query(workspace, query, start=start, now=now)
            rows = violating_rows(properties, result, now)
        except KqlError as error:
            state["error"] = str(error)
            return
        state["error"] = None
        if not properties["autoMitigate"]:
            if rows:
                self._ring(Alert("Fired", iso(now), rule, workspace, rows), state, now)
        elif rows:
            state["quietRuns"] = 0
            if not state["active"]:
                state["active"] = True
                self._ring(Alert("Fired", iso(now), rule, workspace, rows), state, now)
        elif state["active"]:
            self._quiet_run(rule, state, now)

    def _quiet_run(self, rule: Rule, state: State, now: float) -> None:
        """A stateful alert is resolved after some runs in which its condition was not met."""
        state["quietRuns"] += 1
        if state["quietRuns"] < _runs_to_resolve(rule):
            return
        state["active"], state["quietRuns"] = False, 0
        workspace = rule["properties"]["scopes"][0]
        self._ring(Alert("Resolved", iso(now), rule, workspace, []), state, now)

    def _ring(self, alert: Alert, state: State, now: float) -> None:
        properties = alert.rule["properties"]
        muted = now < state["mutedUntil"]
        self._firings.append(
            {
                "time": alert.time,
                "condition": alert.condition,
                "rule": alert.rule["name"],
                "ruleId": alert.rule["id"],
                "severity": properties["severity"],
                "workspace": alert.workspace_id,
                "rows": [_readable_row(row) for row in alert.rows],
                "muted": muted,
            }
        )
        if muted:
            return
        if mute := properties.get("muteActionsDuration"):
            state["mutedUntil"] = now + seconds_of(mute)
        for group_id in properties["actions"]["actionGroups"]:
            group = self._azure.find(group_id)
            for message in messages_of(alert, group) if group else ():
                self._outbox.send(message, now)


def _runs_to_resolve(rule: Rule) -> int:
    """Ten minutes for a rule of every minute, three runs up to a quarter of an hour, then two."""
    seconds = seconds_of(rule["properties"]["evaluationFrequency"])
    if seconds == 60:
        return 10
    return 3 if seconds <= 900 else 2


def _readable_row(row: Row) -> dict[str, Any]:
    return {name: readable(value) for name, value in row.items()}
