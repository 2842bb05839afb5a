"""The rule on whom the alerts ring for."""

from typing import Any

import pytest

from policies.resource_types import ACTION_GROUP, ACTIVITY_ALERT, MONITORING, QUERY_RULE
from policies.rules import alarm_tells_its_own
from tests.policy.pack_scene import LATER, NOT_APPLICABLE, Thing, stack_verdict

OWNER = Thing(MONITORING, "monitoring")
PLACE = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Insights/actionGroups"
FIRST = Thing(ACTION_GROUP, "monitoring-action-group", {"actionGroupName": "ag"}, OWNER)
SECOND = Thing(ACTION_GROUP, "monitoring-watch-action-group", {"name": "ag-watch"}, OWNER)
OF_ANOTHER = Thing(ACTION_GROUP, "more-action-group", {"name": "ag"}, Thing(MONITORING, "more"))
OURS, OTHERS = f"{PLACE}/AG", f"{PLACE}/evil"


def use(told: Any, *needs: Thing, parent: Thing | None = OWNER) -> Thing:
    """An alert over the logs."""
    actions = {"actions": {"actionGroups": [told]}}
    return Thing(QUERY_RULE, "monitoring-use-alert", actions, parent, depends_on=needs)


def health(told: str, *needs: Thing) -> Thing:
    """An alert on the alerts."""
    actions = {"actions": {"actionGroups": [{"actionGroupId": told}]}}
    return Thing(ACTIVITY_ALERT, "monitoring-health-alert", actions, OWNER, depends_on=needs)


def said(*stack: Thing) -> list[str] | str:
    return stack_verdict(alarm_tells_its_own.RULE, [OWNER, *stack])


@pytest.mark.parametrize(
    "stack",
    [
        (FIRST, use(OURS, FIRST)),
        (FIRST, use(LATER, FIRST)),
        (FIRST, use("not an id of Azure", FIRST)),
        (FIRST, SECOND, health(f"{PLACE}/ag-watch", SECOND)),
        # A second one that exists, which no resource of the stack is.
        (FIRST, health(OTHERS)),
        (FIRST, use(OTHERS, parent=None)),
        (SECOND, use(OTHERS)),
    ],
)
def test_an_alert_that_rings_for_the_alarms_own_group_or_has_none_is_taken(
    stack: tuple[Thing, ...],
) -> None:
    assert said(*stack) == []


@pytest.mark.parametrize(
    ("stack", "group"),
    [
        ((FIRST, use(OTHERS)), "monitoring-action-group"),
        ((FIRST, use(LATER)), "monitoring-action-group"),
        ((FIRST, use(OTHERS, FIRST)), "monitoring-action-group"),
        ((FIRST, SECOND, use(f"{PLACE}/ag-watch", SECOND)), "monitoring-action-group"),
        ((FIRST, OF_ANOTHER, use(OURS, OF_ANOTHER)), "monitoring-action-group"),
        ((FIRST, SECOND, health(OURS, FIRST)), "monitoring-watch-action-group"),
        ((FIRST, SECOND, health(OURS, SECOND)), "monitoring-watch-action-group"),
    ],
)
def test_an_alert_that_rings_for_somebody_else_is_refused(
    stack: tuple[Thing, ...], group: str
) -> None:
    (line,) = said(*stack)
    assert line.startswith(f"{stack[-1].name}: found that it does not ring for {group}, expected")


def test_without_an_action_group_of_its_own_there_is_none_to_ring_for() -> None:
    assert said(use(OTHERS)) == NOT_APPLICABLE
    assert said(Thing(ACTION_GROUP, "of-somebody-else-action-group"), use(OTHERS)) == NOT_APPLICABLE
