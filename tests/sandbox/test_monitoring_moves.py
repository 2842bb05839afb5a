"""What is found out before the logs move to another workspace, and long after it."""

from typing import Any

import pytest

from alerting.silence_alert import silence_alert_query
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
    stood.make_setting("break-glass", CENTRAL)
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


def cut_off(by: str) -> dict[str, Any]:
    """The state after a move to CENTRAL that did not come to its end; what tells of it."""
    state = standing()
    setting = state["azure-native:aadiam:DiagnosticSetting"]["monitoring-diagnostic-setting"]
    rule = state["azure-native:monitor:ScheduledQueryRule"]["monitoring-silence-alert"]
    setting["workspaceId"] = CENTRAL if by == "the setting in the state" else WORKSPACE
    if by == "a rule's scope":
        rule["scopes"] = [CENTRAL]
    if by == "a rule's query":
        rule["criteria"] = {"allOf": [{"query": silence_alert_query(earlier_workspaces=[CENTRAL])}]}
    return state


TOLD = (
    "the setting in the state",
    "the setting in the tenant",
    "a rule's scope",
    "a rule's query",
)


@pytest.mark.parametrize("by", TOLD)
def test_a_move_that_was_cut_off_and_is_taken_back_goes_on_reading_where_the_logs_went(
    stood: Scene, by: str
) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    if by == "the setting in the tenant":
        stood.make_setting("break-glass", CENTRAL)
    run = stood.look({}, cut_off(by))
    assert run.value.earlier_workspaces == (CENTRAL,)
    (line,) = run.value.notices
    assert line.startswith(f"since the last run that finished the logs went to {CENTRAL}, or were")
    assert line.endswith(f'workspace.forget[0]" {CENTRAL}')
    third = f"{CENTRAL}-3"
    stood.make(third)
    on = stood.look({"workspace": {"existing": third}}, cut_off(by))
    assert on.value.earlier_workspaces == (WORKSPACE, CENTRAL)
    # Whoever goes on is where that run was, and once one has finished, nothing is said any more.
    forward = stood.look({"workspace": {"existing": CENTRAL}}, cut_off(by))
    assert forward.value.earlier_workspaces == (WORKSPACE,)
    state = cut_off(by)
    state["break-glass:index:SignInMonitoring"]["monitoring"]["watchedWorkspaces"].append(CENTRAL)
    assert stood.look({}, state).value.notices == ()


def test_a_setting_and_rules_of_others_do_not_tell_where_the_logs_went(stood: Scene) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    stood.make_setting("siem", CENTRAL, "RiskyUsers")
    state = standing()
    state["azure-native:aadiam:DiagnosticSetting"]["second-diagnostic-setting"] = {
        "name": "siem",
        "workspaceId": CENTRAL,
    }
    state["azure-native:monitor:ScheduledQueryRule"]["second-use-alert"] = {
        "name": "Used",
        "scopes": [CENTRAL],
    }
    assert stood.look({}, state).value.earlier_workspaces == ()


def test_a_workspace_that_is_to_be_forgotten_is_read_as_long_as_the_logs_go_there(
    stood: Scene,
) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    stood.make_setting("break-glass", CENTRAL)
    back = {"workspace": {"forget": [CENTRAL]}}
    state = standing(workspaceId=CENTRAL, watchedWorkspaces=[CENTRAL, WORKSPACE])
    run = stood.look(back, state)
    assert run.value.earlier_workspaces == (CENTRAL,)
    (line,) = run.value.notices
    assert line.startswith(f"the logs still go to {CENTRAL}, which")
    stood.make_setting("break-glass", WORKSPACE)
    after = stood.look(back, standing(watchedWorkspaces=[WORKSPACE, CENTRAL]))
    assert after.value.earlier_workspaces == ()
    assert after.value.notices == ()


@pytest.mark.parametrize("status", [403, 404])
def test_logs_that_somebody_sends_where_nobody_can_read_do_not_stop_the_run_that_fetches_them_back(
    stood: Scene, status: int
) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    stood.make_setting("break-glass", CENTRAL)
    order = {"method": "GET", "path": "workspaces/log-central", "status": status, "times": 9}
    stood.server.world.faults.order(order)
    run = stood.look({}, standing())
    assert run.value.earlier_workspaces == ()
    (line,) = run.value.notices
    assert line.startswith(
        f"the tenant's diagnostic setting sends the logs to workspace {CENTRAL}, which no alarm"
    )


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
