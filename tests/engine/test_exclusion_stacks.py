"""Deployments that meet one another or another client, and one that is cut off, on the real engine.

After a rerun every policy excludes what it should; each undo takes out its own, nothing else.
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
from tests.engine.meanwhile import right_after
from tests.engine.policy_lists import (
    POLICIES,
    everywhere,
    excluding,
    exclusions,
    foreign,
    policy_requests,
    whole_policies,
    without,
)
from tests.engine.standing import Scene
from tests.support.tenant import object_id

pytestmark = pytest.mark.usefixtures("engine")

IT = object_id("groups/it")


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


@pytest.mark.parametrize(("count", "machines"), [(6, 1), (24, 2)])
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
        # An answer is late, so that the other stack could write between a read and its write.
        scene.fault(method="GET", path=rf"{POLICIES}/", share=1, hangSeconds=0.05)
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
