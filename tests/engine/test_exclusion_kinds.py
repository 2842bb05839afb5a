"""Every kind of Conditional Access policy on the real engine: excluded or skipped, undone whole.

Long tests, because each part is about what the part before left behind.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from entra.policy import told
from tests.engine.exclusion_stack import GROUP, example_scene
from tests.engine.policy_kinds import (
    MANAGED_NAME,
    RENAMED,
    TWICE,
    every_kind,
    microsoft_managed,
)
from tests.engine.policy_lists import edit, exclusions, policy_requests, whole_policies
from tests.engine.standing import Scene, new_scene
from tests.support.tenant import small_document

pytestmark = pytest.mark.usefixtures("engine")

DISTURBING = ("\x1b", "\x07", "\u202e", "\u200f", "\r")


def assert_foreign_then_ours(scene: Scene, before: dict[str, tuple[list[str], list[str]]]) -> None:
    """Each policy's lists: what stood there, in its order, and then ours; or what stood there."""
    skipped = {kind.policy_id for kind in every_kind() if kind.reason is not None}
    group, accounts = scene.stack.outputs()["groupId"], set(scene.accounts().values())
    for policy_id, (groups, users) in exclusions(scene).items():
        foreign_groups, foreign_users = before[policy_id]
        if policy_id in skipped:
            assert (groups, users) == (foreign_groups, foreign_users), policy_id
            continue
        assert groups == [*foreign_groups, group], policy_id
        assert users[: len(foreign_users)] == foreign_users, policy_id
        assert sorted(users[len(foreign_users) :]) == sorted(accounts), policy_id


def assert_told(scene: Scene) -> None:
    """The outputs name every policy once, by its own name, skipped ones with the reason.

    Names are escaped as in messages: whoever prints the outputs prints them too.
    """
    outputs = scene.stack.outputs()
    names = {kind.policy_id: told(kind.document["displayName"]) for kind in every_kind()}
    reasons = {kind.policy_id: kind.reason for kind in every_kind() if kind.reason}
    excluded = {policy["id"]: policy["name"] for policy in outputs["excludedPolicies"]}
    skipped = {policy["id"]: policy for policy in outputs["skippedPolicies"]}
    assert skipped.keys() == reasons.keys()
    assert excluded.keys() == exclusions(scene).keys() - skipped.keys()
    for policy_id, name in names.items():
        assert (skipped[policy_id]["name"] if policy_id in skipped else excluded[policy_id]) == name
    shown = "".join([*excluded.values(), *(policy["name"] for policy in skipped.values())])
    assert not [disturbing for disturbing in (*DISTURBING, "\n") if disturbing in shown]
    for policy_id, reason in reasons.items():
        assert reason in skipped[policy_id]["reason"]


def assert_in_this_order(scene: Scene, *patterns: str) -> None:
    """All writes that fit a pattern come before those that fit the next one."""
    writes = scene.writes()
    places = [[n for n, write in enumerate(writes) if re.search(p, write)] for p in patterns]
    assert all(places), writes
    for earlier, later in pairwise(places):
        assert max(earlier) < min(later), writes


def assert_one_line_each(output: str) -> None:
    """No name of a policy does anything to the terminal or breaks its line."""
    for disturbing in DISTURBING:
        assert disturbing not in output
    for kept in ("🚒👩‍🚒 und Umlaute äöüß 部署", '"double"', "${ARM_CLIENT_SECRET}"):
        assert kept in output


def test_every_kind_is_excluded_or_skipped_and_is_in_the_end_as_it_was(tmp_path: Path) -> None:
    document = small_document()
    document["conditionalAccessPolicies"] += [kind.document for kind in every_kind()]
    with new_scene(tmp_path / "stack", document) as scene:
        before, lists = whole_policies(scene), exclusions(scene)

        first = scene.stack.up("--skip-preview")

        assert_in_this_order(scene, "PATCH .*/policies/", "POST .*/roleAssignments")
        assert_foreign_then_ours(scene, lists)
        assert_told(scene)
        assert_one_line_each(first.output)

        scene.forget()
        scene.stack.up("--skip-preview", "--expect-no-changes")
        assert scene.writes() == []

        renamed = next(k for k in every_kind() if k.document["displayName"] == RENAMED)
        area = scene.tenant.conditional_access
        area.update_policy(renamed.policy_id, {"displayName": "Called otherwise"})
        scene.stack.set_config({"break-glass:protect": False})
        scene.stack.up("--skip-preview")
        assert policy_requests(scene, "PATCH") == []
        assert_foreign_then_ours(scene, lists)
        names = [policy["name"] for policy in scene.stack.outputs()["excludedPolicies"]]
        assert names.count("Called otherwise") == 1
        assert names.count(TWICE) == 2

        scene.forget()
        scene.stack.destroy("--skip-preview")
        assert_in_this_order(
            scene,
            "DELETE .*/roleAssignments",
            "PATCH .*/policies/",
            "DELETE .*/(groups|users)/[^/]+$",
        )
        area.update_policy(renamed.policy_id, {"displayName": RENAMED})
        assert whole_policies(scene) == before


def test_a_policy_that_microsoft_keeps_to_itself_is_skipped_with_what_to_do_by_hand(
    tmp_path: Path,
) -> None:
    managed = microsoft_managed()
    document = small_document()
    document["conditionalAccessPolicies"].append(managed.document)
    knobs: dict[str, object] = {"managedPolicyExclusionsRefused": True}
    with example_scene(tmp_path / "stack", document, knobs=knobs) as scene:
        before = whole_policies(scene)
        scene.forget()
        first = scene.stack.up("--skip-preview")

        def assert_skipped(output: str) -> None:
            outputs = scene.stack.outputs()
            (skipped,) = outputs["skippedPolicies"]
            assert (skipped["id"], skipped["name"]) == (managed.policy_id, MANAGED_NAME)
            assert "Exclude" in skipped["reason"]
            assert "warning" in output
            assert MANAGED_NAME in output
            assert len(outputs["excludedPolicies"]) == 4

        assert_skipped(first.output)
        assert whole_policies(scene)[managed.policy_id] == before[managed.policy_id]
        assert sum(GROUP in groups for groups, _ in exclusions(scene).values()) == 4

        scene.forget()
        again = scene.stack.up("--skip-preview", "--expect-no-changes")
        assert policy_requests(scene, "PATCH") == []
        assert_skipped(again.output)

        # By hand, in the portal, which lets one.
        scene.tenant.behaviour.turn({"managedPolicyExclusionsRefused": False})
        edit(scene, managed.policy_id, excludeGroups=[GROUP])
        scene.tenant.behaviour.turn(knobs)
        by_hand = whole_policies(scene)[managed.policy_id]
        scene.stack.up("--skip-preview")
        assert policy_requests(scene, "PATCH") == []
        assert scene.stack.outputs()["skippedPolicies"] == []

        scene.stack.destroy("--skip-preview")
        assert whole_policies(scene) == {**before, managed.policy_id: by_hand}
