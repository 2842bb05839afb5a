"""Roles of the accounts on the real engine: what somebody does to them, and further ones."""

from typing import Any

from sandbox.tenant.clock import iso
from sandbox.tenant.directory.role_schedules import give_role, make_eligible, take_role
from tests.engine.account_tenant import (
    ARMED,
    assert_quiet,
    complete,
    kind,
    roles_of,
    settings,
    standing,
)
from tests.engine.standing import Scene
from tests.support.tenant import GLOBAL_ADMINISTRATOR

EXCHANGE = "29232cdf-9323-42fd-ade2-1d097af3e4de"
READER = "5d6b6bb7-de71-4623-b4af-96380a352509"
AN_HOUR = 3600


def removed(scene: Scene, account: str) -> None:
    take_role(scene.tenant.directory, account, GLOBAL_ADMINISTRATOR)


def made_eligible(scene: Scene, account: str) -> None:
    make_eligible(scene.tenant.directory, account, GLOBAL_ADMINISTRATOR)


def expired(scene: Scene, account: str) -> None:
    """Made time-bound, and the time ran out."""
    until = iso(scene.tenant.clock.now() + AN_HOUR / 2)
    give_role(scene.tenant.directory, account, GLOBAL_ADMINISTRATOR, until)
    scene.server.world.advance(AN_HOUR)


def test_a_role_that_somebody_took_is_shown_by_preview_and_put_back_by_up(scene: Scene) -> None:
    accounts = scene.accounts()
    first, second = accounts.values()
    for steps in (((removed, first), (made_eligible, second)), ((expired, first),)):
        for done, account in steps:
            done(scene, account)
            assert roles_of(scene.tenant.to_document(), account) == []
        scene.forget()

        preview = scene.stack.preview().output
        assert f"{len(steps)} to create" in preview
        assert scene.writes() == []

        scene.stack.up("--skip-preview")
        assert [kind(write) for write in scene.writes()] == ["POST role"] * len(steps)
        for name, account in accounts.items():
            assert standing(scene, account) == complete(name)
    assert scene.accounts() == accounts
    assert_quiet(scene)


def test_a_role_that_dropped_out_of_the_state_is_taken_in_again_as_it_is(scene: Scene) -> None:
    """The refresh of an `up` drops what a replica does not show, protected or not.

    That run would give it again, and ends before it does, in one line; the next one takes it in.
    """
    given = {one["id"] for one in scene.tenant.to_document()["roleAssignments"]}
    scene.forget()
    path = r"roleManagement/directory/roleAssignments/"
    scene.fault(method="GET", path=path, status=404, times=1)

    refused = scene.stack.up("--skip-preview", check=False)
    assert refused.returncode != 0
    assert "the account keeps it; run pulumi up again" in " ".join(refused.output.split())
    assert scene.writes() == []
    scene.forget()
    scene.server.world.faults.clear()
    scene.stack.up("--skip-preview")

    assert scene.writes() == []
    assert {one["id"] for one in scene.tenant.to_document()["roleAssignments"]} == given
    assert_quiet(scene)


def test_further_roles_are_given_by_name_and_by_id_and_taken_again(scene: Scene) -> None:
    (one, first), (two, second) = scene.accounts().items()
    scene.forget()
    settings(
        scene,
        roles=["exchange administrator"],
        named={"account-1": {}, "account-2": {"roles": [READER, "Global Administrator"]}},
    )
    scene.stack.up()
    # The alarm on changes knows the roles that are held.
    assert [kind(write) for write in scene.writes()] == ["PUT alarm", *["POST role"] * 2]
    assert standing(scene, first) == complete(one, {*ARMED, EXCHANGE})
    assert standing(scene, second) == complete(two, {*ARMED, READER})
    assert_quiet(scene)

    settings(scene)
    scene.stack.up()
    assert [kind(write) for write in scene.writes()] == ["PUT alarm", *["DELETE role"] * 2]
    for name, account in ((one, first), (two, second)):
        assert standing(scene, account) == complete(name)
    assert_quiet(scene)


def test_a_further_role_comes_last_goes_first_and_leaves_with_a_retired_account(
    scene: Scene,
) -> None:
    before = set(scene.accounts().values())
    named: dict[str, Any] = {"account-1": {}, "account-2": {}, "account-3": {"roles": [READER]}}
    settings(scene, named=named)
    scene.forget()
    scene.stack.up("--skip-preview")
    kinds = [kind(write) for write in scene.writes()]
    assert kinds[-2:] == ["POST role"] * 2
    (account,) = set(scene.accounts().values()) - before
    name = scene.users()[account]
    assert standing(scene, account) == complete(name, {*ARMED, READER})

    settings(scene, named={**named, "account-3": {"roles": [READER], "retire": True}})
    scene.forget()
    scene.stack.up("--skip-preview")
    assert [kind(write) for write in scene.writes()] == ["DELETE role"] * 2
    assert standing(scene, account) == complete(name, ())
    assert_quiet(scene)
