"""A role that stands, and a run that would replace it: nobody is ever left without it.

Each asserts what the run did and what two further ones do, for a role used to be lost in the
second: the engine took it in once more and deleted "the original".
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sandbox.engine import Engine
from sandbox.tenant.directory.role_schedules import give_role, take_role
from tests.engine.account_program import PROGRAM, account_alone
from tests.engine.account_tenant import PROTECT, assert_quiet
from tests.engine.standing import Scene
from tests.support.tenant import GLOBAL_ADMINISTRATOR

REPLACED = PROGRAM.parent / "replaced"
ROLE = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
EARLIER = "/roleManagement/directory/roleAssignments/earlier"


def administrators(scene: Scene) -> set[str]:
    """Our accounts that are Global Administrators, by object id."""
    return scene.global_administrators() & set(scene.accounts().values())


def on_roles(scene: Scene) -> list[str]:
    """What was written to role assignments since `forget`: method and status."""
    return [
        f"{entry['method']} {entry['status']}"
        for entry in scene.server.world.requests.entries()
        if "/roleAssignments" in entry["path"] and entry["method"] != "GET"
    ]


def roles(scene: Scene) -> list[dict[str, Any]]:
    return [row for row in scene.stack.resources() if row["type"] == ROLE]


def assert_told(output: str) -> None:
    """Nothing was given or taken, and the next step is named."""
    line = " ".join(output.split())
    assert "once more, which has it (assignment" in line
    assert "the account keeps it; run pulumi up again, which takes it in" in line
    assert "conflicting object" not in line


def two_further_runs(scene: Scene, given: Collection[str]) -> None:
    """With a small change each: no role is touched."""
    for name in ("Reserve", "BTG Admins"):
        scene.forget()
        scene.stack.set_config({"break-glass:group": {"name": name}})
        scene.stack.up("--skip-preview")
        assert [write.split("/")[0] for write in scene.writes()] == ["PATCH "]
        assert on_roles(scene) == []
        assert administrators(scene) == given


def test_a_role_whose_replacement_is_ordered_stays_given(scene: Scene) -> None:
    given = administrators(scene)
    assert len(given) == 2
    scene.stack.set_config({PROTECT: False})
    scene.stack.up("--skip-preview")
    scene.forget()

    ordered = [part for row in roles(scene) for part in ("--replace", row["urn"])]
    refused = scene.stack.up("--skip-preview", *ordered, check=False)

    assert refused.returncode != 0
    assert_told(refused.output)
    assert on_roles(scene) == []
    assert administrators(scene) == given
    two_further_runs(scene, given)


def test_a_state_that_recorded_another_id_to_import_takes_no_role_away(scene: Scene) -> None:
    """As a replacement left it in which the engine deleted first, with the id of before."""
    given = administrators(scene)
    state = scene.stack.export()
    for row in state["deployment"]["resources"]:
        if row["type"] == ROLE:
            row["importID"] = EARLIER
    file = scene.stack.folder / "state.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    scene.stack.run("stack", "import", "--file", str(file), "--stack", scene.stack.name)
    assert [row["importID"] for row in roles(scene)] == [EARLIER] * 2

    two_further_runs(scene, given)
    assert_quiet(scene)


def test_a_role_that_was_given_by_another_hand_meanwhile_is_never_taken_away(
    scene: Scene,
) -> None:
    """The state's assignment is gone, another one stands: the first run is refused a third."""
    given = administrators(scene)
    for account in given:
        take_role(scene.tenant.directory, account, GLOBAL_ADMINISTRATOR)
        give_role(scene.tenant.directory, account, GLOBAL_ADMINISTRATOR)
    scene.forget()
    assert_told(scene.stack.up("--skip-preview", check=False).output)
    assert on_roles(scene) == []
    assert administrators(scene) == given

    scene.forget()
    scene.stack.up("--skip-preview")
    assert on_roles(scene) == []
    assert administrators(scene) == given
    assert_quiet(scene)


def test_what_is_deleted_before_it_is_made_anew_takes_no_role_along(
    engine: Engine, tmp_path: Path
) -> None:
    """The role waits for it and is given after it, and stays when it is replaced."""
    del engine
    with account_alone(tmp_path, program=REPLACED, alarm="rg-alarm") as scene:
        scene.stack.up("--skip-preview")
        account = scene.stack.outputs()["account"]["objectId"]
        made = [write.partition(" ")[2] for write in scene.writes()]
        assert made[-1].endswith("/roleAssignments")
        scene.forget()

        scene.stack.set_config({"account:alarm": "rg-another-alarm"})
        scene.stack.up("--skip-preview")
        kinds = [write.split(" ")[0] for write in scene.writes()]
        assert kinds == ["DELETE", "PUT"]
        assert on_roles(scene) == []
        assert account in scene.global_administrators()
