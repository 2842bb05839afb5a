"""The group on the real engine: exactly our members, whatever others do to it."""

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Engine
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.groups import add_link, delete_group, remove_link, restore_group
from tests.engine.account_program import run_as_printed
from tests.engine.standing import Scene, new_scene
from tests.support.tenant import object_id, small_document

ADA, BO = object_id("users/ada"), object_id("users/bo")
EMERGENCY = object_id("groups/emergency")


def group_of(scene: Scene) -> str:
    return str(scene.stack.outputs()["groupId"])


def people(scene: Scene, group_id: str) -> tuple[set[str], set[str]]:
    """(members, owners) as the tenant has them."""
    group = scene.tenant.directory.groups[group_id]
    return set(group["members"]), set(group["owners"])


def groups_named(scene: Scene, name: str = "BTG Admins") -> list[str]:
    groups = scene.tenant.directory.groups.values()
    return [group["id"] for group in groups if group["displayName"] == name]


def emergency_document(**facts: Any) -> dict[str, Any]:
    """A tenant that has an emergency group already, with Bo in it."""
    document = small_document()
    group = {
        **document["groups"][0],
        "id": EMERGENCY,
        "displayName": "BTG Admins",
        "isAssignableToRole": True,
        "members": [BO],
        "owners": [],
    }
    document["groups"].append({**group, **facts})
    return document


def test_what_others_did_to_members_and_owners_is_seen_by_preview_and_undone_by_up(
    scene: Scene,
) -> None:
    group_id = group_of(scene)
    before = people(scene, group_id)
    victim = next(iter(scene.accounts().values()))
    add_link(scene.tenant.directory, group_id, "members", BO, None)
    add_link(scene.tenant.directory, group_id, "owners", ADA, None)
    remove_link(scene.tenant.directory, group_id, "members", victim, None)
    scene.forget()

    seen = scene.stack.preview("--diff").output
    assert f"remove member bo@fabrikam.onmicrosoft.com ({BO})" in seen
    assert f"remove owner ada@fabrikam.onmicrosoft.com ({ADA})" in seen
    assert "takes it out" in seen
    assert re.search(r"\+ .*group-?[mM]ember", seen), seen
    assert scene.writes() == []

    scene.stack.up("--skip-preview")
    assert people(scene, group_id) == before
    assert len(scene.writes()) == 3

    add_link(scene.tenant.directory, group_id, "members", BO, None)
    scene.stack.up("--skip-preview")
    assert people(scene, group_id) == before
    scene.stack.preview("--expect-no-changes")


def test_a_group_whose_answer_was_lost_is_taken_in_by_the_printed_command(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with new_scene(tmp_path / "stack") as scene:
        scene.fault(method="POST", path=r"/groups$", drop=True, when="after", times=1)
        # The provider tries again, and must not get through either.
        scene.fault(method="POST", path=r"/groups$", status=400, times=9)
        failed = scene.stack.up("--skip-preview", check=False)
        assert failed.returncode != 0, failed.output
        scene.server.world.faults.clear()
        (made,) = groups_named(scene)
        scene.forget()

        stopped = scene.stack.up("--skip-preview", check=False)
        assert stopped.returncode != 0
        assert f"is in the tenant already (object id {made})" in stopped.output
        assert scene.writes() == []
        command = re.search(r"pulumi import [^;\n]*", stopped.output)
        assert command, stopped.output
        taken = run_as_printed(scene.stack, command.group())
        assert taken.returncode == 0, (command.group(), taken.output)

        scene.stack.up("--skip-preview")
        assert groups_named(scene) == [made] == [group_of(scene)]
        scene.stack.preview("--expect-no-changes")


def test_the_name_of_a_foreign_group_is_refused_with_its_id_and_the_group_can_be_taken_in(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with new_scene(tmp_path / "stack", emergency_document()) as scene:
        found = people(scene, EMERGENCY)
        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert f"object id {EMERGENCY}" in refused.output
        assert f'"break-glass:group.existing" {EMERGENCY}' in refused.output
        assert scene.writes() == []
        assert groups_named(scene) == [EMERGENCY]

        scene.stack.set_config({"break-glass:group": {"existing": EMERGENCY}})
        up = scene.stack.up("--skip-preview")
        accounts = set(scene.accounts().values())
        assert f"bo@fabrikam.onmicrosoft.com ({BO})" in up.output
        assert people(scene, EMERGENCY) == ({BO, *accounts}, found[1])
        assert all(EMERGENCY in groups for groups, _ in scene.excluded().values())
        scene.stack.preview("--expect-no-changes")

        scene.stack.set_config({"break-glass:protect": False})
        scene.stack.up("--skip-preview")
        scene.stack.destroy("--skip-preview")
        assert people(scene, EMERGENCY) == found


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"onPremisesSyncEnabled": True}, "on-premises"),
        (
            {
                "isAssignableToRole": False,
                "groupTypes": ["DynamicMembership"],
                "membershipRule": "user.department -eq 'IT'",
                "membershipRuleProcessingState": "On",
            },
            "from a rule",
        ),
    ],
)
def test_an_existing_group_that_cannot_do_is_refused_before_anything_is_made(
    engine: Engine, tmp_path: Path, facts: dict[str, Any], reason: str
) -> None:
    del engine
    config = {"break-glass:group": {"existing": EMERGENCY}}
    with new_scene(tmp_path / "stack", emergency_document(**facts), **config) as scene:
        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert reason in refused.output
        assert scene.writes() == []


