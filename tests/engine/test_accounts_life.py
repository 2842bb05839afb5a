"""Accounts over the years on the real engine: each change is what it says and nothing else.

One stack lives through it all, because what a change leaves behind is what the next one meets.
"""

import pytest

from tests.engine.account_tenant import (
    ARMED,
    PROTECT,
    Standing,
    alarm_queries,
    assert_quiet,
    complete,
    foreign,
    group_id,
    kind,
    members,
    settings,
    stages,
    standing,
)
from tests.engine.standing import Scene
from tests.support.tenant import GLOBAL_ADMINISTRATOR, object_id

ADA, EVE = object_id("users/ada"), object_id("users/eve")
OTHER_DOMAIN = "fabrikam.example"
ROTATION = "2027-Q1"


class Life:
    """The accounts by component name, and what must never change."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.first, self.second = scene.accounts().values()
        self.third = ""
        self.group = group_id(scene)
        self.foreign = self.of_others()

    @property
    def ours(self) -> set[str]:
        """Object ids of what the stack made."""
        return {self.first, self.second, self.third, self.group}

    def of_others(self) -> object:
        """What belongs to others."""
        return foreign(self.scene, self.ours)

    def up(self, *, preview: bool = False) -> list[str]:
        """Run it, its own preview first when asked for; what was written, in order."""
        self.scene.forget()
        self.scene.stack.up(*(() if preview else ("--skip-preview",)))
        return self.scene.writes()

    def name(self, account: str) -> str:
        return self.scene.users()[account]

    def unchanged(self, *accounts: str) -> None:
        """These have all that they are to have, and what belongs to others is as it was."""
        for account in accounts:
            assert standing(self.scene, account) == complete(self.name(account))
        assert self.of_others() == self.foreign
        assert_quiet(self.scene)


def password(scene: Scene, account: str) -> str:
    """The password that the stack has put out for an account; it must be the tenant's."""
    name = scene.users()[account]
    value = scene.stack.outputs(show_secrets=True)["passwords"][name]
    assert scene.tenant.directory.verify_password(account, value)
    return value


def rotates(life: Life) -> None:
    scene = life.scene
    before = {account: password(scene, account) for account in (life.first, life.second)}
    settings(scene, passwordRotation=ROTATION)
    writes = life.up(preview=True)
    assert sorted(writes) == sorted(f"PATCH /v1.0/users/{account}" for account in before)
    for account, old in before.items():
        assert password(scene, account) != old
    life.unchanged(life.first, life.second)


def gets_a_third(life: Life) -> None:
    scene = life.scene
    names = {"account-1": {}, "account-2": None, "account-3": {"namePrefix": "reserve-"}}
    kept = {account: password(scene, account) for account in (life.first, life.second)}
    settings(scene, passwordRotation=ROTATION, named=names)
    writes = life.up(preview=True)
    (life.third,) = set(scene.accounts().values()) - {life.first, life.second}
    # the provider sets some of a new user's attributes in a second request
    made = [write for write in writes if not write.endswith(f"/users/{life.third}")]
    guarded_before_the_role(made, ["POST user"])
    assert [kind(write) for write in writes].count("PATCH exclusion") == len(scene.policies())
    assert scene.users()[life.third].startswith("reserve-")
    assert {account: password(scene, account) for account in kept} == kept
    life.unchanged(life.first, life.second, life.third)


def guarded_before_the_role(writes: list[str], *first: list[str]) -> None:
    """The alarm needs the account alone: it may ring before the account is in the group."""
    alarms = [write for write in writes if kind(write) not in ("POST member", "PATCH exclusion")]
    stages(alarms, *first, ["PUT alarm"], ["POST role"])
    exclusions = [write for write in writes if kind(write) != "PUT alarm"]
    stages(exclusions, *first, ["POST member"], ["PATCH exclusion"], ["POST role"])


def moves_to_another_domain(life: Life) -> None:
    scene = life.scene
    local_part = life.name(life.second).partition("@")[0]
    old = password(scene, life.second)
    names = {
        "account-1": {},
        "account-2": {"domain": OTHER_DOMAIN},
        "account-3": {"namePrefix": "reserve-"},
    }
    settings(scene, passwordRotation=ROTATION, named=names)
    writes = life.up()
    stages(writes, ["PATCH user"], ["PUT alarm"])
    assert writes[0] == f"PATCH /v1.0/users/{life.second}"
    assert life.name(life.second) == f"{local_part}@{OTHER_DOMAIN}"
    assert password(scene, life.second) == old
    life.unchanged(life.first, life.second, life.third)


