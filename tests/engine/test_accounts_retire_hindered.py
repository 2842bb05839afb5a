"""Accounts that leave though something is in the way: disabled, gone for good, another's role."""

from typing import Any

from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.role_schedules import give_role, take_role
from sandbox.tenant.directory.users import delete_user, update_user
from tests.engine.account_tenant import assert_quiet, complete, kind, settings, standing
from tests.engine.standing import Scene

PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
NAMED: dict[str, Any] = {"account-1": {}, "account-2": {}, "account-3": {}}


def with_three(scene: Scene) -> tuple[str, str]:
    """Three accounts; object ids of the first and the second."""
    first, second = scene.accounts().values()
    settings(scene, named=NAMED)
    scene.stack.up("--skip-preview")
    scene.forget()
    return first, second


def retire_the_first(scene: Scene) -> str:
    settings(scene, named={**NAMED, "account-1": {"retire": True}})
    return scene.stack.up("--skip-preview").output


def take_out_the_first(scene: Scene) -> None:
    settings(scene, named={name: {} for name in ("account-2", "account-3")})


def test_a_disabled_account_with_a_foreign_role_retires_as_it_is_and_leaves_without_the_role(
    scene: Scene,
) -> None:
    first, second = with_three(scene)
    directory = scene.tenant.directory
    give_role(directory, first, PRIVILEGED_ROLE_ADMINISTRATOR)

    seen = scene.stack.up("--skip-preview").output
    assert scene.writes() == []
    assert "holds a role that this stack did not give it (Privileged Role Administrator)" in seen

    update_user(directory, first, {"accountEnabled": False}, None)
    told = retire_the_first(scene)
    assert [kind(write) for write in scene.writes()] == ["DELETE role"]
    assert "it has to go before" in told
    assert directory.user(first)["accountEnabled"] is False

    take_out_the_first(scene)
    scene.forget()
    refused = scene.stack.up("--skip-preview", check=False)
    assert refused.returncode != 0
    assert "holds a role still (Privileged Role Administrator)" in refused.output
    assert scene.writes() == []

    take_role(directory, first, PRIVILEGED_ROLE_ADMINISTRATOR)
    scene.stack.up("--skip-preview")
    assert first not in scene.users()
    assert standing(scene, second) == complete(scene.users()[second])
    assert_quiet(scene)


def test_an_account_that_was_deleted_for_good_retires_and_is_taken_out(scene: Scene) -> None:
    first, second = with_three(scene)
    delete_user(scene.tenant.directory, first, None)
    purge(scene.tenant.directory, first)

    told = retire_the_first(scene)
    assert "is gone (nowhere in the tenant) and retires" in told
    assert not [write for write in scene.writes() if kind(write).endswith((" user", " role"))]

    take_out_the_first(scene)
    scene.stack.up("--skip-preview")
    assert set(scene.accounts().values()) >= {second}
    assert len(scene.accounts()) == 2
    assert standing(scene, second) == complete(scene.users()[second])
    assert_quiet(scene)
