"""A `SignInMonitoring` in somebody's own program knows its alarms again after a move."""

from dataclasses import replace
from types import SimpleNamespace

from components.monitoring_arguments import Workspace
from tests.unit.lone_monitoring import ARGS, WORKSPACE, Azure, imported, left_by, run, someone
from tests.unit.monitoring_scene import CENTRAL, DISPLAYED, OWN, RULES, USE_ALERT

__all__ = ["someone"]

MOVED = replace(ARGS, workspace=Workspace(existing=CENTRAL, earlier=[OWN]))


def with_rules(scope: str) -> Azure:
    """What a stack had before the move, its rules made for a workspace."""
    azure = left_by()
    made = {key: {**one, "properties": {"scopes": [scope]}} for key, one in azure.here.items()}
    azure.here = {**made, CENTRAL: WORKSPACE}
    azure.settings = ()
    return azure


def test_rules_that_stood_before_the_move_are_taken_in_as_they_are(
    someone: SimpleNamespace,
) -> None:
    someone.azure = with_rules(OWN)
    found = run(MOVED)
    assert {f"monitoring-{rule}" for rule in RULES} < set(imported(found))
    rule = found.named(USE_ALERT).inputs
    assert (rule["ruleName"], rule["scopes"]) == (DISPLAYED["use-alert"], [OWN])


def test_rules_for_a_workspace_that_is_read_no_more_are_told(someone: SimpleNamespace) -> None:
    someone.azure = with_rules(f"{OWN}-old")
    found = run(MOVED)
    assert not {f"monitoring-{rule}" for rule in RULES} & set(imported(found))
    told = [line for line in found.said("warning") if "it rings besides the stack's own" in line]
    assert len(told) == len(RULES)
