"""CI on the real engine: who reviews reads without a refusal; who heals puts back and no more."""

import copy
import re
from pathlib import Path
from typing import Any

import yaml

from cli.chosen_stack import ChosenStack, exported_state
from cli.exclusion_restore import restore
from sandbox.tenant.directory.passwords import hash_secret
from tests.ci.project_copy import copy_project
from tests.engine.policy_lists import exclusions
from tests.engine.standing import Scene, Snapshot, standing_scene
from tests.support.pulumi_stack import REPOSITORY
from tests.support.tenant import JSON, object_id

SECRET = "only-a-reviewer-has-this"
CHAPTER = "## What the reviewing identity may do"
MFA, LEGACY = object_id("policies/mfa"), object_id("policies/legacy")


def reviewer(document: JSON) -> JSON:
    """An application that has what docs/ci.md lists, and nothing else."""
    text = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
    table = text.split(CHAPTER, 1)[1].split("\n## ", 1)[0]
    roles = re.findall(r"^\| Azure role \| `(\w+)` at `([^`]+)` \|", table, re.MULTILINE)
    subscription = f"/subscriptions/{document['subscriptions'][0]['subscriptionId']}"
    return {
        "appId": object_id("reviewer"),
        "objectId": object_id("reviewer/object"),
        "displayName": "break-glass reviews",
        "secretHash": hash_secret(SECRET),
        "graphPermissions": re.findall(r"^\| Graph \| `([\w.]+)` \|", table, re.MULTILINE),
        "azureRoles": [
            {"role": role, "scope": scope.replace("/subscriptions/…", subscription)}
            for role, scope in roles
        ],
    }


def drifted(standing: Snapshot) -> Snapshot:
    """Meanwhile somebody emptied a policy's exclusions, made a policy, switched an alarm off."""
    document: dict[str, Any] = copy.deepcopy(standing.document)
    document["apps"].append(reviewer(document))
    policies = {one["id"]: one for one in document["conditionalAccessPolicies"]}
    policies[MFA]["conditions"]["users"] |= {"excludeGroups": [], "excludeUsers": []}
    new = copy.deepcopy(policies[MFA])
    new |= {"id": object_id("policies/new"), "displayName": "New since yesterday"}
    document["conditionalAccessPolicies"].append(new)
    alarm = next(
        one for one in document["azureResources"].values() if "queryrules" in one["type"].lower()
    )
    alarm["properties"]["enabled"] = False
    return Snapshot(document, standing.folder)


def test_who_can_only_read_previews_all_that_is_pending_without_one_refusal(
    standing: Snapshot, tmp_path: Path
) -> None:
    with standing_scene(drifted(standing), tmp_path / "stack") as scene:
        client = {"ARM_CLIENT_ID": object_id("reviewer"), "ARM_CLIENT_SECRET": SECRET}
        scene.stack.environment.update(client)
        scene.stack.set_config({"break-glass:accounts": {"passwordRotation": "next"}})
        scene.forget()

        shown = scene.stack.preview()

        assert "can only read: this preview shows" in shown.output
        for policy in ("Require MFA for all users", "New since yesterday"):
            assert re.search(rf"{policy}.*: exclude group BTG Admins", shown.output), policy
        entries = scene.server.world.requests.entries()
        assert [one for one in entries if one["status"] in (401, 403)] == []
        assert scene.writes() == []
        changes = re.findall(r"^ [~+-]+ +\S+ (\S+) (?:create|update|replace)\b", shown.output, re.M)
        (alarm,) = {name for name in changes if name.endswith("-alert")}
        assert set(changes) - {alarm} == {
            *(f"account-{number}-{part}" for number in (1, 2) for part in ("password", "user")),
            f"exclusion-{MFA}",
            f"exclusion-{object_id('policies/new')}",
        }
        refused = scene.stack.up("--skip-preview", check=False)
        assert "may not do what this stack needs" in refused.output
        assert scene.writes() == []


def as_customer(scene: Scene, project: Path) -> ChosenStack:
    """The scene's stack as one of the project's customers."""
    settings = scene.stack.config_file.read_text(encoding="utf-8")
    (project / f"Pulumi.{scene.stack.name}.yaml").write_text(settings, encoding="utf-8")
    stack = scene.stack
    return ChosenStack(
        stack.name, stack.engine.executable, project, stack.environment, is_sandbox=False
    )


def test_lost_exclusions_are_put_back_and_nothing_else_of_all_that_is_pending(
    standing: Snapshot, tmp_path: Path
) -> None:
    with standing_scene(drifted(standing), tmp_path / "stack") as scene:
        before = exclusions(scene)
        key = "break-glass:monitoring"
        settings = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))["config"]
        monitoring = settings[key] | {"alert": {"lookbackMinutes": 360}}
        rotation = {"passwordRotation": "next"}
        scene.stack.set_config({key: monitoring, "break-glass:accounts": rotation})
        stack = as_customer(scene, copy_project(tmp_path / "project"))
        state = exported_state(stack)
        scene.forget()

        found = restore(stack)

        assert found.lost == found.back == ("Require MFA for all users",)
        assert found.left == ()
        path = f"/v1.0/identity/conditionalAccess/policies/{MFA}"
        assert scene.writes() == [f"PATCH {path}"]
        assert exclusions(scene) == before | {MFA: before[LEGACY]}
        # No output tells of the policy that is not excluded yet, or of the other settings.
        assert exported_state(stack) == state
        assert "New since yesterday" not in state

        scene.forget()
        assert restore(stack).lost == ()
        assert scene.writes() == []


def test_what_settings_that_are_not_deployed_would_change_stays_as_it_is(
    standing: Snapshot, tmp_path: Path
) -> None:
    with standing_scene(drifted(standing), tmp_path / "stack") as scene:
        scene.stack.set_config({"break-glass:exclusion": {"users": False}})
        stack = as_customer(scene, copy_project(tmp_path / "project"))
        scene.forget()

        found = restore(stack)

        assert found.back == ()
        (left,) = found.left
        assert left.name == "Require MFA for all users"
        assert "settings that are not deployed yet" in left.why
        assert scene.writes() == []
