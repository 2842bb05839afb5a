"""Answers of the service that are short, late or wrong while the real engine runs.

Nothing is lost: what was excluded stays so, what others put there or
took out stays so, and the undo finds it all.
"""

from pathlib import Path

import pytest

from tests.engine.exclusion_stack import (
    GROUP,
    example_scene,
    with_policies,
)
from tests.engine.meanwhile import one_policy
from tests.engine.policy_lists import (
    POLICIES,
    Lists,
    edit,
    everywhere,
    exclusions,
    foreign,
    policy_requests,
    whole_policies,
)
from tests.support.tenant import object_id

pytestmark = pytest.mark.usefixtures("engine")

EVE, IT = object_id("users/eve"), object_id("groups/it")
MFA, REPORT, OFF = (object_id(f"policies/{name}") for name in ("mfa", "report", "off"))


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


def test_a_policy_that_a_whole_run_cannot_see_is_known_again_by_the_next_and_undone(
    tmp_path: Path,
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before = whole_policies(scene)
        scene.stack.up("--skip-preview")
        scene.forget()
        scene.fault(method="GET", path=rf"{POLICIES}(\?|$)", truncate=3, times=100)
        scene.fault(method="GET", path=one_policy(OFF), status=404, times=100)

        scene.stack.up("--skip-preview")

        assert not [r for r in scene.stack.resources() if r["urn"].endswith(OFF)]
        assert everywhere(scene, GROUP)
        scene.server.world.faults.clear()
        scene.stack.up("--skip-preview")
        assert [r for r in scene.stack.resources() if r["urn"].endswith(OFF)]
        assert scene.writes() == []

        scene.stack.destroy("--skip-preview")
        assert whole_policies(scene) == before


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