def test_a_deleted_group_stops_the_run_until_it_is_restored_with_its_members(scene: Scene) -> None:
    group_id = group_of(scene)
    before = people(scene, group_id)
    delete_group(scene.tenant.directory, group_id, None)
    scene.forget()

    stopped = scene.stack.up("--skip-preview", check=False)
    assert stopped.returncode != 0
    assert f"deletedItems/{group_id}/restore" in stopped.output
    assert scene.writes() == []

    restore_group(scene.tenant.directory, group_id)
    scene.stack.up("--skip-preview")
    assert people(scene, group_id) == before
    assert group_of(scene) == group_id
    assert scene.writes() == []
    scene.stack.preview("--expect-no-changes")


def test_a_group_that_is_gone_for_good_is_made_anew_only_when_told_so(scene: Scene) -> None:
    group_id = group_of(scene)
    delete_group(scene.tenant.directory, group_id, None)
    purge(scene.tenant.directory, group_id)

    stopped = scene.stack.up("--skip-preview", check=False)
    assert stopped.returncode != 0
    assert "is nowhere in the tenant" in stopped.output

    scene.stack.set_config({"break-glass:group": {"recreate": [group_id]}})
    scene.stack.up("--skip-preview")
    renewed = group_of(scene)
    assert groups_named(scene) == [renewed]
    assert renewed != group_id
    assert people(scene, renewed)[0] == set(scene.accounts().values())
    for groups, _ in scene.excluded().values():
        assert renewed in groups
        assert group_id not in groups
    scene.stack.preview("--expect-no-changes")


def test_a_group_that_a_replica_hides_is_taken_in_again_as_it_is(scene: Scene) -> None:
    group_id = group_of(scene)
    before = people(scene, group_id)
    scene.forget()
    scene.fault(method="GET", path=rf"/beta/groups/{group_id}", status=404, times=4)

    scene.stack.up("--skip-preview", check=False)
    scene.server.world.faults.clear()
    scene.stack.up("--skip-preview")

    assert people(scene, group_id) == before
    assert groups_named(scene) == [group_id] == [group_of(scene)]
    assert scene.writes() == []
    scene.stack.preview("--expect-no-changes")


def test_another_name_renames_the_group_in_place(scene: Scene) -> None:
    group_id = group_of(scene)
    scene.stack.set_config({"break-glass:group": {"name": "Reserve"}})
    scene.stack.up("--skip-preview")
    assert groups_named(scene, "Reserve") == [group_id] == [group_of(scene)]
    scene.stack.preview("--expect-no-changes")
