"""How many Conditional Access requests whole runs on the real engine need, counted by the tenant.

Each run includes its own preview and refresh, each page of a listing is one request. The budget is
that of one second a request and tenant: what is not asked, nobody waits for.
"""

import math
from pathlib import Path

import pytest

from tests.engine.exclusion_stack import GROUP, example_scene, with_policies
from tests.engine.policy_lists import edit, everywhere, exclusions, policy_requests
from tests.engine.standing import Scene, new_scene

pytestmark = pytest.mark.usefixtures("engine")


def counted(scene: Scene) -> tuple[int, int]:
    """Conditional Access requests and writes since the last count."""
    asked, written = len(policy_requests(scene)), len(policy_requests(scene, "PATCH"))
    scene.forget()
    return asked, written


def budget(pending: int) -> int:
    """The most requests that a whole run with so many pending policies may make."""
    if pending <= 20:
        return 2 * pending + 8
    return pending + math.ceil(pending / 12) + 8


def take_out(scene: Scene, count: int) -> None:
    """Our group out of so many policies, as their owners' deployments do."""
    for policy_id, (groups, _) in list(exclusions(scene).items())[-count:]:
        edit(scene, policy_id, excludeGroups=[entry for entry in groups if entry != GROUP])


def test_many_policies_need_one_request_each_and_a_settled_stack_next_to_none(
    tmp_path: Path,
) -> None:
    """A full tenant's 195 are measured by the benchmark."""
    with example_scene(tmp_path / "stack", with_policies(50)) as scene:
        users = {key: users for key, (_, users) in exclusions(scene).items()}

        scene.stack.up()
        asked, written = counted(scene)
        assert written == 50
        assert asked <= budget(50)
        assert everywhere(scene, GROUP)

        scene.stack.preview("--expect-no-changes")
        asked, written = counted(scene)
        assert (asked <= 3, written) == (True, 0)

        scene.stack.refresh()
        asked, written = counted(scene)
        assert (asked <= 3, written) == (True, 0)

        for drifted in (25, 5):
            take_out(scene, drifted)
            scene.stack.up()
            asked, written = counted(scene)
            assert written == drifted
            assert asked <= budget(drifted)
            assert everywhere(scene, GROUP)

        scene.stack.up("--skip-preview", "--expect-no-changes")
        assert counted(scene)[1] == 0
        assert {key: users for key, (_, users) in exclusions(scene).items()} == users


def test_the_whole_stack_with_16_policies_needs_two_requests_each(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack", with_policies(16)) as scene:
        scene.stack.up()
        asked, written = counted(scene)
        assert written == 16
        assert asked <= budget(16)

        scene.stack.up()
        asked, written = counted(scene)
        assert (asked <= 8, written) == (True, 0)


def test_at_the_services_own_pace_no_request_is_refused(tmp_path: Path) -> None:
    """Program, refresh and update are processes of their own; one second lies between them all."""
    document = with_policies(4)
    del document["conditionalAccessPolicies"][2:]
    knobs = {"conditionalAccessRequestsPerSecond": 1.0}
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "1"}
    with example_scene(tmp_path / "stack", document, knobs=knobs, environment=pace) as scene:
        scene.stack.up()
        scene.stack.preview("--expect-no-changes")
        assert {entry["status"] for entry in policy_requests(scene)} == {200, 204}
        assert counted(scene) == (9, 2)
        assert everywhere(scene, GROUP)
