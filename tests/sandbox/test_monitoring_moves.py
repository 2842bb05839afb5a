"""What is found out before the logs move to another workspace, and long after it."""

import pytest

from tests.sandbox.surveyed_tenant import (
    CENTRAL,
    GROUP,
    INSIGHTS,
    OTHERS,
    WORKSPACE,
    Scene,
    standing,
    stood,
    tenant,
)
from tests.sandbox.watched_tenant import rule_body

__all__ = ["stood", "tenant"]


def test_a_move_goes_on_reading_the_earlier_workspace(stood: Scene) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    moved = {"workspace": {"existing": CENTRAL}}
    run = stood.look(moved, standing())
    assert run.value.earlier_workspaces == (WORKSPACE,)
    assert [line for line in run.said("info") if line.startswith(f"the logs move to {CENTRAL}")]
    later = standing(workspaceId=CENTRAL, watchedWorkspaces=[CENTRAL, WORKSPACE])
    del later["azure-native:operationalinsights:Workspace"]
    back = stood.look({}, later)
    assert back.value.earlier_workspaces == (CENTRAL,)
    assert back.value.kept == {"workspace": WORKSPACE}
    forgotten = {"workspace": {"existing": CENTRAL, "forget": [WORKSPACE.upper()]}}
    assert stood.look(forgotten, later).value.earlier_workspaces == ()


def test_an_earlier_workspace_that_is_surely_gone_is_told_and_read_no_more(stood: Scene) -> None:
    state = standing(watchedWorkspaces=[WORKSPACE, CENTRAL])
    run = stood.look({}, state)
    assert stood.asked().count(f"GET {CENTRAL}") == 3
    assert run.value.earlier_workspaces == ()
    (notice,) = run.value.notices
    assert notice.startswith(f"earlier workspace {CENTRAL} is gone")
    assert f"is made anew for {WORKSPACE}" in notice
    assert "\n" not in notice


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403, "times": 9},
        {"status": 404, "times": 2},
        {"drop": True, "times": 1},
        {"drop": True, "times": 9},
        {"status": 503, "times": 9},
    ],
)
def test_an_earlier_workspace_of_which_azure_does_not_say_for_sure_that_it_is_gone_is_read_on(
    stood: Scene, fault: dict[str, object]
) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    stood.server.world.faults.order({"method": "GET", "path": "workspaces/log-central", **fault})
    run = stood.look({}, standing(watchedWorkspaces=[WORKSPACE, CENTRAL]))
    assert run.value.earlier_workspaces == (CENTRAL,)
    assert not any("is gone" in line for line in run.value.notices)


def test_a_move_away_from_a_workspace_that_is_gone_does_not_say_that_it_is_read(
    tenant: Scene,
) -> None:
    tenant.make(GROUP, ours=True)
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    run = tenant.look({"workspace": {"existing": CENTRAL}}, standing())
    assert run.value.earlier_workspaces == ()
    assert not [line for line in run.said("info") if "the logs move" in line]


def test_a_rule_that_the_state_lacks_is_found_under_the_name_it_had_before_the_move(
    stood: Scene,
) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    moved = {"workspace": {"existing": CENTRAL}}
    rule = f"{GROUP}/{INSIGHTS}/scheduledQueryRules/Break-glass account used"
    stood.make(rule, rule_body(scopes=[WORKSPACE], actions={"actionGroups": []}), ours=True)
    state = standing(workspaceId=CENTRAL, watchedWorkspaces=[CENTRAL, WORKSPACE])
    del state["azure-native:operationalinsights:Workspace"]
    del state["azure-native:monitor:ScheduledQueryRule"]["monitoring-use-alert"]
    found = stood.look(moved, state).value
    assert found.kept["use-alert"].lower() == rule.lower()
    assert found.kept_rules["use-alert"]["scopes"] == [WORKSPACE]


def test_of_two_stacks_in_one_resource_group_the_second_to_make_an_alarm_anew_is_refused(
    tenant: Scene,
) -> None:
    """Both moved to one workspace, and both are to forget their first: the names are the same."""
    tenant.make(GROUP)
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    rule = f"{GROUP}/{INSIGHTS}/scheduledQueryRules/Break-glass account used (log-central)"
    body = rule_body(scopes=[CENTRAL], actions={"actionGroups": []})
    tenant.make(rule, body | {"tags": {"break-glass": "break-glass/second"}})
    moved = {
        "resourceGroup": {"existing": "rg-break-glass"},
        "workspace": {"existing": CENTRAL, "forget": [WORKSPACE]},
    }
    line = tenant.refusal(moved, standing(watchedWorkspaces=[CENTRAL, WORKSPACE]))
    assert "holds 'Break-glass account used (log-central)'" in line
    assert "it is that of stack break-glass/second" in line
    assert "nothing was changed" in line


def test_the_state_of_an_older_version_knows_its_workspace(stood: Scene) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    state = standing()
    del state["break-glass:index:SignInMonitoring"]["monitoring"]["watchedWorkspaces"]
    run = stood.look({"workspace": {"existing": CENTRAL}}, state)
    assert run.value.earlier_workspaces == (WORKSPACE,)
