"""Where the alarm has an action group of its own, its alerts ring for that one.

An alert that names somebody else's action group rings, and nobody whom the settings name is told.
Without one of its own the alarm uses a group that exists: which, the program says.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from policies.resource_types import ACTION_GROUP, ACTIVITY_ALERT, MONITORING, QUERY_RULE
from policies.rule import Config, stack_rule
from policies.seen import Seen, leaves, of_type

SECOND: Final = "-watch-action-group"
"""How the name of the group ends that the alerts on the alerts ring for."""
_PLACE: Final = "/actiongroups/"


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Looks at what each alert depends on, and at the ids as far as they are known."""
    del config
    groups = of_type(stack, ACTION_GROUP)
    for alert in of_type(stack, QUERY_RULE, ACTIVITY_ALERT):
        second = alert.type == ACTIVITY_ALERT
        own = [
            one
            for one in groups
            if one.parent == alert.parent and one.name.endswith(SECOND) == second
        ]
        if alert.has_parent(MONITORING) and own and not any(_rings(alert, one) for one in own):
            yield (
                alert,
                f"{alert.name}: found that it does not ring for {own[0].name}, expected it to:"
                " whom the settings name is told by that one; take the action group of"
                " SignInMonitoring",
            )


def _rings(alert: Seen, group: Seen) -> bool:
    if group.urn not in alert.depends_on:
        return False
    ids = [one for path, one in leaves(alert.props.get("actions")) if "actionGroup" in path[0]]
    known = [one.casefold() for one in ids if isinstance(one, str) and _PLACE in one.casefold()]
    name = group.text("actionGroupName") or group.text("name")
    by_name = any(one.endswith(f"{_PLACE}{name.casefold()}") for one in known)
    return not (name and known) or by_name


RULE = stack_rule(
    "alarm-tells-its-own",
    "Alerts ring for the alarm's own action group, where it has one.",
    judge,
    applies=lambda stack: any(one.has_parent(MONITORING) for one in of_type(stack, ACTION_GROUP)),
)
