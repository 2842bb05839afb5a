"""Others' accounts on the real engine: taken in, retired, let go of as they were found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Engine
from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.users import delete_user, restore_user, update_user
from tests.engine.account_tenant import (
    ACCOUNTS,
    ARMED,
    NOBODY,
    alarm_queries,
    assert_quiet,
    complete,
    foreign,
    kind,
    members,
    settings,
    stages,
    standing,
)
from tests.engine.standing import Scene, new_scene
from tests.support.tenant import JSON, object_id, small_document

DOMAIN = "fabrikam.onmicrosoft.com"
FEDERATED = "federated.fabrikam.example"
ADA, EVE, FAY, GUS, OLD = (
    object_id(f"users/{first}") for first in ("ada", "eve", "fay", "gus", "old")
)

MFA = object_id("policies/mfa")


def tenant_of_others() -> JSON:
    """Ada is a Global Administrator, eve is not and excluded from one policy, fay is licensed, gus
    is in a federated domain, old is synced into that domain and disabled.
    """
    document = small_document()
    document["domains"].append(
        {"id": FEDERATED, "isVerified": True, "authenticationType": "Federated"}
    )
    users = {user["id"]: user for user in document["users"]}
    users[FAY]["assignedLicenses"] = [{"skuId": object_id("skus/mail"), "disabledPlans": []}]
    for user in (GUS, OLD):
        users[user]["userPrincipalName"] = f"{users[user]['mailNickname']}@{FEDERATED}"
    users[OLD]["onPremisesSyncEnabled"] = True
    policy = next(one for one in document["conditionalAccessPolicies"] if one["id"] == MFA)
    policy["conditions"]["users"].setdefault("excludeUsers", []).append(EVE)
    return document


def untouched(scene: Scene) -> JSON:
    """Everything that one can see of the accounts themselves."""
    document = scene.tenant.to_document()
    return {
        user["id"]: user for user in document["users"] if user["id"] in (ADA, EVE, FAY, GUS, OLD)
    }


def excludes(policy: JSON, account: str) -> bool:
    """Whether a policy lets an account through by itself."""
    return account in policy["conditions"]["users"]["excludeUsers"]


def ours(scene: Scene) -> set[str]:
    """Object ids of what the stack made."""
    adopted = {ADA, EVE, FAY, GUS, OLD}
    return {*scene.accounts().values(), scene.stack.outputs()["groupId"]} - adopted


def test_accounts_are_taken_in_retire_and_leave_as_they_were_found(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    adopt: list[Any] = [
        ADA,
        f"eve@{DOMAIN}",
        FAY,
        {"account": OLD, "allowSynced": True},
    ]
    with new_scene(tmp_path / "stack", tenant_of_others(), **{ACCOUNTS: {"adopt": adopt}}) as scene:
        found, theirs = foreign(scene, ()), untouched(scene)
        run = scene.stack.up("--skip-preview")
        roles = [write for write in scene.writes() if kind(write) == "POST role"]
        assert len(roles) == 2 + 3  # ada holds it already
        assert scene.writes()[-len(roles) :] == roles
        for account in (ADA, EVE, FAY, OLD):
            assert standing(scene, account) == complete(scene.users()[account])
        assert f"fay@{DOMAIN}" in run.output
        assert "has a licence" in run.output
        assert f"old@{FEDERATED}" in run.output
        assert "comes from an on-premises directory" in run.output
        assert untouched(scene) == theirs
        passwords = scene.stack.outputs(show_secrets=True)["passwords"]
        assert len(passwords) == 2
        assert not set(passwords) & {user["userPrincipalName"] for user in theirs.values()}
        assert_quiet(scene)

        settings(scene)
        scene.forget()
        refused = scene.stack.up("--skip-preview", check=False)
        assert refused.returncode != 0
        assert f"leaves out adopted-{EVE}" in refused.output
        assert scene.writes() == []

        retiring = [
            {**(one if isinstance(one, dict) else {"account": one}), "retire": True}
            for one in adopt
        ]
        settings(scene, adopt=retiring)
        run = scene.stack.up("--skip-preview")
        assert [kind(write) for write in scene.writes()] == ["DELETE role"] * 3
        assert f"ada@{DOMAIN} ({ADA}) keeps Global Administrator" in run.output
        for account in (EVE, FAY, OLD):
            assert standing(scene, account) == complete(scene.users()[account], roles=())
        assert standing(scene, ADA) == complete(f"ada@{DOMAIN}")
        assert_quiet(scene)

        settings(scene)
        scene.forget()
        scene.stack.up("--skip-preview")
        stages(scene.writes(), {"PUT alarm"}, {"PATCH exclusion"}, {"DELETE member"})
        assert foreign(scene, ours(scene)) == found
        # Where somebody else had excluded eve she is excluded still, and only there.
        assert [id_ for id_, one in found["policies"].items() if excludes(one, EVE)] == [MFA]
        assert untouched(scene) == theirs
        assert not set(members(scene)) & {ADA, EVE, FAY, OLD}
        queries = "".join(alarm_queries(scene.tenant.to_document()))
        assert not [account for account in (ADA, EVE, FAY, OLD) if account in queries]
        assert_quiet(scene)


def test_two_adopted_accounts_can_stand_alone_one_of_them_watched_only(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    adopt = [{"account": ADA, "excluded": False}, EVE]
    accounts = {ACCOUNTS: {"count": 0, "adopt": adopt}}
    with new_scene(tmp_path / "stack", tenant_of_others(), **accounts) as scene:
        before = scene.users()
        scene.stack.up("--skip-preview")
        assert scene.users() == before
        assert standing(scene, EVE) == complete(f"eve@{DOMAIN}")
        watched = standing(scene, ADA)
        assert watched.watched
        assert not watched.is_member
        assert watched.stopped_by == set(scene.policies())
        assert scene.stack.outputs()["passwords"] == {}
        assert_quiet(scene)


def test_a_retiring_account_that_was_not_excluded_stays_so_and_loses_its_role_alone(
    engine: Engine, tmp_path: Path
) -> None:
    """Whatever `excluded` says beside `retire`."""
    del engine
    adopt: JSON = {"account": FAY, "excluded": False}
    accounts = {ACCOUNTS: {"adopt": [adopt]}}
    with new_scene(tmp_path / "stack", tenant_of_others(), **accounts) as scene:
        found = foreign(scene, ())
        scene.stack.up("--skip-preview")
        watched = standing(scene, FAY)
        assert (watched.roles, watched.is_member, watched.watched) == (ARMED, False, True)

        scene.forget()
        settings(scene, adopt=[{**adopt, "excluded": True, "retire": True}])
        scene.stack.up("--skip-preview")
        assert [kind(write) for write in scene.writes()] == ["DELETE role"]
        assert standing(scene, FAY) == replace(watched, roles=NOBODY)

        scene.forget()
        settings(scene)
        scene.stack.up("--skip-preview")
        assert [kind(write) for write in scene.writes()] == ["PUT alarm"] * 2  # use and tamper
        assert foreign(scene, ours(scene)) == found
        assert_quiet(scene)


def test_what_does_not_fit_is_refused_before_anything_is_written(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    cases: list[tuple[Any, str]] = [
        (GUS, f"whose domain {FEDERATED} is federated"),
        (OLD, "comes from an on-premises directory"),
        ("nobody@fabrikam.onmicrosoft.com", "which is no user of the tenant"),
    ]
    with new_scene(tmp_path / "stack", tenant_of_others()) as scene:
        for account, reason in cases:
            settings(scene, adopt=[account])
            refused = scene.stack.up("--skip-preview", check=False)
            assert refused.returncode != 0
            assert reason in refused.output
            assert "break-glass:accounts.adopt[0] holds" in refused.output
            assert "Traceback" not in refused.output
        assert scene.writes() == []
        assert not [one for one in scene.stack.resources() if "break-glass:" in one["type"]]


def test_an_account_of_the_stack_itself_cannot_be_adopted(scene: Scene) -> None:
    own = next(iter(scene.accounts().values()))
    settings(scene, adopt=[own])
    scene.forget()
    refused = scene.stack.preview(check=False)
    assert refused.returncode != 0
    assert "which this stack made itself (account-" in refused.output
    assert scene.writes() == []


@pytest.fixture
def taken_in(scene: Scene) -> Scene:
    """The standing stack has taken eve in."""
    settings(scene, adopt=[f"eve@{DOMAIN}"])
    scene.stack.up("--skip-preview")
    scene.forget()
    return scene


def test_an_account_that_was_renamed_is_told_by_its_id_and_then_followed(taken_in: Scene) -> None:
    scene = taken_in
    new_name = {"userPrincipalName": f"evelyn@{DOMAIN}"}
    update_user(scene.tenant.directory, EVE, new_name, None)
    refused = scene.stack.preview(check=False)
    assert refused.returncode != 0
    assert f"({EVE}) is called evelyn@{DOMAIN} now" in refused.output
    assert scene.writes() == []

    settings(scene, adopt=[EVE])
    scene.stack.up("--skip-preview")
    assert [kind(write) for write in scene.writes()] == ["PUT alarm"]
    assert standing(scene, EVE) == complete(f"evelyn@{DOMAIN}")
    assert_quiet(scene)


def test_an_account_that_was_deleted_comes_back_whole_or_can_be_let_go_of(
    taken_in: Scene,
) -> None:
    scene = taken_in
    delete_user(scene.tenant.directory, EVE, None)
    refused = scene.stack.up("--skip-preview", check=False)
    assert refused.returncode != 0
    assert f"({EVE}) was deleted: restore it within 30 days" in refused.output
    assert scene.writes() == []

    restore_user(scene.tenant.directory, EVE)
    scene.stack.up("--skip-preview")
    assert standing(scene, EVE) == complete(f"eve@{DOMAIN}")
    assert_quiet(scene)

    delete_user(scene.tenant.directory, EVE, None)
    purge(scene.tenant.directory, EVE)
    scene.forget()
    refused = scene.stack.up("--skip-preview", check=False)
    assert refused.returncode != 0
    assert "is nowhere in the tenant" in refused.output
    assert scene.writes() == []

    settings(scene, adopt=[{"account": EVE, "retire": True}])
    scene.stack.up("--skip-preview")
    settings(scene)
    scene.stack.up("--skip-preview")
    assert all(EVE not in users for _, users in scene.excluded().values())
    assert EVE not in "".join(alarm_queries(scene.tenant.to_document()))
    assert_quiet(scene)
