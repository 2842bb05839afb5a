"""Alert rules: each runs its own query on its own schedule, in virtual time, and rings.

An evaluation comes up to `alert_jitter_seconds` after its time. The query's `now()` is when it
comes, and there its window ends (assumed: Microsoft documents neither). A rule whose query fails
for a week is disabled, and the activity log says so. Its health is told there at once: Azure's own
takes a while and has more states (assumed). Source: Microsoft Learn, "Log search alert rules"
(stateless and stateful alerts, muting), "Troubleshoot log search alerts" (failing rules, charges)
and "Monitor the health of log search alert rules".
"""

import json
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.tenant.azure.query_rules import QUERY_RULES
from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Initiator
from sandbox.tenant.clock import Clock, iso
from sandbox.tenant.durations import seconds_of
from sandbox.tenant.json_copy import copied
from sandbox.tenant.monitor.activity import ActivityLog
from sandbox.tenant.monitor.activity_log_alerts import ActivityLogAlerts
from sandbox.tenant.monitor.alert_conditions import Series, query_span, violations
from sandbox.tenant.monitor.alert_cost import AS_OF, CURRENCY, SOURCE, ingestion
from sandbox.tenant.monitor.alerts import LogAlert, Occurrence
from sandbox.tenant.monitor.firings import Firings
from sandbox.tenant.monitor.kql import KqlError
from sandbox.tenant.monitor.log_tables import TABLES
from sandbox.tenant.monitor.logs import Logs
from sandbox.tenant.monitor.notifications import Action, Notifier
from sandbox.tenant.monitor.outbox import Outbox
from sandbox.tenant.monitor.rule_states import Meter, RuleState, SeriesState, documents

CATCH_UP_SECONDS = 86400.0
"""How much of a standstill is made up for: Azure itself does not repeat missed evaluations."""

FAILING_SECONDS = 7 * 86400.0
"""A rule that has failed for so long is disabled."""

_AZURE_MONITOR = Initiator(
    "app", "Microsoft.Insights/ScheduledQueryRules", "Microsoft.Insights/ScheduledQueryRules"
)

Rule = dict[str, Any]


