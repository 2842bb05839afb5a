"""Somebody else at work in the tenant while the real engine runs.

After a rerun every policy excludes what it should, and what others put there or took out stays so.
"""

from pathlib import Path

import pytest

from tests.engine.exclusion_stack import (
    GROUP,
    example_scene,
)
from tests.engine.meanwhile import LISTING, one_policy, right_after
from tests.engine.policy_lists import (
    Lists,
    edit,
    everywhere,
    excluding,
    exclusions,
    foreign,
    policy_requests,
    whole_policies,
)
from tests.engine.standing import Scene
from tests.support.tenant import JSON, object_id

pytestmark = pytest.mark.usefixtures("engine")

ADA, EVE, KIM = (object_id(f"users/{name}") for name in ("ada", "eve", "kim"))
IT = object_id("groups/it")
LEGACY, REPORT = object_id("policies/legacy"), object_id("policies/report")


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
