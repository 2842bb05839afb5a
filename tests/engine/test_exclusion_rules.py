"""The four rules for the exclusions alone: no look-up and no policy's owner takes one away."""

from pathlib import Path

import pytest

from tests.engine.exclusion_stack import GROUP, example_scene
from tests.engine.policy_lists import POLICIES, excluding, exclusions, policy_requests
from tests.engine.standing import Scene
from tests.support.tenant import JSON, object_id, small_document

pytestmark = pytest.mark.usefixtures("engine")

MFA, LEGACY = object_id("policies/mfa"), object_id("policies/legacy")


def lapse(scene: Scene, status: str) -> None:
    """The tenant's licences as they are after their last day, or again before it."""
    for sku in scene.tenant.directory.subscribed_skus:
        sku["capabilityStatus"] = status


def park(scene: Scene, users: str) -> None:
    """What the owner of a policy does for an hour: nobody is in its scope."""
    body = {"conditions": {"users": {"includeUsers": [users]}}}
    scene.tenant.conditional_access.update_policy(MFA, body)


def test_no_look_up_and_no_owner_of_a_policy_takes_an_exclusion_away(tmp_path: Path) -> None:
    with example_scene(tmp_path / "stack", config={"exclusion-only:protect": True}) as scene:
        before = exclusions(scene)
        scene.stack.up("--skip-preview")
        ours = exclusions(scene)
        assert all(groups[-1] == GROUP for groups, _ in ours.values())
        scene.forget()

        scene.fault(method="GET", path=POLICIES, status=403, times=100)
        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert "Policy.Read.All" in refused.output
        scene.server.world.faults.clear()

        lapse(scene, "Suspended")
        scene.stack.up("--skip-preview", "--expect-no-changes")
        lapse(scene, "Enabled")

        park(scene, "None")
        scene.stack.up("--skip-preview", "--expect-no-changes")
        (parked,) = scene.stack.outputs()["skippedPolicies"]
        assert parked["id"] == MFA
        assert "stays" in parked["reason"]

        for arguments in ((), ("--skip-preview",)):
            assert scene.stack.destroy(*arguments, check=False).returncode != 0

        park(scene, "All")
        scene.stack.up("--skip-preview", "--expect-no-changes")
        assert policy_requests(scene, "PATCH", "POST", "DELETE") == []
        assert exclusions(scene) == ours

        scene.stack.set_config({"exclusion-only:protect": False})
        scene.stack.up("--skip-preview")
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == before


def test_settings_take_an_exclusion_away_and_give_it_back_and_no_resource_goes(
    tmp_path: Path,
) -> None:
    with example_scene(tmp_path / "stack") as scene:
        before = exclusions(scene)
        scene.stack.up("--skip-preview")
        ours, known = exclusions(scene), urns(scene)

        steps: list[tuple[JSON, set[str]]] = [
            ({"exclusion-only:scope": "mfa-only"}, before.keys() - {MFA}),
            ({"exclusion-only:scope": "all"}, before.keys() - {MFA}),
            ({"exclusion-only:skip": [LEGACY, "Require MFA for all users"]}, {LEGACY, MFA}),
            ({"exclusion-only:skip": []}, {LEGACY, MFA}),
        ]
        for settings, changed in steps:
            was = exclusions(scene)
            scene.stack.set_config(settings)
            scene.stack.up("--skip-preview")
            now = exclusions(scene)
            assert {key for key in now if now[key] != was[key]} == changed
            assert all(
                now[key] == (before if was[key] == ours[key] else ours)[key] for key in changed
            )
            assert urns(scene) == known
        assert exclusions(scene) == ours


def test_settings_rule_after_a_run_that_failed_too(tmp_path: Path) -> None:
    """A first run, and one that went for a wider scope and was given up."""
    with example_scene(tmp_path / "stack") as scene:
        before = exclusions(scene)
        for fails_at, kept in ((MFA, set[str]()), (LEGACY, {MFA})):
            scene.stack.set_config({"exclusion-only:scope": "all"})
            scene.fault(method="PATCH", path=fails_at, status=403)
            failed = scene.stack.up("--skip-preview", check=False)
            assert failed.returncode != 0
            scene.server.world.faults.clear()
            assert set(excluding(scene, GROUP)) > kept

            scene.stack.set_config({"exclusion-only:scope": "mfa-only"})
            scene.stack.up("--skip-preview")
            assert excluding(scene, GROUP) == [MFA]
            assert {key: was for key, was in before.items() if key != MFA} == {
                key: now for key, now in exclusions(scene).items() if key != MFA
            }


def urns(scene: Scene) -> set[str]:
    return {resource["urn"] for resource in scene.stack.resources()}


def test_a_tenant_without_policies_is_fine_and_told_and_its_first_one_is_found(
    tmp_path: Path,
) -> None:
    document = small_document()
    (first, *_), document["conditionalAccessPolicies"] = document["conditionalAccessPolicies"], []
    with example_scene(tmp_path / "stack", document) as scene:
        output = scene.stack.up("--skip-preview").output
        assert "no Conditional Access policy" in output
        assert scene.stack.outputs()["excludedPolicies"] == []

        made = scene.tenant.conditional_access.create_policy(first)["id"]
        scene.stack.up("--skip-preview")
        assert exclusions(scene) == {made: ([GROUP], [])}
        scene.stack.destroy("--skip-preview")
        assert exclusions(scene) == {made: ([], [])}
