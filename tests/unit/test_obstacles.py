from dataclasses import replace
from typing import Any

import pytest

from entra.errors import Forbidden, GraphError, IdentityError, NotFound
from entra.obstacles import Found, look_for_obstacles
from tests.unit.obstacle_scene import (
    ACCOUNT,
    ACCOUNT_ID,
    GROUP_ID,
    USER,
    MemoryLookUps,
    configuration,
    policy,
    user,
)

REFUSED = Forbidden(403, "Authorization_RequestDenied", "no", "GET", "/v1.0/users")
UNSEEN = NotFound(404, "Request_ResourceNotFound", "no", "GET", "/v1.0/users")
THROTTLED = GraphError(429, "TooManyRequests", "slow", "GET", "/v1.0/users")
NO_TOKEN = IdentityError("no token")


def look(look_ups: MemoryLookUps, **changes: Any) -> Found:
    return look_for_obstacles(look_ups, look_ups, [replace(ACCOUNT, **changes)], GROUP_ID)


def test_an_account_without_obstacles_needs_four_requests_and_one_for_the_policy() -> None:
    look_ups = MemoryLookUps()
    assert look(look_ups) == Found()
    assert sorted(look_ups.asked) == ["methods", "per_user_mfa", "policy", "role_ends", "user"]


def test_without_accounts_nothing_is_asked() -> None:
    look_ups = MemoryLookUps()
    assert look_for_obstacles(look_ups, look_ups, [], GROUP_ID) == Found()
    assert look_ups.asked == []


def test_obstacles_come_in_the_accounts_order() -> None:
    second = replace(ACCOUNT, name="account-2", object_id="2")
    off = {"1": user(id="1", enabled=False), "2": user(id="2", enabled=False)}
    look_ups = MemoryLookUps(users=off)
    first = replace(ACCOUNT, object_id="1")
    for accounts in ([first, second], [second, first]):
        found = look_for_obstacles(look_ups, look_ups, accounts, None)
        assert [one.account for one in found.obstacles] == [account.name for account in accounts]
    assert look_ups.asked.count("policy") == 2


def test_certificates_are_asked_about_only_without_a_passkey() -> None:
    look_ups = MemoryLookUps(registered=())
    (obstacle,) = look(look_ups).obstacles
    assert "no passkey or certificate" in obstacle.problem
    assert look_ups.asked.count("certificate_ids") == 1


def test_groups_are_asked_about_only_when_the_policy_names_some() -> None:
    named = policy(configuration("Fido2", includeTargets=[{"id": "another"}]))
    look_ups = MemoryLookUps(allowed=named, groups=frozenset({"another"}))
    assert look(look_ups) == Found()
    assert look_ups.asked.count("group_ids") == 1


def test_an_account_is_of_our_group_before_the_directory_shows_it() -> None:
    named = policy(configuration("Fido2", includeTargets=[{"id": GROUP_ID.upper()}]))
    assert look(MemoryLookUps(allowed=named)) == Found()
    (obstacle,) = look(MemoryLookUps(allowed=named), excluded=False).obstacles
    assert "may not use a passkey" in obstacle.problem


@pytest.mark.parametrize(
    ("fails", "permission"),
    [
        ("methods", "UserAuthenticationMethod.Read.All"),
        ("per_user_mfa", "Policy.Read.All"),
        ("policy", "Policy.Read.All"),
        ("role_ends", "RoleManagement.Read.Directory"),
        ("user", "User.Read.All"),
        ("certificate_ids", "User.Read.All"),
        ("group_ids", "User.Read.All"),
    ],
)
def test_a_permission_that_lacks_is_one_note_and_never_ends_the_run(
    fails: str, permission: str
) -> None:
    named = policy(configuration("Fido2", includeTargets=[{"id": "another"}, {"id": GROUP_ID}]))
    look_ups = MemoryLookUps(fails={fails: REFUSED}, registered=(), allowed=named)
    other = replace(ACCOUNT, name="account-2")
    found = look_for_obstacles(look_ups, look_ups, [ACCOUNT, other], GROUP_ID)
    (note,) = found.notes
    assert f"cannot be told: grant the application permission {permission} (" in note
    assert "\n" not in note


@pytest.mark.parametrize("error", [THROTTLED, NO_TOKEN], ids=["throttled", "no token"])
def test_a_failing_look_up_is_a_note_and_the_others_are_told(error: Exception) -> None:
    look_ups = MemoryLookUps(fails={"methods": error}, mfa="enforced")
    found = look(look_ups)
    assert [("per-user MFA" in one.problem) for one in found.obstacles] == [True]
    assert found.notes == (
        "whether a passkey, other methods or a Temporary Access Pass are registered cannot be told:"
        f" {error}; the next run looks again",
    )


def test_an_account_that_is_not_shown_yet_is_one_note() -> None:
    look_ups = MemoryLookUps(
        fails=dict.fromkeys(("user", "methods", "per_user_mfa", "role_ends"), UNSEEN)
    )
    found = look(look_ups)
    assert found.obstacles == ()
    (note,) = found.notes
    assert "made just now" in note


def test_without_its_groups_nothing_is_said_of_what_the_policy_allows() -> None:
    named = policy(configuration("Fido2", includeTargets=[{"id": "another"}]))
    look_ups = MemoryLookUps(allowed=named, fails={"group_ids": THROTTLED})
    found = look(look_ups)
    assert found.obstacles == ()
    assert len(found.notes) == 1


def test_a_renamed_account_is_told_by_its_present_name() -> None:
    renamed = MemoryLookUps(
        users={ACCOUNT_ID: replace(USER, user_principal_name="n@c", licensed=True)}
    )
    (obstacle,) = look(renamed).obstacles
    assert obstacle.problem.startswith("n@c has a licence")
