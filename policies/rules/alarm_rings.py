"""Every alert rule of the alarm is switched on, rings each time, and tells somebody."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from policies.durations import minutes
from policies.resource_types import ACTIVITY_ALERT, MONITORING, QUERY_RULE
from policies.rule import Config, resource_rule
from policies.seen import UNKNOWN, Seen, listing, mapping

CRITICAL = ("-use-alert", "-exclusion-alert")
"""How the names of the rules end whose severity is 0: a use, and a policy without exclusion."""


AT_THE_FIRST_ROW: Final = {"operator": "GreaterThan", "threshold": 0, "timeAggregation": "Count"}
"""What a condition has to be for one row to ring."""


def judge(alert: Seen, config: Config) -> Iterable[str]:
    """Looks at the rule's own properties."""
    del config
    if alert.props.get("enabled") is False:
        yield (
            f"{alert.name}: found enabled false, expected true; set"
            " break-glass:monitoring.alert.enabled to true"
        )
    if not _tells_somebody(alert.props.get("actions")):
        yield (
            f"{alert.name}: found no action group, expected one; set break-glass:monitoring.notify"
        )
    if alert.type != QUERY_RULE:
        return
    if alert.props.get("autoMitigate") in (True, None):
        yield (
            f"{alert.name}: found auto-resolve (autoMitigate) on, expected false: a resolved alert"
            " looks as if somebody had seen to it; set auto_mitigate=False"
        )
    if alert.props.get("muteActionsDuration"):
        yield (
            f"{alert.name}: found actions muted for {alert.props['muteActionsDuration']}, expected"
            " no mute: the second use would be silent; take mute_actions_duration out"
        )
    severity = alert.props.get("severity")
    if alert.name.endswith(CRITICAL) and severity not in (0, UNKNOWN):
        given = repr(severity) if isinstance(severity, str) else _said(severity)
        found = "left out" if severity is None else given
        yield (
            f"{alert.name}: found severity {found}, expected 0 (critical); set"
            " break-glass:monitoring.alert.severity to 0"
        )
    yield from (f"{alert.name}: found {line}" for line in _waits(alert))
    criteria = alert.props.get("criteria")
    for condition in listing(mapping(criteria).get("allOf")):
        yield from (f"{alert.name}: found {line}" for line in _misses(mapping(condition)))


def _waits(alert: Seen) -> Iterable[str]:
    every, window = (minutes(alert.props.get(key)) for key in ("evaluationFrequency", "windowSize"))
    if every is not None and window is not None and window < every:
        yield (
            f"that it runs every {every} minutes and looks at {window}, expected as many or more:"
            " what comes between two runs rings for nobody; raise window_size"
        )


def _misses(condition: Mapping[str, Any]) -> Iterable[str]:
    """What a condition has besides: ring at the first row of all that the query finds."""
    for key, wanted in AT_THE_FIRST_ROW.items():
        if condition.get(key, wanted) not in (wanted, UNKNOWN):
            yield (
                f"{key} {_said(condition[key])}, expected {wanted}: one row is enough; make the"
                " rule by SignInMonitoring"
            )
    if condition.get("metricMeasureColumn"):
        yield "metricMeasureColumn, expected none: rows are counted; take it out"
    periods = mapping(condition.get("failingPeriods"))
    for key in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert"):
        if periods.get(key, 1) not in (1, UNKNOWN):
            yield f"{key} {_said(periods[key])}, expected 1: the first run has to ring; set it to 1"
    for dimension in listing(condition.get("dimensions")):
        seen = mapping(dimension)
        chosen = (seen.get("operator"), seen.get("values"))
        if dimension is not UNKNOWN and UNKNOWN not in chosen and chosen != ("Include", ["*"]):
            yield (
                f"that dimension {seen.get('name')} lets only some values ring, expected all (*);"
                " set operator Include and values *"
            )


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _tells_somebody(actions: Any) -> bool:
    return actions is UNKNOWN or bool(mapping(actions).get("actionGroups"))


RULE = resource_rule(
    "alarm-rings",
    "Alert rules are enabled, critical where it counts, never muted and never resolve themselves.",
    judge,
    applies=lambda one: one.type in (QUERY_RULE, ACTIVITY_ALERT) and one.has_parent(MONITORING),
)
