"""A `SignInMonitoring` in somebody's own program knows its alarms again after a move."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from components.azure_resources import MONITORING_TYPE, QUERY_RULE_TYPE
from components.monitoring_arguments import ResourceGroup, Workspace
from entra.errors import IdentityError
from tests.unit.harness import Recording
from tests.unit.lone_monitoring import (
    ARGS,
    WORKSPACE,
    Azure,
    after,
    finished,
    imported,
    left_by,
    run,
    someone,
    warnings,
)
from tests.unit.monitoring_scene import CENTRAL, DISPLAYED, OWN, RULES, USE_ALERT, query_of

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


def reads(found: Recording) -> tuple[str, list[str]]:
    """Name and scope of the use alert."""
    rule = found.named(USE_ALERT).inputs
    return rule["ruleName"], rule["scopes"]


def test_a_rule_of_our_name_for_a_workspace_that_is_not_read_gives_way_by_name(
    someone: SimpleNamespace,
) -> None:
    someone.azure = with_rules(OWN)
    renamed = replace(ARGS, workspace=Workspace("log-second"))
    found = run(renamed)
    assert not {f"monitoring-{rule}" for rule in RULES} & set(imported(found))
    assert reads(found)[0] == f"{DISPLAYED['use-alert']} (log-second)"
    told = [line for line in warnings(found) if "it rings besides the stack's own" in line]
    assert len(told) == len(RULES)


def test_the_alarm_of_another_component_of_the_stack_is_not_taken_in(
    someone: SimpleNamespace,
) -> None:
    group = ResourceGroup(existing="rg-logs")
    args = replace(ARGS, resource_group=group, workspace=Workspace(existing=CENTRAL))
    name = f"{DISPLAYED['use-alert']} (Contoso)"
    theirs = f"{CENTRAL.partition('/providers')[0]}/providers/Microsoft.Insights"
    theirs = f"{theirs}/scheduledQueryRules/{name}"
    rule = {
        "id": theirs,
        "name": name,
        "tags": {"break-glass": "break-glass/unit"},
        "properties": {"scopes": [CENTRAL], "displayName": DISPLAYED["use-alert"]},
    }
    someone.azure = Azure({CENTRAL: WORKSPACE, theirs: rule})
    memory = {QUERY_RULE_TYPE: {"urn:p::second-use-alert": {"name": name, "scopes": [CENTRAL]}}}
    found = run(args, memory=memory)
    assert (imported(found), warnings(found)) == ({}, [])
    assert reads(found)[0] == f"{DISPLAYED['use-alert']} (log-central)"


GIVEN = Workspace(existing=CENTRAL)


def with_state() -> dict[str, dict[str, dict[str, Any]]]:
    """What the state knows of a stack that stands with a workspace of its own."""
    memory = finished()
    memory[MONITORING_TYPE][MONITORING] |= {"workspaceId": OWN, "watchedWorkspaces": [OWN]}
    for rule in memory[QUERY_RULE_TYPE].values():
        rule["scopes"] = [OWN]
    return memory


MONITORING = f"urn:pulumi:unit::p::{MONITORING_TYPE}::monitoring"


@pytest.mark.parametrize(
    ("workspace", "earlier"),
    [(GIVEN, [OWN]), (replace(GIVEN, earlier=[OWN]), [OWN]), (replace(GIVEN, earlier=[]), [])],
    ids=["by itself", "as told", "forgotten"],
)
def test_after_a_move_the_alarms_read_what_the_last_run_read(
    someone: SimpleNamespace, workspace: Workspace, earlier: Sequence[str]
) -> None:
    memory = with_state()
    someone.azure = Azure({CENTRAL: WORKSPACE, OWN: {"id": OWN}})
    found = run(replace(ARGS, workspace=workspace), memory=memory)
    assert reads(found)[1] == (earlier or [CENTRAL])
    assert (CENTRAL in query_of(found, "use-alert")) == bool(earlier)
    assert warnings(found) == []
    # The next run goes on so, and once more.
    again = run(replace(ARGS, workspace=workspace), memory=after(found))
    assert reads(again) == reads(found)


def test_a_workspace_that_goes_with_its_logs_is_read_no_more(someone: SimpleNamespace) -> None:
    memory = with_state()
    memory[MONITORING_TYPE][MONITORING]["deleteLogs"] = True
    someone.azure = Azure({CENTRAL: WORKSPACE, OWN: {"id": OWN}})
    assert reads(run(replace(ARGS, workspace=GIVEN), memory=memory))[1] == [CENTRAL]


def test_an_earlier_workspace_that_is_gone_is_told_and_its_rules_are_made_anew(
    someone: SimpleNamespace,
) -> None:
    memory = with_state()
    someone.azure = Azure({CENTRAL: WORKSPACE})
    found = run(MOVED, memory=memory)
    (line,) = warnings(found)
    assert line.startswith(f"earlier workspace {OWN} is gone: an alarm that was made for it does")
    assert "leave it out of workspace.earlier of SignInMonitoringArgs" in line
    assert reads(found) == (f"{DISPLAYED['use-alert']} (log-central)", [CENTRAL])
    assert someone.azure.asked.count(OWN) == 3


def test_an_earlier_workspace_that_cannot_be_looked_up_is_told_and_read(
    someone: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = with_state()
    someone.azure = Azure({CENTRAL: WORKSPACE})
    find = someone.azure.find

    def refuse(resource_id: str, *, api_version: str) -> object:
        if resource_id == OWN:
            raise IdentityError("Azure Resource Manager answered 403")
        return find(resource_id, api_version=api_version)

    monkeypatch.setattr(someone.azure, "find", refuse)
    found = run(MOVED, memory=memory)
    (line,) = warnings(found)
    assert f"earlier workspace {OWN}, which the alarms still read, cannot be looked up" in line
    assert reads(found)[1] == [OWN]
