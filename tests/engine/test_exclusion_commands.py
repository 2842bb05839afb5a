"""`breakglass verify` and `breakglass exclusion snippet` on stacks of the real engine."""

import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.exclusion_stack import GROUP, example_scene
from tests.engine.standing import Scene
from tests.support.tenant import graph, http, object_id, small_document

MFA = object_id("policies/mfa")
OFF = object_id("policies/off")
POLICIES = "/sandbox/conditional-access/policies"
ADMINISTRATOR = {"as": "bo@fabrikam.onmicrosoft.com"}


def breakglass(
    scene: Scene, *arguments: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """The command as a user runs it in the project's folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments, "--stack", scene.stack.name],
        cwd=scene.stack.program,
        env=dict(environment or scene.stack.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def verify(scene: Scene) -> tuple[int, list[str]]:
    """Exit code and lines; nothing on stderr."""
    done = breakglass(scene, "verify")
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def document(scene: Scene) -> dict[str, Any]:
    """What `verify --json` prints; its exit code says the same as `right`."""
    done = breakglass(scene, "verify", "--json")
    found = json.loads(done.stdout)
    assert found["right"] is (done.returncode == 0)
    return found


def results(found: Mapping[str, Any]) -> dict[str, str]:
    return {policy["name"]: policy["result"] for policy in found["policies"]}


def as_administrator(scene: Scene, policy_id: str, **users: Any) -> None:
    """Change a policy's `conditions.users` in the portal."""
    path, body = f"{POLICIES}/{policy_id}", {"conditions": {"users": users}}
    with http(scene.server) as control:
        control.patch(path, params=ADMINISTRATOR, json=body).raise_for_status()


@contextmanager
def audited(folder: Path) -> Generator[Scene]:
    """The example's stack, up, in a tenant whose application may read the audit log at once."""
    made = small_document()
    made["apps"][0]["graphPermissions"].append("AuditLog.Read.All")
    with example_scene(folder, made, {"directoryLogDelaySeconds": 0}) as scene:
        scene.stack.up("--skip-preview")
        yield scene


def test_everything_right_is_exit_code_0_and_no_write(scene: Scene) -> None:
    scene.forget()
    code, lines = verify(scene)
    assert code == 0, lines
    assert lines[0] == f"Stack test, tenant {scene.tenant_id}"
    assert f"✓ Require MFA for all users ({MFA}): excluded" in lines
    assert lines[-1] == "Every Conditional Access policy is right: 4 exclude."
    assert scene.writes() == []


def test_the_policies_are_asked_for_once(scene: Scene) -> None:
    scene.forget()
    verify(scene)
    asked = [
        entry["path"]
        for entry in scene.server.world.requests.entries()
        if entry["actor"] == "app" and "conditionalAccess" in entry["path"]
    ]
    assert asked == ["/v1.0/identity/conditionalAccess/policies"]


def test_drift_a_new_policy_and_a_deleted_one_are_told_by_name(scene: Scene) -> None:
    as_administrator(scene, MFA, excludeGroups=[], excludeUsers=[])
    with http(scene.server) as control:
        made = {
            "displayName": "Made since",
            "state": "disabled",
            "conditions": {
                "clientAppTypes": ["all"],
                "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]},
            },
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
        }
        control.post(POLICIES, params=ADMINISTRATOR, json=made).raise_for_status()
        control.delete(f"{POLICIES}/{OFF}", params=ADMINISTRATOR).raise_for_status()
    accounts = [f"account {name}" for name in scene.accounts()]
    code, lines = verify(scene)
    assert code == 1
    (drifted,) = [line for line in lines if line.startswith("✗ Require MFA")]
    for name in ("group BTG Admins", *accounts):
        assert name in drifted
    assert any(line.startswith("✗ Made since (") and "not in the stack" in line for line in lines)
    assert any(line.startswith("– Switched off (") and "deleted" in line for line in lines)
    assert "Run `pulumi up --stack test`: it excludes what is lacking." in lines
    assert lines[-1] == "2 of 4 policies not right."
    scene.stack.up("--skip-preview")
    assert verify(scene)[0] == 0


def test_no_secret_of_the_stack_or_the_environment_is_printed(scene: Scene) -> None:
    passwords = scene.stack.outputs(show_secrets=True)["passwords"].values()
    secrets = [*passwords, scene.stack.environment["ARM_CLIENT_SECRET"]]
    assert all(secrets)
    told = [
        breakglass(scene, *command)
        for command in (["verify"], ["verify", "--json"], ["exclusion", "snippet"])
    ]
    printed = "".join(done.stdout + done.stderr for done in told)
    assert [secret for secret in secrets if secret in printed] == []
    assert "ciphertext" not in printed


def test_the_state_is_read_without_the_passphrase(scene: Scene) -> None:
    without = {
        name: value
        for name, value in scene.stack.environment.items()
        if not name.startswith("PULUMI_CONFIG_PASSPHRASE")
    }
    assert breakglass(scene, "verify", environment=without).returncode == 0


def test_credentials_of_another_tenant_are_one_line(scene: Scene) -> None:
    exported = scene.stack.export()
    for resource in exported["deployment"]["resources"]:
        for part in ("inputs", "outputs"):
            if "tenantId" in resource.get(part, {}) and "policyId" in resource[part]:
                resource[part]["tenantId"] = object_id("tenant", "elsewhere.example")
    (scene.stack.folder / "state.json").write_text(json.dumps(exported))
    file = str(scene.stack.folder / "state.json")
    scene.stack.run("stack", "import", "--stack", "test", "--file", file)
    done = breakglass(scene, "verify")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert f"the credentials in ARM_* belong to tenant {scene.tenant_id}" in line


@pytest.mark.parametrize("failing", [0, 3])
def test_after_a_run_that_failed_half_way_every_policy_is_told(
    tmp_path: Path, failing: int
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        refused = scene.policies()["Require MFA for all users"]["id"]
        order = {"method": "PATCH", "path": f"policies/{refused}", "status": 400}
        if failing:
            order = {"method": "PATCH", "path": "conditionalAccess", "status": 400, "nth": failing}
        scene.fault(**order, code="BadRequest", message="not now", times=100)
        assert scene.stack.up("--skip-preview", check=False).returncode != 0
        scene.server.world.faults.clear()
        lacking = {name for name, (groups, _) in scene.excluded().items() if GROUP not in groups}
        assert lacking
        found = document(scene)
        wrong = {name for name, result in results(found).items() if result in ("lacks", "new")}
        assert wrong == lacking
        assert len(found["policies"]) == 4
        assert "run `pulumi up --stack customer`" in found["toDo"][0].lower()
        scene.stack.up("--skip-preview")
        assert document(scene)["right"] is True


def test_a_skipped_policy_is_told_with_its_reason(tmp_path: Path) -> None:
    skip: dict[str, Any] = {"exclusion-only:skip": ["Switched off"]}
    with example_scene(tmp_path / "stack", config=skip) as scene:
        scene.stack.up("--skip-preview")
        code, lines = verify(scene)
        assert code == 0
        assert any(line.startswith("– Switched off (") and "skip" in line for line in lines)
        assert lines[-1].endswith("right: 3 exclude, 1 skipped.")


def test_who_took_the_exclusion_out_is_told(tmp_path: Path) -> None:
    with audited(tmp_path / "stack") as scene:
        as_administrator(scene, MFA, excludeGroups=[])
        (line,) = [line for line in verify(scene)[1] if line.startswith("✗ Require MFA")]
        assert "changed by bo@fabrikam.onmicrosoft.com on " in line


def test_an_administrators_edit_that_our_write_dropped_is_named(tmp_path: Path) -> None:
    with audited(tmp_path / "stack") as scene:
        guest = object_id("users/kim")
        before = scene.policies()["Require MFA for all users"]["conditions"]["users"]
        as_administrator(scene, MFA, excludeUsers=[guest])
        # What a write does that rests on a read from before the edit.
        stale = {"conditions": {"users": {"excludeUsers": before["excludeUsers"]}}}
        with graph(scene.server, scene.tenant_id) as ours:
            ours.patch(f"/v1.0/identity/conditionalAccess/policies/{MFA}", json=stale)
        code, lines = verify(scene)
        assert code == 1
        (line,) = [line for line in lines if "an edit was lost" in line]
        assert f"bo@fabrikam.onmicrosoft.com excluded user {guest} on " in line
        assert lines[-1] == "Every policy is right; 1 edit lost."
        as_administrator(scene, MFA, excludeUsers=[guest])
        assert verify(scene)[0] == 0


def test_without_the_permission_one_line_says_how_to_grant_it(scene: Scene) -> None:
    code, lines = verify(scene)
    (line,) = [line for line in lines if "AuditLog.Read.All" in line]
    assert "grant the application permissions" in line
    assert code == 0


def test_policies_that_may_not_be_read_are_one_line(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack") as scene:
        scene.stack.up("--skip-preview")
        scene.fault(method="GET", path="policies", status=403, code="AccessDenied", times=9)
        done = breakglass(scene, "verify")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "grant the application permission Policy.Read.All" in line


def test_the_snippet_of_the_example_names_its_group(tmp_path: Path) -> None:
    name = 'it\'s "${us}" \U0001f511'
    named: dict[str, Any] = {"exclusion-only:groupName": name}
    with example_scene(tmp_path / "stack", config=named) as scene:
        scene.stack.up("--skip-preview")
        terraform = breakglass(scene, "exclusion", "snippet", "--format", "terraform").stdout
        dsc = breakglass(scene, "exclusion", "snippet", "--format", "microsoft365dsc").stdout
        lists = json.loads(breakglass(scene, "exclusion", "snippet", "--format", "json").stdout)
    quoted = name.replace("'", "''")
    assert f'"{GROUP}", # {name}\n' in terraform
    assert "excluded_users" not in terraform
    assert f"    '{quoted}' # {GROUP}\n" in dsc
    assert lists == {"conditions": {"users": {"excludeGroups": [GROUP]}}}


def test_a_stack_that_was_never_up_says_so(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack") as scene:
        for command, code in ((["verify"], 3), (["exclusion", "snippet"], 1)):
            done = breakglass(scene, *command)
            assert done.returncode == code
            assert "run `pulumi up` first" in done.stderr
            assert done.stderr.count("\n") == 1
