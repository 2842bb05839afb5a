"""Whose the role of an adopted account is, on the real engine: it leaves as it was found."""

from pathlib import Path
from typing import Any

from sandbox.engine import Engine
from sandbox.tenant.directory.role_assignments import delete_role_assignment
from sandbox.tenant.directory.role_schedules import give_role
from tests.engine.account_tenant import assert_quiet
from tests.engine.adopted_program import AdoptedScene, adopted_alone
from tests.support.tenant import GLOBAL_ADMINISTRATOR, object_id

ADA = object_id("users/ada")
EVE = object_id("users/eve")
"""Ada is a Global Administrator, eve has no role."""
ROLES = "roleManagement/directory/roleAssignments"


def up(scene: AdoptedScene, **config: Any) -> None:
    scene.configure(**config)
    scene.stack.up("--skip-preview")


def leave(scene: AdoptedScene) -> None:
    """The two steps."""
    up(scene, retired=True)
    up(scene, account=None, retired=None)


def take_role(scene: AdoptedScene, user: str) -> None:
    directory = scene.tenant.directory
    for assignment in [*directory.role_assignments_to(user)]:
        delete_role_assignment(directory, assignment["id"])


def test_a_role_that_was_lacking_is_given_and_goes_when_the_account_leaves(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    name = "eve@fabrikam.onmicrosoft.com"
    with adopted_alone(tmp_path, account=name, protect=True) as scene:
        found = scene.directory()
        scene.stack.up("--skip-preview")
        assert EVE in scene.global_administrators()
        assert len(scene.writes()) == 1
        assert_quiet(scene)

        up(scene, retired=True)
        assert EVE not in scene.global_administrators()
        assert scene.stack.outputs()["retired"] is True
        assert_quiet(scene)

        up(scene, account=None, retired=None)
        assert scene.directory() == found
        assert len(scene.writes()) == 0


def test_a_role_that_was_held_before_stays_when_the_account_leaves(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with adopted_alone(tmp_path, account=ADA, protect=True) as scene:
        found = scene.directory()
        scene.stack.up("--skip-preview")
        leave(scene)
        assert scene.writes() == []
        assert scene.directory() == found


def test_a_role_whose_answer_got_lost_is_known_as_ours(engine: Engine, tmp_path: Path) -> None:
    del engine
    with adopted_alone(tmp_path, account=EVE) as scene:
        found = scene.directory()
        scene.fault(method="POST", path=ROLES, when="after", times=20, drop=True)
        failed = scene.stack.up("--skip-preview", check=False)
        assert failed.returncode != 0
        assert EVE in scene.global_administrators()
        scene.server.world.faults.clear()
        assert not [one for one in scene.stack.resources() if "RoleAssignment" in one["type"]]
        scene.forget()

        scene.stack.up("--skip-preview")
        assert scene.writes() == []
        assert_quiet(scene)

        leave(scene)
        assert scene.directory() == found


def test_a_role_that_an_administrator_gave_after_the_preview_is_theirs(
    engine: Engine, tmp_path: Path
) -> None:
    """A preview decides nothing: what an administrator gave by the time of the `up` is theirs."""
    del engine
    with adopted_alone(tmp_path, account=EVE) as scene:
        scene.stack.preview()
        assert scene.stack.resources() == []
        give_role(scene.tenant.directory, EVE, GLOBAL_ADMINISTRATOR)
        found = scene.directory()
        scene.stack.up("--skip-preview")
        leave(scene)
        assert scene.directory() == found


def test_a_role_of_ours_that_somebody_took_away_is_seen_and_put_back(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with adopted_alone(tmp_path, account=EVE, protect=True) as scene:
        found = scene.directory()
        scene.stack.up("--skip-preview")
        take_role(scene, EVE)
        assert "adopted-global-administrator" in scene.stack.preview().output
        scene.stack.up("--skip-preview")
        assert EVE in scene.global_administrators()
        leave(scene)
        assert scene.directory() == found


def test_a_role_held_before_and_taken_away_since_is_given_and_then_ours(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with adopted_alone(tmp_path, account=ADA) as scene:
        scene.stack.up("--skip-preview")
        take_role(scene, ADA)
        found = scene.directory()
        scene.stack.up("--skip-preview")
        assert ADA in scene.global_administrators()
        leave(scene)
        assert scene.directory() == found


def test_a_role_of_ours_that_a_replica_hides_is_still_taken_away(
    engine: Engine, tmp_path: Path
) -> None:
    """The refresh of an `up` drops what it does not find; only what is in state can be deleted."""
    del engine
    with adopted_alone(tmp_path, account=EVE) as scene:
        found = scene.directory()
        scene.stack.up("--skip-preview")
        scene.fault(method="GET", path=f"{ROLES}/", status=404, times=20)
        scene.stack.refresh()
        scene.server.world.faults.clear()
        assert not [one for one in scene.stack.resources() if "RoleAssignment" in one["type"]]

        scene.configure(retired=True)
        told = scene.stack.up("--skip-preview").output
        assert "taken away by the next up" in told
        assert scene.stack.outputs()["retired"] is False
        scene.stack.up("--skip-preview")
        assert scene.stack.outputs()["retired"] is True
        up(scene, account=None, retired=None)
        assert scene.directory() == found


def test_destroy_of_a_protected_one_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    del engine
    with adopted_alone(tmp_path, account=EVE, protect=True) as scene:
        scene.stack.up("--skip-preview")
        scene.forget()
        assert scene.stack.destroy("--skip-preview", check=False).returncode != 0
        assert scene.writes() == []
        assert EVE in scene.global_administrators()
        assert_quiet(scene)
