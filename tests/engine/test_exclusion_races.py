"""Somebody else at work in the tenant while the real engine runs; a run that is cut off.

After a rerun every policy excludes what it should, and what others put there or took out stays so.
"""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.engine.exclusion_stack import (
    GROUP,
    example_scene,
    example_stack,
    with_policies,
)
from tests.engine.meanwhile import LISTING, one_policy, right_after
from tests.engine.policy_lists import Lists, edit, exclusions, policy_requests, whole_policies
from tests.engine.standing import Scene
from tests.support.tenant import JSON, object_id

pytestmark = pytest.mark.usefixtures("engine")

ADA, EVE, KIM = (object_id(f"users/{name}") for name in ("ada", "eve", "kim"))
IT = object_id("groups/it")
MFA, LEGACY, REPORT, OFF = (
    object_id(f"policies/{name}") for name in ("mfa", "legacy", "report", "off")
)


def new_policy(scene: Scene, name: str) -> str:
    """A policy that an administrator makes, by its id."""
    body: JSON = {
        "displayName": name,
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": [EVE]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }
    return scene.tenant.conditional_access.create_policy(body)["id"]


def excluding(scene: Scene, *ours: str) -> list[str]:
    """Policies that exclude all of these groups."""
    return sorted(key for key, (groups, _) in exclusions(scene).items() if set(ours) <= set(groups))


def everywhere(scene: Scene, *ours: str) -> bool:
    """Whether every policy excludes each of these groups once."""
    return all(groups.count(g) == 1 for groups, _ in exclusions(scene).values() for g in ours)


def foreign(scene: Scene, *ours: str) -> dict[str, Lists]:
    """What everybody else has in each policy's lists, in order."""
    return {
        key: ([entry for entry in groups if entry not in ours], users)
        for key, (groups, users) in exclusions(scene).items()
    }


def test_a_policy_made_between_preview_and_update_is_excluded_in_that_run(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack") as scene:
        with right_after(scene, "GET", LISTING, lambda: new_policy(scene, "Newest")) as made:
            scene.stack.up()
        assert made
        assert len(exclusions(scene)) == 5
        assert everywhere(scene, GROUP)


def test_a_policy_made_during_the_run_is_named_and_the_next_run_excludes_it(
    tmp_path: Path,
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before = foreign(scene)
        with right_after(scene, "PATCH", "", lambda: new_policy(scene, "Newest")) as made:
            told = scene.stack.up("--skip-preview", check=False)
        assert made
        (newest,) = exclusions(scene).keys() - before.keys()
        assert told.returncode != 0
        assert "Newest" in told.output
        assert newest in told.output
        assert "pulumi up" in told.output

        scene.forget()
        scene.stack.up("--skip-preview")
        assert [r["path"].split("/")[-1] for r in policy_requests(scene, "PATCH")] == [newest]
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == {**before, newest: ([], [EVE])}
        scene.stack.preview("--expect-no-changes")


def test_a_policy_deleted_right_before_our_write_stops_nothing(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before = whole_policies(scene)
        area = scene.tenant.conditional_access
        with right_after(scene, "GET", one_policy(LEGACY), lambda: area.delete_policy(LEGACY)) as d:
            scene.stack.up("--skip-preview")
        assert d
        assert len(exclusions(scene)) == 3
        assert everywhere(scene, GROUP)
        scene.stack.up("--skip-preview")

        area.restore_policy(LEGACY)
        scene.stack.up("--skip-preview")
        assert everywhere(scene, GROUP)
        scene.stack.destroy("--skip-preview")
        assert whole_policies(scene) == before


def test_our_entry_removed_during_the_run_is_named_and_the_next_run_puts_it_back(
    tmp_path: Path,
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before = foreign(scene)

        def remove() -> None:
            edit(scene, REPORT, excludeGroups=[IT])

        with right_after(scene, "PATCH", one_policy(REPORT), remove) as removed:
            told = scene.stack.up("--skip-preview", check=False)
        assert removed
        assert told.returncode != 0
        assert "Report only: compliant devices" in told.output
        assert excluding(scene, GROUP) == sorted(before.keys() - {REPORT})

        scene.forget()
        scene.stack.up("--skip-preview")
        assert len(policy_requests(scene, "PATCH")) == 1
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == before


def test_an_administrators_edits_during_the_run_survive_it_and_the_undo(tmp_path: Path) -> None:
    """Before our read, after our write, and in between those of the list that we do not write."""
    new_group = object_id("groups/new")
    with example_scene(tmp_path / "stack") as scene:
        before = foreign(scene)

        def before_read() -> None:
            edit(scene, REPORT, excludeUsers=[ADA], excludeGroups=[IT, new_group])

        def between() -> None:
            edit(scene, REPORT, excludeUsers=[ADA, KIM])

        def after_write() -> None:
            groups, users = exclusions(scene)[REPORT]
            edit(scene, REPORT, excludeUsers=[*users, EVE], excludeGroups=groups[1:])

        with (
            right_after(scene, "GET", LISTING, before_read) as early,
            right_after(scene, "GET", one_policy(REPORT), between) as meanwhile,
            right_after(scene, "PATCH", one_policy(REPORT), after_write) as late,
        ):
            scene.stack.up("--skip-preview")
        assert early
        assert meanwhile
        assert late
        theirs: dict[str, Lists] = {**before, REPORT: ([new_group], [ADA, KIM, EVE])}
        assert foreign(scene, GROUP) == theirs
        assert everywhere(scene, GROUP)

        scene.stack.up("--skip-preview", "--expect-no-changes")
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == theirs


ASTRAY = {"shortListingShare": 0.4, "strayNotFoundShare": 0.25}
CALM = dict.fromkeys(ASTRAY, 0.0)


def test_short_listings_and_answers_that_are_astray_lose_nothing(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack", with_policies(12)) as scene:
        before = foreign(scene)
        scene.stack.up("--skip-preview")
        edit(scene, REPORT, excludeGroups=[IT])
        edit(scene, MFA, excludeGroups=[])
        scene.forget()

        scene.tenant.behaviour.turn(ASTRAY)
        scene.stack.up("--skip-preview", check=False)
        again = scene.stack.up("--skip-preview", check=False)

        assert len(policy_requests(scene, "PATCH")) == 2, again.output
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == before
        scene.tenant.behaviour.turn(CALM)
        scene.stack.up("--skip-preview", "--expect-no-changes")

        scene.tenant.behaviour.turn(ASTRAY)
        scene.stack.destroy("--skip-preview", check=False)
        scene.tenant.behaviour.turn(CALM)
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == before


def test_replicas_that_lag_for_seconds_lose_nothing(tmp_path: Path) -> None:
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0.3"}
    with example_scene(tmp_path / "stack", knobs={"readLagSeconds": 3}, environment=pace) as scene:
        before = foreign(scene)
        scene.stack.up("--skip-preview", check=False)
        edit(scene, REPORT, excludeUsers=[EVE], excludeGroups=[GROUP])
        scene.stack.up("--skip-preview", check=False)
        scene.server.world.advance(20)
        scene.stack.up("--skip-preview")

        theirs: dict[str, Lists] = {**before, REPORT: ([], [EVE])}
        assert foreign(scene, GROUP) == theirs
        assert everywhere(scene, GROUP)

        scene.server.world.advance(20)
        scene.stack.destroy("--skip-preview")
        scene.server.world.advance(20)
        assert exclusions(scene) == theirs


def test_throttled_by_another_client_the_run_takes_longer_and_is_right(tmp_path: Path) -> None:
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0.05"}
    with example_scene(tmp_path / "stack", with_policies(8), environment=pace) as scene:
        before = foreign(scene)
        for when in ("before", "after"):
            # "after": the service did what it says it refused.
            scene.fault(path="conditionalAccess", share=0.3, status=429, when=when)
        scene.stack.up("--skip-preview")
        assert any(entry["throttled"] for entry in policy_requests(scene))
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == before
        scene.server.world.faults.clear()
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == before


@pytest.mark.parametrize(("count", "machines"), [(6, 1), (24, 1), (24, 2)])
def test_two_stacks_at_the_same_time_are_both_right_and_undone_apart(
    tmp_path: Path, count: int, machines: int
) -> None:
    """On one machine they take turns from the read of a policy to its write.

    On two they do not know of each other: what one undid, the next run of the other puts right.
    """
    caches = [{"BREAK_GLASS_CACHE": str(tmp_path / f"cache-{n % machines}")} for n in range(2)]
    with example_scene(tmp_path / "one", with_policies(count), environment=caches[0]) as scene:
        before = foreign(scene)
        other = example_stack(
            scene.server, tmp_path / "two", group=IT, environment=caches[1], name="other"
        )
        together = machines == 1
        with ThreadPoolExecutor(2) as pool:
            runs = [
                pool.submit(stack.up, "--skip-preview", check=together)
                for stack in (scene.stack, other)
            ]
        for run in runs:
            run.result()
        if not together:
            scene.stack.up("--skip-preview")
            other.up("--skip-preview")
        assert everywhere(scene, GROUP, IT)
        assert foreign(scene, GROUP, IT) == without(before, IT)

        other.destroy("--skip-preview")
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == before
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == before


def without(lists: dict[str, Lists], group: str) -> dict[str, Lists]:
    return {
        key: ([g for g in groups if g != group], users) for key, (groups, users) in lists.items()
    }


def cut_off(scene: Scene, *, after: int) -> None:
    """Run `pulumi up` and kill it and all its processes after so many writes."""
    stack = scene.stack
    command = ["up", "--yes", "--skip-preview", "--stack", stack.name, "--non-interactive"]
    process = subprocess.Popen(
        [str(stack.engine.executable), *command, "--config-file", str(stack.config_file)],
        cwd=stack.program,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def kill() -> None:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
        for member in family:
            os.kill(member.pid, signal.SIGKILL if os.name != "nt" else signal.SIGTERM)

    with right_after(scene, "PATCH", "", kill, nth=after) as killed:
        assert process.wait(60) != 0
        assert killed


def test_a_run_killed_between_two_writes_goes_on_and_leaves_no_trace_in_the_end(
    tmp_path: Path,
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before, theirs = whole_policies(scene), foreign(scene)
        cut_off(scene, after=2)
        assert len(excluding(scene, GROUP)) == 2
        scene.stack.run("cancel", "--yes", "--stack", scene.stack.name)

        scene.stack.up("--skip-preview")
        assert everywhere(scene, GROUP)
        assert foreign(scene, GROUP) == theirs
        scene.forget()
        scene.stack.up("--skip-preview", "--expect-no-changes")
        assert scene.writes() == []

        scene.stack.destroy("--skip-preview")
        assert whole_policies(scene) == before
