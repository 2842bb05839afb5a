"""The stack's life on the real engine: up, preview, drift, refresh, rotation, two-step destroy."""

import json
from pathlib import Path

from sandbox.tenant.directory.groups import remove_link
from tests.engine.standing import Scene, Snapshot, new_scene, standing_scene
from tests.support.tenant import object_id


def test_up_makes_all_of_it_and_a_preview_then_shows_nothing(scene: Scene) -> None:
    accounts = scene.accounts()
    assert len(accounts) == 2
    assert all(name.endswith("@fabrikam.onmicrosoft.com") for name in accounts)
    assert set(accounts.values()) < scene.global_administrators()
    group = scene.stack.outputs()["groupId"]
    for name, (groups, users) in scene.excluded().items():
        assert group in groups, name
        assert set(accounts.values()) <= set(users), name
    # what stood there before us is still there, and first
    report = scene.excluded()["Report only: compliant devices"]
    assert report[0][0] == object_id("groups/it")
    assert report[1][0] == object_id("users/bo")

    scene.forget()
    scene.stack.preview("--expect-no-changes")
    assert scene.writes() == []


def test_the_tenants_name_opens_the_preview(scene: Scene) -> None:
    output = scene.stack.preview().output
    assert "Fabrikam (fabrikam.onmicrosoft.com)" in output


def test_no_secret_is_in_state_or_output_in_clear(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack") as scene:
        run = scene.stack.up("--skip-preview", "--show-reads", "--diff")
        passwords = scene.stack.outputs(show_secrets=True)["passwords"]
        files = [
            path.read_text(encoding="utf-8", errors="replace")
            for path in (tmp_path / "stack" / "state").rglob("*")
            if path.is_file()
        ]
        written = json.dumps(scene.stack.export()) + "".join(files)
        plain = json.dumps(scene.stack.outputs())
        secrets = [*passwords.values(), scene.stack.environment["ARM_CLIENT_SECRET"]]
        tenant = json.dumps(scene.tenant.to_document())

    assert len(passwords) == 2
    assert all(len(password) == 64 for password in passwords.values())
    for secret in secrets:
        assert secret not in written
        assert json.dumps(secret)[1:-1] not in written
        assert secret not in run.output
        assert secret not in plain
        assert secret not in tenant


def test_what_somebody_took_away_is_shown_by_preview_and_put_back_by_up(scene: Scene) -> None:
    accounts = scene.accounts()
    victim = next(iter(accounts.values()))
    group = scene.stack.outputs()["groupId"]
    policy_id = scene.policies()["Require MFA for all users"]["id"]
    scene.tenant.conditional_access.update_policy(
        policy_id, {"conditions": {"users": {"excludeGroups": []}}}
    )
    remove_link(scene.tenant.directory, group, "members", victim, None)
    scene.forget()

    preview = scene.stack.preview("--diff").output
    assert "exclude group BTG Admins" in preview
    assert "group-member" in preview
    assert scene.writes() == []

    scene.stack.up("--skip-preview")
    assert group in scene.excluded()["Require MFA for all users"][0]
    patches = [write for write in scene.writes() if "conditionalAccess/policies" in write]
    assert len(patches) == 1
    scene.stack.preview("--expect-no-changes")


def test_refresh_writes_nothing_in_the_tenant(scene: Scene) -> None:
    scene.forget()
    scene.stack.refresh()
    assert scene.writes() == []
    scene.stack.preview("--expect-no-changes")


def test_a_new_rotation_changes_the_passwords_in_place_and_nothing_else(scene: Scene) -> None:
    accounts = scene.accounts()
    before = scene.stack.outputs(show_secrets=True)["passwords"]
    scene.stack.set_config({"break-glass:accounts": {"passwordRotation": "2027-Q1"}})
    scene.forget()

    scene.stack.up()

    after = scene.stack.outputs(show_secrets=True)["passwords"]
    assert after.keys() == before.keys()
    assert set(after.values()).isdisjoint(before.values())
    assert scene.accounts() == accounts
    assert sorted(scene.writes()) == sorted(
        f"PATCH /v1.0/users/{object_id}" for object_id in accounts.values()
    )
    for name, password in after.items():
        assert scene.tenant.directory.verify_password(accounts[name], password)
    scene.stack.preview("--expect-no-changes")


def test_destroy_takes_two_steps_and_leaves_no_trace_in_entra(scene: Scene) -> None:
    before = scene.excluded()
    ours = {*scene.accounts().values(), scene.stack.outputs()["groupId"]}
    scene.stack.set_config({"break-glass:protect": False})
    scene.stack.up("--skip-preview")
    scene.forget()

    scene.stack.destroy("--skip-preview")

    assert scene.stack.resources() == []
    assert not ours & set(scene.users())
    for name, (groups, users) in scene.excluded().items():
        assert groups == [entry for entry in before[name][0] if entry not in ours]
        assert users == [entry for entry in before[name][1] if entry not in ours]
    assert not ours & scene.global_administrators()
    writes = scene.writes()
    roles = [n for n, write in enumerate(writes) if "roleAssignments" in write]
    others = [n for n, write in enumerate(writes) if "roleAssignments" not in write]
    assert len(roles) == 2
    assert max(roles) < min(others), writes
    # the evidence stays
    assert not [write for write in writes if "workspaces" in write or "resourcegroups" in write]


def test_destroy_deletes_the_logs_when_told_so(tmp_path: Path, standing: Snapshot) -> None:
    with standing_scene(standing, tmp_path / "copy") as scene:
        monitoring = {
            "deleteLogs": True,
            "notify": {"emails": [{"name": "Desk", "address": "it@fabrikam.example"}]},
        }
        scene.stack.set_config({"break-glass:protect": False, "break-glass:monitoring": monitoring})
        scene.stack.up("--skip-preview")
        scene.stack.destroy("--skip-preview")
        assert not [r for r in scene.tenant.to_document()["azureResources"] if "log-break" in r]


def test_after_the_undo_up_takes_the_kept_logs_in_again(scene: Scene) -> None:
    scene.stack.set_config({"break-glass:protect": False})
    scene.stack.up("--skip-preview")
    scene.stack.destroy("--skip-preview")
    kept = scene.tenant.to_document()["azureResources"]
    assert len(kept) == 2
    scene.stack.set_config({"break-glass:protect": True})
    scene.forget()

    assert "2 to import" in scene.stack.preview().output
    assert scene.writes() == []
    scene.stack.up("--skip-preview")

    now = scene.tenant.to_document()["azureResources"]
    for resource_id, before in kept.items():
        assert now[resource_id]["tags"] == {"break-glass": "break-glass/test"}
        assert now[resource_id]["properties"].get("customerId") == before["properties"].get(
            "customerId"
        )
    logs = [r for r in scene.stack.resources() if r.get("id", "").lower() in kept]
    assert len(logs) == 2
    assert all(resource["retainOnDelete"] and not resource.get("protect") for resource in logs)
    assert len(set(scene.accounts().values()) & scene.global_administrators()) == 2
    scene.forget()
    scene.stack.preview("--expect-no-changes")
    scene.stack.up("--skip-preview", "--expect-no-changes")
    assert scene.writes() == []
