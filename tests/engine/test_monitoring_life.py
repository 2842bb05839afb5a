"""The alarms of a protected stack on the real engine: switched off, made anew, never lost."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Any, cast

import pytest
import yaml

from tests.engine.account_tenant import assert_quiet
from tests.engine.meanwhile import right_after
from tests.engine.standing import Scene
from tests.engine.test_monitoring_move import (
    CENTRAL,
    MONITORING,
    choose,
    cut_off,
    make_central_workspace,
    pass_time,
    rows_of_uses,
    rules,
    rung,
    use,
)
from tests.support.tenant import arm


def watch(scene: Scene, **wanted: bool) -> None:
    """Switch alarms on and off for the next run."""
    present = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))["config"]
    scene.stack.set_config({MONITORING: {**present[MONITORING], "watch": wanted}})


def choose_alert(scene: Scene, **wanted: Any) -> None:
    """Settings of the use alert for the next run."""
    present = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))["config"]
    scene.stack.set_config({MONITORING: {**present[MONITORING], "alert": wanted}})


@contextmanager
def used_at_every_write(scene: Scene) -> Generator[list[list[str]]]:
    """An account is used right after each write of a query rule."""
    one_by_one = Lock()

    def act() -> None:
        with one_by_one:
            use(scene)

    with ExitStack() as stack:
        yield [
            stack.enter_context(right_after(scene, method, "scheduledQueryRules/", act, nth=nth))
            for method in ("PUT", "DELETE")
            for nth in range(1, 5)
        ]


def test_a_workspace_is_forgotten_and_the_alarm_rings_at_every_write(scene: Scene) -> None:
    central, standing = make_central_workspace(scene), rules(scene)
    first = next(one for one in standing if one.endswith("break-glass account used"))
    choose(scene, {"existing": central})
    scene.stack.up("--skip-preview")
    (ours,) = [one for one in scene.stack.outputs()["watchedWorkspaces"] if CENTRAL not in one]
    choose(scene, {"existing": central, "forget": [ours]})
    scene.forget()

    with used_at_every_write(scene) as moments:
        scene.stack.up("--skip-preview")

    written = scene.writes()
    assert all(moments), written
    # The accounts keep their roles: nothing that the role waits for is deleted before it is made.
    assert not [one for one in written if "oleAssignment" in one]
    use_alert = [one for one in written if "account%20used" in one or "account used" in one]
    assert [one.split()[0] for one in use_alert] == ["PUT", "DELETE"], use_alert
    assert {one for one in rules(scene) if one in standing} == set()
    assert f"{first} ({CENTRAL})" in rules(scene)
    assert len(rules(scene)) == len(standing)
    use(scene)
    pass_time(scene, 30)
    uses = rows_of_uses(scene)
    assert len(uses) == 9
    assert rung(scene) == set(uses)
    assert_quiet(scene)


def choose_second_group(scene: Scene, **wanted: Any) -> None:
    """Who is told by the alerts on the alerts, and where they are."""
    present = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))["config"]
    notify = {"emails": present[MONITORING]["notify"]["emails"], **wanted}
    scene.stack.set_config({MONITORING: {**present[MONITORING], "watch": {"notify": notify}}})


def second_groups(scene: Scene) -> list[str]:
    """By resource group."""
    found = [one.split("/") for one in azure_resources(scene) if one.endswith("-watch")]
    return sorted(one[4] for one in found)


def test_the_second_action_group_moves_though_the_run_is_cut_off_in_the_middle(
    scene: Scene,
) -> None:
    with arm(scene.server) as azure:
        place = next(iter(rules(scene))).partition("/providers")[0].rpartition("/")[0]
        there = f"{place}/rg-watchers"
        made = azure.put(
            there, json={"location": "westeurope"}, params={"api-version": "2024-03-01"}
        )
        made.raise_for_status()
        theirs = f"{there}/providers/Microsoft.Insights/actionGroups/ag-theirs"
        body = {"location": "Global", "properties": {"groupShortName": "x", "enabled": True}}
        azure.put(theirs, json=body, params={"api-version": "2023-01-01"}).raise_for_status()
    scene.forget()
    # Another's of that name, and capitals alone.
    choose_second_group(scene, name="ag-theirs", resourceGroup="rg-watchers")
    refused = scene.stack.preview(check=False)
    assert "holds 'ag-theirs', and Azure has one of that name that this stack did not" in " ".join(
        refused.output.split()
    )
    choose_second_group(scene, name="AG-break-glass-watch")
    scene.stack.up("--skip-preview")
    assert scene.writes() == []

    choose_second_group(scene, name="ag-break-glass-watch", resourceGroup="rg-watchers")
    cut_off(scene, r"(?i)rg-watchers/.*actionGroups/")
    assert second_groups(scene) == ["rg-break-glass", "rg-watchers"]
    scene.stack.up()
    assert second_groups(scene) == ["rg-watchers"]
    told = [one for path, one in azure_resources(scene).items() if "activitylogalerts" in path]
    assert len(told) == 2
    assert "rg-break-glass/providers/microsoft.insights/actiongroups/ag-break-glass-watch" not in (
        str(told).lower()
    )
    assert_quiet(scene)


def test_an_alarm_is_switched_off_by_its_name_and_on_again_while_protected(scene: Scene) -> None:
    standing = rules(scene)
    for name, left in (("silence", 3), ("tamper", 2)):
        watch(scene, **{name: False}, **({"silence": False} if left == 2 else {}))
        scene.stack.up("--skip-preview")
        assert len(rules(scene)) == left
    watch(scene, rules=False, health=False)
    scene.stack.up("--skip-preview")
    assert rules(scene) == standing
    left = azure_resources(scene)
    assert not [one for one in left if "activitylogalerts" in one or one.endswith("-watch")]

    ended_with_nothing_written(scene)
    watch(scene)
    scene.stack.up("--skip-preview")
    assert len(azure_resources(scene)) == len(left) + 3
    assert_quiet(scene)


def ended_with_nothing_written(scene: Scene) -> None:
    """`destroy` stops, with and without its preview."""
    before = scene.tenant.to_document()["azureResources"]
    for options in ((), ("--skip-preview",)):
        scene.forget()
        ended = scene.stack.destroy(*options, check=False)
        assert ended.returncode != 0
        assert "protected" in ended.output
        assert scene.writes() == []
    assert scene.tenant.to_document()["azureResources"] == before
    scene.stack.up("--skip-preview")
    assert scene.writes() == []


def test_destroy_of_a_protected_stack_writes_nothing(scene: Scene) -> None:
    ended_with_nothing_written(scene)
    assert_quiet(scene)


def without_times(resources: dict[str, Any]) -> dict[str, Any]:
    """What does not tell when a resource was written last."""
    told = ("etag", "systemData", "modifiedDate", "lastSkuUpdate", "stamps")

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            found = cast("dict[str, Any]", value)
            return {key: kept(one) for key, one in found.items() if key not in told}
        return value

    return kept(resources)


def azure_resources(scene: Scene) -> dict[str, Any]:
    return {path.lower(): one for path, one in scene.tenant.to_document()["azureResources"].items()}


DROPPED = {
    "resource-group": "resourcegroups/rg-break-glass",
    "workspace": "workspaces/log-break-glass",
    "diagnostic-setting": "diagnosticSettings/break-glass",
    "action-group": "actionGroups/ag-break-glass",
    "use-alert": "scheduledQueryRules/Break-glass(%20| )account(%20| )used",
    "rules-alert": "activityLogAlerts/break-glass-alarm-changed",
}
"""By child: how its path ends."""


@pytest.mark.parametrize("child", DROPPED)
def test_what_one_refresh_does_not_find_is_back_with_the_next_run(scene: Scene, child: str) -> None:
    before = azure_resources(scene)
    scene.fault(method="GET", path=rf"(?i){DROPPED[child]}\?", status=404, times=1)
    scene.forget()
    stopped = scene.stack.up("--skip-preview", check=False)
    assert stopped.returncode != 0
    lines = [line.strip() for line in stopped.output.splitlines()]
    errors = {line for line in lines if line.startswith("error:")} - {"error: update failed"}
    (said,) = errors
    assert "this run's refresh did not find /" in said
    assert "run pulumi up again" in said
    assert "Traceback" not in stopped.output
    assert scene.writes() == []

    # A change of the settings at the same moment is no hindrance.
    choose_alert(scene, severity=1)
    shown = scene.stack.preview()
    assert "will fail" not in shown.output
    scene.stack.up("--skip-preview")
    assert_quiet(scene)
    choose_alert(scene)
    scene.stack.up("--skip-preview")
    assert without_times(azure_resources(scene)) == without_times(before)
