"""Without an Entra ID P1 licence: what is made, what a licence adds, that a lapse takes nothing."""

from pathlib import Path
from typing import Any

from tests.engine.standing import Scene, new_scene
from tests.support.tenant import small_document

RULES = "microsoft.insights/scheduledqueryrules"
EXPORT = "microsoft.aadiam/diagnosticsettings"


def azure(scene: Scene, kind: str) -> list[dict[str, Any]]:
    """The tenant's Azure resources of a type."""
    found = scene.tenant.to_document()["azureResources"]
    return [resource for key, resource in found.items() if f"/{kind}/" in key]


def categories(scene: Scene) -> set[str]:
    """What the tenant's one diagnostic setting sends."""
    (setting,) = azure(scene, EXPORT)
    return {log["category"] for log in setting["properties"]["logs"] if log["enabled"]}


def test_what_the_licence_makes_possible_comes_with_it_and_stays_when_it_lapses(
    tmp_path: Path,
) -> None:
    document = small_document()
    licences, policies = document["subscribedSkus"], document["conditionalAccessPolicies"]
    document |= {"subscribedSkus": [], "conditionalAccessPolicies": []}
    with new_scene(tmp_path / "stack", document) as scene:
        skus = scene.tenant.directory.subscribed_skus

        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert "three ways out" in refused.output
        assert scene.writes() == []

        scene.stack.set_config({"break-glass:premium": "absent"})
        scene.stack.up("--skip-preview")
        accounts = scene.accounts()
        assert set(accounts.values()) < scene.global_administrators()
        assert categories(scene) == {"AuditLogs"}
        outputs = scene.stack.outputs()
        assert "groupId" not in outputs
        assert any("alarm on use" in line for line in outputs["leftOut"])
        rules = {rule["name"] for rule in azure(scene, RULES)}
        scene.forget()
        scene.stack.preview("--expect-no-changes")
        assert scene.writes() == []

        skus[:] = licences
        for policy in policies:
            scene.tenant.conditional_access.create_policy(policy)
        assert "pulumi config set break-glass:premium required" in scene.stack.preview().output
        scene.stack.set_config({"break-glass:premium": "required"})
        scene.forget()
        scene.stack.up("--skip-preview")
        assert not [write for write in scene.writes() if write.startswith("DELETE")]
        assert scene.accounts() == accounts
        assert set(accounts.values()) < scene.global_administrators()
        outputs = scene.stack.outputs()
        assert outputs["leftOut"] == []
        assert {"SignInLogs", "NonInteractiveUserSignInLogs"} < categories(scene)
        now = {rule["name"] for rule in azure(scene, RULES)}
        assert rules < now
        for name, (groups, users) in scene.excluded().items():
            assert outputs["groupId"] in groups, name
            assert set(accounts.values()) <= set(users), name
        excluded = scene.excluded()

        skus.clear()
        scene.forget()
        lapsed = scene.stack.up("--skip-preview", "--expect-no-changes")
        assert "nothing is taken away" in lapsed.output
        assert scene.writes() == []
        assert scene.excluded() == excluded
        assert {rule["name"] for rule in azure(scene, RULES)} == now
        assert set(accounts.values()) < scene.global_administrators()

        scene.stack.set_config({"break-glass:premium": "absent"})
        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert "break-glass:premium holds absent, but the alarm on use stands" in refused.output
        assert scene.writes() == []
