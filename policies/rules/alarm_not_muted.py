"""No rule of the stack takes the action groups off the alerts: they would fire and tell nobody.

Source: Microsoft Learn, "Alert processing rules" (`RemoveAllActionGroups`), and "Action rules",
which they replaced (`Suppression`).
"""

import re
from collections.abc import Iterable
from typing import Final

from policies.rule import Config, resource_rule
from policies.seen import Seen, listing, mapping

PROCESSING_RULE: Final = re.compile(
    r"azure-native:alertsmanagement(/\w+)?:(AlertProcessing|Action)Rule(ByName)?"
)
"""Of whatever version of the interface."""
WAY: Final = "expected none; take it out of this stack"


def judge(one: Seen, config: Config) -> Iterable[str]:
    """Looks at what it does, not for which alerts or when: the stack has none to mute."""
    del config
    properties = mapping(one.props.get("properties"))
    actions = [mapping(action).get("actionType") for action in listing(properties.get("actions"))]
    if "RemoveAllActionGroups" in actions and properties.get("enabled") is not False:
        yield f"{one.name}: found a rule that takes all action groups off alerts, {WAY}"
    if properties.get("type") == "Suppression" and properties.get("status") != "Disabled":
        yield f"{one.name}: found a rule that suppresses what alerts tell, {WAY}"


RULE = resource_rule(
    "alarm-not-muted",
    "No alert processing rule of the stack mutes alerts.",
    judge,
    applies=lambda one: bool(PROCESSING_RULE.fullmatch(one.type)),
)
