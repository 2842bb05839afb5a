"""Every alert rule of the alarm is switched on, rings each time, and tells somebody."""

from collections.abc import Iterable
from typing import Any

from policies.resource_types import ACTIVITY_ALERT, MONITORING, QUERY_RULE
from policies.rule import Config, resource_rule
from policies.seen import UNKNOWN, Seen, listing, mapping

CRITICAL = ("-use-alert", "-exclusion-alert")
"""How the names of the rules end whose severity is 0: a use, and a policy without exclusion."""


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
        found = "left out" if severity is None else f"{severity:.0f}"
        yield (
            f"{alert.name}: found severity {found}, expected 0 (critical); set"
            " break-glass:monitoring.alert.severity to 0"
        )
    for condition in listing(mapping(alert.props.get("criteria")).get("allOf")):
        threshold = mapping(condition).get("threshold")
        if isinstance(threshold, int | float) and threshold > 0:
            yield (
                f"{alert.name}: found that it rings above {threshold:.0f} rows, expected 0: one"
                " sign-in is enough; set threshold=0"
            )


def _tells_somebody(actions: Any) -> bool:
    return actions is UNKNOWN or bool(mapping(actions).get("actionGroups"))


RULE = resource_rule(
    "alarm-rings",
    "Alert rules are enabled, critical where it counts, never muted and never resolve themselves.",
    judge,
    applies=lambda one: one.type in (QUERY_RULE, ACTIVITY_ALERT) and one.has_parent(MONITORING),
)
