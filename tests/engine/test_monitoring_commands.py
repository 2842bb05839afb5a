"""`breakglass status` and `breakglass cost` on a stack of the real engine."""

import json
import subprocess
import sys
from typing import Any

from cli.alarm_status import ACTION_GROUP_API, QUERY_RULE_API
from tests.engine.standing import Scene
from tests.support.tenant import arm


def breakglass(scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command as a user runs it in the project's folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--stack", scene.stack.name],
        cwd=scene.stack.program,
        env=dict(scene.stack.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def found(done: "subprocess.CompletedProcess[str]") -> dict[str, tuple[str, str]]:
    """Mark and words by subject."""
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return {row["subject"]: (row["mark"], row["words"]) for row in rows}


def test_status_tells_of_the_wait_of_the_first_rows_and_of_what_is_off_or_gone(
    scene: Scene,
) -> None:
    used = "alert Break-glass account used"
    before = breakglass(scene, "status", "--json")
    assert before.returncode == 0, before.stdout + before.stderr
    stands = found(before)
    assert stands["diagnostic setting break-glass"][0] == "right"
    assert stands[used] == ("right", "on")
    groups = ("action group ag-break-glass", "action group ag-break-glass-watch")
    assert [stands[one] for one in groups] == [("right", "tells 2 receivers")] * 2
    mark, words = stands["log-break-glass, SigninLogs"]
    assert mark == "waiting"
    assert "no row yet" in words

    scene.tenant.logs.emit("SignInLogs", {"UserId": "somebody", "ResultType": "0"})
    scene.server.world.advance(1200)
    resources = scene.stack.export()["deployment"]["resources"]
    made = {one["urn"].rpartition("::")[2]: one.get("id") for one in resources}
    with arm(scene.server) as manager:
        off = {"properties": {"enabled": False}}
        for child, version in (
            ("use-alert", QUERY_RULE_API),
            ("watch-action-group", ACTION_GROUP_API),
        ):
            path = f"{made[f'monitoring-{child}']}?api-version={version}"
            manager.patch(path, json=off).raise_for_status()
        setting = f"{made['monitoring-diagnostic-setting']}?api-version=2017-04-01"
        manager.delete(setting).raise_for_status()
    scene.forget()
    after = breakglass(scene, "status", "--json")
    assert after.returncode == 1
    assert [one for one in scene.writes() if not one.endswith("/query")] == []
    stands = found(after)
    assert stands["log-break-glass, SigninLogs"][0] == "right"
    assert "first row arrived" in stands["log-break-glass, SigninLogs"][1]
    assert {stands[one][0] for one in (used, groups[1], "diagnostic setting break-glass")} == {
        "wrong"
    }
    assert stands[groups[0]][0] == "right"
    assert "is off, and nobody hears its alarms" in stands[groups[1]][1]


def test_cost_comes_to_what_the_run_said(scene: Scene) -> None:
    done = breakglass(scene, "cost", "--json", "--config-file", str(scene.stack.config_file))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == scene.stack.outputs()["estimatedMonthlyCost"]