def retires_the_first(life: Life) -> None:
    scene = life.scene
    rest = {"account-2": {"domain": OTHER_DOMAIN}, "account-3": {"namePrefix": "reserve-"}}
    name = life.name(life.first)
    armed = complete(name)
    settings(scene, passwordRotation=ROTATION, named={"account-1": {"retire": True}, **rest})
    writes = life.up()
    assert [kind(write) for write in writes] == ["DELETE role"]
    assert standing(scene, life.first) == complete(name, roles=())
    life.unchanged(life.second, life.third)
    refused = scene.stack.destroy("--skip-preview", check=False)
    assert refused.returncode != 0
    assert scene.writes() == []

    settings(scene, passwordRotation=ROTATION, named={"account-1": {}, **rest})
    assert [kind(write) for write in life.up()] == ["POST role"]
    assert standing(scene, life.first) == armed
    settings(scene, passwordRotation=ROTATION, named={"account-1": {"retire": True}, **rest})
    assert [kind(write) for write in life.up()] == ["DELETE role"]

    settings(scene, passwordRotation=ROTATION, named=rest)
    writes = life.up()
    stages(writes, ["PUT alarm"], ["PATCH exclusion"], ["DELETE member"], ["DELETE user"])
    assert writes[-1] == f"DELETE /v1.0/users/{life.first}"
    assert life.first not in scene.users()
    assert life.first not in members(scene)
    assert all(life.first not in users for _, users in scene.excluded().values())
    queries = alarm_queries(scene.tenant.to_document())
    assert not [query for query in queries if life.first in query or name in query]
    life.unchanged(life.second, life.third)


def adopts_two_and_lets_them_go(life: Life) -> None:
    scene = life.scene
    rest = {"account-2": {"domain": OTHER_DOMAIN}, "account-3": {"namePrefix": "reserve-"}}

    def adopting(*entries: object) -> list[str]:
        settings(scene, passwordRotation=ROTATION, named=rest, adopt=list(entries))
        return life.up()

    as_found = scene.tenant.to_document()["users"]
    before = foreign(scene, life.ours)
    writes = adopting("ada@fabrikam.onmicrosoft.com", EVE)
    guarded_before_the_role(writes)
    # ada is a Global Administrator already
    assert len([write for write in writes if kind(write) == "POST role"]) == 1
    assert scene.tenant.to_document()["users"] == as_found
    for account in (ADA, EVE):
        assert standing(scene, account) == complete(life.name(account))
    assert {ADA, EVE} <= set(scene.accounts().values())
    life_settles(life)

    retiring = [{"account": account, "retire": True} for account in (ADA, EVE)]
    assert [kind(write) for write in adopting(*retiring)] == ["DELETE role"]
    assert standing(scene, ADA) == complete(life.name(ADA))
    assert standing(scene, EVE) == complete(life.name(EVE), roles=())
    life_settles(life)

    writes = adopting()
    stages(writes, ["PUT alarm"], ["PATCH exclusion"], ["DELETE member"])
    assert foreign(scene, life.ours) == before
    life.unchanged(life.second, life.third)


def life_settles(life: Life) -> None:
    for account in (life.second, life.third):
        assert standing(life.scene, account) == complete(life.name(account))
    assert_quiet(life.scene)


def ends_without_a_trace(life: Life) -> None:
    scene = life.scene
    scene.stack.set_config({PROTECT: False})
    assert life.up() == []
    scene.stack.destroy("--skip-preview")
    assert scene.stack.resources() == []
    left = foreign(scene, ())
    assert left == life.foreign


@pytest.mark.timeout(900)
def test_an_account_is_the_same_through_every_change_of_its_settings(scene: Scene) -> None:
    life = Life(scene)
    life.unchanged(life.first, life.second)
    rotates(life)
    gets_a_third(life)
    moves_to_another_domain(life)
    retires_the_first(life)
    adopts_two_and_lets_them_go(life)
    ends_without_a_trace(life)


def test_a_rename_asked_for_by_name_keeps_the_object_id_and_the_password(scene: Scene) -> None:
    (_, first), (_, second) = scene.accounts().items()
    old = password(scene, first)
    chosen = {
        "userName": "reserve.one",
        "displayName": "Reserve one",
        "jobTitle": "Reserve",
        "companyName": "Fabrikam",
        "usageLocation": "DE",
    }
    settings(scene, named={"account-1": chosen, "account-2": {}})
    scene.forget()
    scene.stack.up()
    stages(scene.writes(), ["PATCH user"], ["PUT alarm"])
    name = "reserve.one@fabrikam.onmicrosoft.com"
    assert standing(scene, first) == complete(name)
    user = scene.tenant.directory.user(first)
    assert user["displayName"] == "Reserve one"
    assert (user["jobTitle"], user["companyName"]) == ("Reserve", "Fabrikam")
    assert user["usageLocation"] == "DE"
    assert password(scene, first) == old
    assert standing(scene, second) == complete(scene.users()[second])
    assert_quiet(scene)

    settings(scene)
    scene.stack.up()
    assert standing(scene, first).roles == ARMED
    assert scene.users()[first] != name
    assert not scene.tenant.directory.user(first).get("jobTitle")
    assert_quiet(scene)


def test_ten_accounts_all_stand(scene: Scene) -> None:
    settings(scene, count=10)
    scene.stack.up("--skip-preview")
    accounts = scene.accounts()
    assert len(accounts) == 10
    for name, account in accounts.items():
        assert standing(scene, account) == complete(name)


def test_an_account_that_is_not_excluded_has_its_role_and_alarm_and_nothing_else(
    scene: Scene,
) -> None:
    settings(scene, named={"account-1": {}, "account-2": {}, "drilled": {"excluded": False}})
    before = set(scene.accounts().values())
    scene.stack.up("--skip-preview")
    (third,) = set(scene.accounts().values()) - before
    assert standing(scene, third) == Standing(
        scene.users()[third],
        frozenset({GLOBAL_ADMINISTRATOR}),
        is_member=False,
        stopped_by=frozenset(scene.policies()),
        watched=True,
    )
    assert_quiet(scene)
