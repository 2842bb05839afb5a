"""The four rules on the real engine.

Armed last; nothing removed by a look-up; protected together; nothing silently remade.
"""

import re
from pathlib import Path

import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.directory.users import delete_user, restore_user
from tests.engine.standing import (
    AT_SPEED,
    Scene,
    new_scene,
    settings_of,
)
from tests.support.pulumi_stack import PulumiStack
from tests.support.tenant import AT_ONCE, object_id, small_document


def test_without_every_exclusion_and_the_alarm_no_role_is_given(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack") as scene:
        before = scene.global_administrators()
        policy = scene.policies()["Block legacy authentication"]["id"]
        alarm = {"method": "PUT", "path": "scheduledQueryRules", "status": 400, "times": 20}
        exclusion = {"method": "PATCH", "path": policy, "status": 403, "times": 20}

        for missing in (alarm, exclusion):
            scene.fault(**missing)
            failed = scene.stack.up("--skip-preview", check=False)
            assert failed.returncode != 0
            assert str(missing["status"]) in failed.output
            assert scene.global_administrators() == before
            assert len(scene.users()) == len(small_document()["users"]) + 2
            scene.server.world.faults.clear()
            for name in scene.policies():
                change = {"conditions": {"users": {"excludeGroups": list[str]()}}}
                policy_id = scene.policies()[name]["id"]
                scene.tenant.conditional_access.update_policy(policy_id, change)

        scene.stack.up("--skip-preview")
        assert set(scene.accounts().values()) < scene.global_administrators()
        assert len(scene.users()) == len(small_document()["users"]) + 2


def managed(scene: Scene) -> set[str]:
    """URNs of what is in state, without the engine's own entries for providers."""
    urns = {resource["urn"] for resource in scene.stack.resources()}
    return {urn for urn in urns if "::pulumi:providers:" not in urn}


@pytest.mark.parametrize("arguments", [(), ("--skip-preview",)])
def test_destroy_of_a_protected_stack_writes_nothing(
    scene: Scene, arguments: tuple[str, ...]
) -> None:
    before = managed(scene)
    scene.forget()

    refused = scene.stack.destroy(*arguments, check=False)

    assert refused.returncode != 0
    assert "protected" in refused.output
    assert scene.writes() == []
    assert managed(scene) == before
    scene.stack.preview("--expect-no-changes")


def test_a_listing_of_3_of_16_policies_takes_no_exclusion_away(tmp_path: Path) -> None:
    document = small_document()
    document["conditionalAccessPolicies"] += [
        {
            **document["conditionalAccessPolicies"][0],
            "id": object_id(f"policies/{number}"),
            "displayName": f"Policy {number}",
        }
        for number in range(12)
    ]
    with new_scene(tmp_path / "stack", document) as scene:
        scene.stack.up("--skip-preview")
        before = scene.excluded()
        resources = len(scene.stack.resources())
        assert len(before) == 16
        scene.forget()
        scene.fault(method="GET", path=r"conditionalAccess/policies(\?|$)", truncate=3, times=50)

        scene.stack.up("--skip-preview")

        assert scene.writes() == []
        assert scene.excluded() == before
        assert len(scene.stack.resources()) == resources


def test_a_user_that_one_refresh_does_not_find_is_taken_in_again_as_it_is(scene: Scene) -> None:
    """The refresh of an `up` drops what it does not find, protected or not."""
    users, accounts = scene.users(), scene.accounts()
    victim = next(iter(accounts.values()))
    passwords = scene.stack.outputs(show_secrets=True)["passwords"]
    scene.forget()
    scene.fault(method="GET", path=rf"/v1\.0/users/{victim}", status=404)

    healed = scene.stack.up("--skip-preview")

    assert re.search(r"1 (to import|imported)", healed.output)
    assert scene.users() == users
    assert scene.accounts() == accounts
    assert scene.writes() == []
    scene.stack.preview("--expect-no-changes")
    for name, password in passwords.items():
        assert scene.tenant.directory.verify_password(accounts[name], password)


def test_a_deleted_account_stops_the_run_until_it_is_restored(scene: Scene) -> None:
    accounts = scene.accounts()
    victim = next(iter(accounts.values()))
    delete_user(scene.tenant.directory, victim, None)
    scene.forget()

    for arguments in ((), ("--skip-preview",)):
        stopped = scene.stack.up(*arguments, check=False)
        assert stopped.returncode != 0
        assert f"({victim}) was deleted" in stopped.output
    assert scene.writes() == []

    restore_user(scene.tenant.directory, victim)
    scene.stack.up()
    assert scene.accounts() == accounts
    assert set(accounts.values()) < scene.global_administrators()
    scene.stack.preview("--expect-no-changes")


def test_crossed_credentials_of_two_tenants_do_nothing(tmp_path: Path) -> None:
    ours = small_document()
    theirs = small_document("Tailspin", "tailspin.onmicrosoft.com")
    with TenantServer([ours, theirs], knobs=AT_ONCE) as server:
        variables = server.environment(theirs["tenant"]["id"]) | AT_SPEED
        (tmp_path / "stack").mkdir()
        stack = PulumiStack(tmp_path / "stack", variables, settings_of(ours))

        refused = stack.up("--skip-preview", check=False)

        assert refused.returncode != 0
        assert ours["tenant"]["id"] in refused.output
        assert theirs["tenant"]["id"] in refused.output
        assert [r for r in stack.resources() if "pulumi:pulumi:Stack" not in r["type"]] == []
        entries = server.world.requests.entries()
        assert not [e for e in entries if e["actor"] == "app" and e["method"] != "GET"]


def test_crossed_credentials_change_nothing_of_a_standing_stack(scene: Scene) -> None:
    theirs = small_document("Tailspin", "tailspin.onmicrosoft.com")
    scene.server.world.add(theirs)
    before, excluded = scene.users(), scene.excluded()
    scene.forget()
    with TenantServer([scene.tenant.to_document(), theirs], knobs=AT_ONCE) as server:
        scene.stack.environment.update(server.environment(theirs["tenant"]["id"]))

        refused = scene.stack.up("--skip-preview", check=False)

        assert refused.returncode != 0
        assert scene.tenant_id in refused.output
        assert not [
            e
            for e in server.world.requests.entries()
            if e["actor"] == "app" and e["method"] != "GET"
        ]
    assert (scene.users(), scene.excluded()) == (before, excluded)
    assert object_id("tenant") == scene.tenant_id


def test_a_stack_does_not_move_to_another_tenant(scene: Scene) -> None:
    theirs = small_document("Tailspin", "tailspin.onmicrosoft.com")
    ours = scene.stack.config_file.read_text(encoding="utf-8"), dict(scene.stack.environment)
    users, excluded = scene.users(), scene.excluded()
    with TenantServer([scene.tenant.to_document(), theirs], knobs=AT_ONCE) as server:
        scene.stack.environment.update(server.environment(theirs["tenant"]["id"]))
        scene.stack.set_config(settings_of(theirs))

        # Without the refresh, which would fail already, it is the program that has to notice.
        refused = scene.stack.up("--skip-preview", "--refresh=false", check=False)

        assert refused.returncode != 0
        assert f"this stack's accounts are in tenant {scene.tenant_id}" in refused.output
        assert not [
            e
            for e in server.world.requests.entries()
            if e["actor"] == "app" and e["method"] != "GET"
        ]
    scene.stack.config_file.write_text(ours[0], encoding="utf-8")
    scene.stack.environment.update(ours[1])
    scene.stack.up("--skip-preview")
    assert (scene.users(), scene.excluded()) == (users, excluded)
    scene.stack.preview("--expect-no-changes")