class AlertRules:
    """The schedule of the scheduled query rules; activity log alerts ring beside them."""

    def __init__(
        self,
        clock: Clock,
        behaviour: Behaviour,
        azure: Azure,
        logs: Logs,
        activity: ActivityLog,
        outbox: Outbox,
    ) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._azure = azure
        self._logs = logs
        self._activity = activity
        self._firings = Firings(Notifier(azure, outbox))
        self._activity_alerts = ActivityLogAlerts(clock, behaviour, azure, activity, self._firings)
        self._states: dict[str, RuleState] = {}
        self._meters: dict[str, Meter] = {}

    def read(self, doc: Mapping[str, Any]) -> "AlertRules":
        """Read the keys `alertFirings`, `alertState`, `alertMeters`, `activityAlertsPending`."""
        self._firings.all = copied(list(doc.get("alertFirings", [])))
        self._states = {k: RuleState.read(v) for k, v in doc.get("alertState", {}).items()}
        self._meters = {k: Meter(**v) for k, v in doc.get("alertMeters", {}).items()}
        self._activity_alerts.read(doc)
        return self

    def to_document(self) -> dict[str, Any]:
        """The keys that `read` reads."""
        return {
            "alertFirings": self.firings(),
            "alertState": documents(self._states),
            "alertMeters": documents(self._meters),
            **self._activity_alerts.to_document(),
        }

    def firings(self) -> list[dict[str, Any]]:
        """Every firing, oldest first: time, condition, rule, severity, target, rows, muted."""
        return copied(self._firings.all)

    def failures(self) -> list[dict[str, Any]]:
        """The rules whose last run failed, with the reason."""
        return [
            {"rule": state.name, "error": state.error, "nextRun": iso(state.due)}
            for state in self._states.values()
            if state.error
        ]

    def figures(self) -> list[dict[str, Any]]:
        """Per rule: evaluations, firings, failures, and what it would have cost until now."""
        self._enabled()
        return [meter.shown(rule_id) for rule_id, meter in self._meters.items()]

    def cost(self) -> dict[str, Any]:
        """What the rules and the stored rows would have cost: sums, currency, date and source."""
        billed = [name for name, table in TABLES.items() if table.billed]
        rows = [row for table in billed for row in self._logs.rows(table)]
        size = sum(len(json.dumps(row)) for row in rows)
        return {
            "currency": CURRENCY,
            "asOf": AS_OF,
            "source": SOURCE,
            "rules": round(sum(meter.cost for meter in self._meters.values()), 6),
            "ingestion": ingestion(len(rows), size),
        }

    def next_due(self) -> float | None:
        """When something is due next (epoch seconds), or None."""
        due = [state.due for _rule, state in self._enabled()]
        if (pending := self._activity_alerts.next_due()) is not None:
            due.append(pending)
        return min(due, default=None)

    def run_due(self) -> None:
        """Run every evaluation that is due by now, each as of its own time."""
        now = self._clock.now()
        self._activity_alerts.run_due()
        enabled = self._enabled()
        while due := [pair for pair in enabled if pair[1].due <= now]:
            rule, state = min(due, key=lambda pair: pair[1].due)
            if state.due < now - CATCH_UP_SECONDS:
                self._plan(rule, state, now - CATCH_UP_SECONDS)
            self._evaluate(rule, state, state.due)
            if not rule["properties"]["enabled"]:
                enabled = self._enabled()
                continue
            frequency = seconds_of(rule["properties"]["evaluationFrequency"])
            self._plan(rule, state, state.slot + frequency)
        self._activity_alerts.run_due()

    def _plan(self, rule: Rule, state: RuleState, slot: float) -> None:
        """The next run: planned for `slot`, it comes a little late, and never before the last."""
        state.plans += 1
        seed = f"{self._behaviour.random_seed}/alert/{rule['id'].lower()}/{state.plans}"
        late = random.Random(seed).uniform(0, self._behaviour.alert_jitter_seconds)  # noqa: S311
        state.slot, state.due = slot, max(state.due, slot + late)

    def _enabled(self) -> list[tuple[Rule, RuleState]]:
        """The enabled rules with their state; the state of every other rule is forgotten."""
        rules = {
            rule["id"].lower(): rule
            for rule in self._azure.seen(QUERY_RULES.full_name)
            if rule["properties"]["enabled"]
        }
        self._states = {identity: self._state_of(rule) for identity, rule in rules.items()}
        self._count(rules)
        return [(rule, self._states[identity]) for identity, rule in rules.items()]

    def _state_of(self, rule: Rule) -> RuleState:
        """A rule runs for the first time one frequency after it was made or switched on."""
        created = rule["systemData"]["createdAt"]
        state = self._states.get(rule["id"].lower())
        if state is not None and state.created_at == created:
            return state
        switched_on = _switched_on(rule)
        state = RuleState(rule["name"], created, switched_on, switched_on)
        frequency = seconds_of(rule["properties"]["evaluationFrequency"])
        self._plan(rule, state, switched_on + frequency)
        return state

    def _count(self, rules: Mapping[str, Rule]) -> None:
        now = self._clock.now()
        for identity, meter in self._meters.items():
            state = self._states.get(identity)
            # A rule whose workspace is gone is not charged.
            broken = state is not None and bool(state.error)
            meter.count(now, free=broken and not self._scope_exists(rules, identity))
            if identity not in rules:
                meter.counted_until = None
        for identity, rule in rules.items():
            frequency = seconds_of(rule["properties"]["evaluationFrequency"])
            meter = self._meters.setdefault(identity, Meter(rule["name"], frequency, None))
            meter.frequency = frequency
            if meter.counted_until is None:
                meter.counted_until = min(now, _switched_on(rule))
                meter.count(now)

    def _scope_exists(self, rules: Mapping[str, Rule], identity: str) -> bool:
        return identity in rules and self._azure.exists(rules[identity]["properties"]["scopes"][0])

    def _evaluate(self, rule: Rule, state: RuleState, now: float) -> None:
        properties, meter = rule["properties"], self._meters[rule["id"].lower()]
        query = properties["criteria"]["allOf"][0]["query"]
        meter.evaluations += 1
        try:
            start = now - query_span(properties)
            result = self._logs.query(properties["scopes"][0], query, start=start, now=now)
            found = violations(properties, result, now)
        except KqlError as error:
            meter.failures += 1
            self._failed(rule, state, str(error), now)
            return
        if state.error is not None:
            self._activity.record_health(rule["id"], "Unavailable", "Available", "Available")
        state.error, state.failing_since = None, None
        for series in found:
            known = state.series.setdefault(series.key, SeriesState())
            known.quiet_runs = 0
            if not (properties["autoMitigate"] and known.active):
                self._fire(rule, known, series, now)
        violating = {series.key for series in found}
        for key, known in list(state.series.items()):
            if known.active and key not in violating:
                self._quiet_run(rule, known, now)
            elif not known.active and key not in violating and known.muted_until <= now:
                del state.series[key]

    def _failed(self, rule: Rule, state: RuleState, error: str, now: float) -> None:
        if state.error is None:
            self._activity.record_health(rule["id"], "Available", "Unavailable", error)
        state.error = error
        state.failing_since = now if state.failing_since is None else state.failing_since
        if now - state.failing_since >= FAILING_SECONDS:
            self._azure.switch_off(rule["id"])
            self._activity.record("POST", f"{rule['id']}/disable", 200, _AZURE_MONITOR)

    def _fire(self, rule: Rule, known: SeriesState, series: Series, now: float) -> None:
        known.active = bool(rule["properties"]["autoMitigate"])
        known.fired, known.dimensions = now, dict(series.dimensions)
        meter = self._meters[rule["id"].lower()]
        meter.firings += 1
        known.alert_id = self._firings.new_id(
            rule, f"{series.key}/{meter.firings}", self._behaviour
        )
        self._ring("Fired", rule, known, series, now)

    def _quiet_run(self, rule: Rule, known: SeriesState, now: float) -> None:
        """A stateful alert is resolved after some runs in which its condition was not met."""
        known.quiet_runs += 1
        if known.quiet_runs >= _runs_to_resolve(rule):
            known.active, known.quiet_runs = False, 0
            self._ring("Resolved", rule, known, Series(known.dimensions, [], None), now)

    def _ring(
        self, condition: str, rule: Rule, known: SeriesState, series: Series, now: float
    ) -> None:
        properties = rule["properties"]
        alert = LogAlert(
            Occurrence(condition, now, known.fired, known.alert_id),
            copied(rule),
            self._azure.find(properties["scopes"][0]),
            series.rows,
            series.dimensions,
            series.value,
        )
        muted = now < known.muted_until
        actions = [Action(group) for group in properties["actions"]["actionGroups"]]
        self._firings.ring(alert, actions, muted=muted)
        if not muted and (mute := properties.get("muteActionsDuration")):
            known.muted_until = now + seconds_of(mute)


def _switched_on(rule: Rule) -> float:
    return datetime.fromisoformat(rule["systemData"]["lastModifiedAt"]).timestamp()


def _runs_to_resolve(rule: Rule) -> int:
    """Ten minutes for a rule of every minute, three runs up to a quarter of an hour, two up to
    eleven hours, then one. Microsoft documents it up to twelve hours; one run for a rule of once a
    day is assumed."""
    seconds = seconds_of(rule["properties"]["evaluationFrequency"])
    if seconds == 60:
        return 10
    if seconds <= 15 * 60:
        return 3
    return 2 if seconds <= 11 * 3600 else 1
