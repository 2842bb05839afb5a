"""One account alone on the real engine: what changes in place, what is refused, how it retires."""

from pathlib import Path
from typing import Any

from sandbox.engine import Engine
from sandbox.tenant.directory.role_assignments import create_role_assignment
from sandbox.tenant.directory.users import update_user
from tests.engine.account_program import DOMAIN, account_alone
from tests.engine.standing import Scene

PRIVILEGED = "Privileged Authentication Administrator"
PRIVILEGED_ID = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"


def change(scene: Scene, **account: Any) -> None:
    """New arguments of the account."""
    scene.stack.set_config({"account:account": account})


def user(scene: Scene) -> dict[str, Any]:
    """The account as the tenant has it."""
    object_id = scene.stack.outputs()["account"]["objectId"]
    users = scene.tenant.to_document()["users"]
    return next(found for found in users if found["id"] == object_id)


def protected(scene: Scene) -> set[str]:
    """Resource names of what is protected."""
    found = scene.stack.resources()
    return {row["urn"].rpartition("::")[2] for row in found if row.get("protect")}


def test_an_account_retires_by_losing_its_roles_alone_and_comes_back(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, protect=True, account={"roles": ["Security Reader"]}) as scene:
        scene.stack.up("--skip-preview")
        object_id = user(scene)["id"]
        assert "account-roles" in protected(scene)
        scene.forget()

        change(scene, roles=["Security Reader"], retired=True)
        scene.stack.up()

        assert [write.split("/")[0] for write in scene.writes()] == ["DELETE ", "DELETE "]
        assert all("/roleAssignments/" in write for write in scene.writes())
        assert object_id not in scene.global_administrators()
        assert protected(scene) == set()
        assert scene.stack.outputs()["retired"] is True
        scene.stack.preview("--expect-no-changes")

        change(scene, roles=["Security Reader"])
        scene.stack.up()
        assert object_id in scene.global_administrators()
        assert "account-user" in protected(scene)
        assert scene.stack.outputs()["retired"] is False

        scene.forget()
        refused = scene.stack.destroy("--skip-preview", check=False)
        assert refused.returncode != 0
        assert scene.writes() == []


def test_a_rotation_sets_another_password_of_the_same_account_and_nothing_else(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, protect=True, app_roles=(PRIVILEGED,)) as scene:
        scene.stack.up("--skip-preview")
        before, made = user(scene), scene.stack.outputs(show_secrets=True)
        assert made["passwordChanged"]
        scene.server.world.clock.advance(3600)
        scene.forget()

        change(scene, password_rotation="2027-Q1")
        scene.stack.up()

        assert scene.writes() == [f"PATCH /v1.0/users/{before['id']}"]
        after, rotated = user(scene), scene.stack.outputs(show_secrets=True)
        assert (after["id"], after["userPrincipalName"]) == (
            before["id"],
            before["userPrincipalName"],
        )
        assert rotated["password"] != made["password"]
        assert rotated["passwordChanged"] > made["passwordChanged"]
        scene.stack.up()
        assert scene.stack.outputs()["passwordChanged"] == rotated["passwordChanged"]


def test_a_change_that_the_service_would_refuse_stops_before_anything_is_changed(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    changes = (
        ({"password_rotation": "2027-Q1"}, "due for a new password"),
        ({"user_name": "quiet"}, f"due for the name quiet@{DOMAIN}"),
    )
    with account_alone(tmp_path) as scene:
        scene.stack.up("--skip-preview")
        before = scene.stack.outputs(show_secrets=True)
        scene.forget()

        for account, due in changes:
            change(scene, **account)
            refused = scene.stack.up("--skip-preview", check=False)

            assert refused.returncode != 0
            line = next(row for row in refused.output.splitlines() if due in row)
            assert "Privileged Authentication Administrator" in line
            assert "nothing was changed" in line
            assert before["password"] not in refused.output
        assert scene.writes() == []

        scene.stack.set_config({"account:account": {}})
        scene.stack.preview("--expect-no-changes")
        assert scene.stack.outputs(show_secrets=True) == before


def test_a_new_name_and_visible_attributes_keep_the_object_id(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, protect=True, app_roles=(PRIVILEGED,)) as scene:
        scene.stack.up("--skip-preview")
        before = user(scene)

        wanted = {"user_name": "quiet.harbour", "display_name": "Quiet Harbour"}
        change(scene, **wanted, given_name="Quiet", surname="Harbour", department="Facilities")
        scene.stack.up()

        after = user(scene)
        assert after["id"] == before["id"]
        assert after["userPrincipalName"] == f"quiet.harbour@{DOMAIN}"
        assert (after["displayName"], after["department"]) == ("Quiet Harbour", "Facilities")
        scene.stack.preview("--expect-no-changes")

        ada = next(id for id, name in scene.users().items() if name == f"ada@{DOMAIN}")
        scene.forget()
        change(scene, user_name="ada")
        refused = scene.stack.preview(check=False)
        assert refused.returncode != 0
        told = f"is to be called ada@{DOMAIN}, but another user has that name (object id {ada})"
        assert told in refused.output
        assert scene.writes() == []

        change(scene)
        scene.stack.up()
        assert user(scene)["userPrincipalName"] == before["userPrincipalName"]
        assert user(scene)["displayName"] == before["displayName"]
        assert not user(scene).get("department")
        scene.stack.preview("--expect-no-changes")


def test_what_somebody_else_did_to_the_account_is_left_alone_until_it_can_be_undone(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, protect=True) as scene:
        scene.stack.up("--skip-preview")
        before = dict(user(scene))
        drift = {"accountEnabled": False, "userPrincipalName": f"else@{DOMAIN}"}
        update_user(scene.tenant.directory, before["id"], drift, None)
        scene.forget()

        for _ in range(2):
            seen = scene.stack.up("--skip-preview").output
            told = f"was renamed (it was {before['userPrincipalName']}) and disabled by somebody"
            assert told in seen
            assert "Privileged Authentication Administrator" in seen
        assert scene.writes() == []
        assert scene.stack.outputs()["account"]["userPrincipalName"] == f"else@{DOMAIN}"

        own_id = scene.tenant.to_document()["apps"][0]["objectId"]
        role = {"principalId": own_id, "roleDefinitionId": PRIVILEGED_ID, "directoryScopeId": "/"}
        create_role_assignment(scene.tenant.directory, role)
        scene.stack.up("--skip-preview")
        assert scene.writes() == [f"PATCH /v1.0/users/{before['id']}"]
        assert (user(scene)["userPrincipalName"], user(scene)["accountEnabled"]) == (
            before["userPrincipalName"],
            True,
        )
