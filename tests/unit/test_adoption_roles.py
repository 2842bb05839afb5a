"""Whose the role of an adopted account is: held before, its owner's; lacking, the stack's."""

import pytest

from components.account_checks import DOUBT_SECONDS
from components.account_roles import GLOBAL_ADMINISTRATOR
from components.adoption import GIVEN_TYPE
from entra.directory import RoleAssignment
from tests.unit.adoption_scene import HELD, Adopt, Tenant, adopted_before, find

ROLE = frozenset({GLOBAL_ADMINISTRATOR})
NONE: frozenset[str] = frozenset()


def test_a_role_that_is_lacking_is_given_and_ours() -> None:
    (account,) = find()
    assert account.own_roles == account.roles_to_give == ROLE
    assert account.standing == {}


def test_a_role_that_was_held_before_is_never_ours() -> None:
    (account,) = find(tenant=Tenant(roles=[[HELD]]))
    assert account.own_roles == account.roles_to_give == NONE
    assert account.standing == {}


@pytest.mark.parametrize("lagging", range(1, len(DOUBT_SECONDS) + 1))
def test_a_role_that_a_lagging_replica_hides_is_not_taken_for_lacking(lagging: int) -> None:
    tenant = Tenant(roles=[*([()] * lagging), [HELD], ()])
    (account,) = find(tenant=tenant)
    assert account.own_roles == NONE


@pytest.mark.parametrize(
    "other",
    [
        RoleAssignment("x", GLOBAL_ADMINISTRATOR, "/administrativeUnits/1"),
        RoleAssignment("x", "5d6b6bb7-de71-4623-b4af-96380a352509", "/"),
    ],
    ids=["of a part of the tenant", "another role"],
)
def test_only_the_role_in_the_whole_tenant_counts(other: RoleAssignment) -> None:
    assert find(tenant=Tenant(roles=[[other]]))[0].roles_to_give == ROLE


def test_a_role_that_we_gave_stays_registered_and_is_not_doubted() -> None:
    tenant = Tenant(roles=[[HELD]])
    (account,) = find(tenant=tenant, memory=adopted_before(role_given=True))
    assert account.own_roles == account.roles_to_give == ROLE
    assert account.standing == {GLOBAL_ADMINISTRATOR: HELD.id}
    assert tenant.asked_roles == 1


def test_a_role_whose_answer_got_lost_is_ours() -> None:
    """Killed after the role was given and before the state knew: the record was written first."""
    (account,) = find(tenant=Tenant(roles=[[HELD]]), memory=adopted_before(record=True))
    assert account.roles_to_give == ROLE
    assert account.standing == {GLOBAL_ADMINISTRATOR: HELD.id}


def test_a_role_in_the_state_is_ours_without_the_record() -> None:
    """A run that took both away and was stopped between them."""
    memory = adopted_before(role_given=True)
    del memory.resources[GIVEN_TYPE]
    (account,) = find(tenant=Tenant(roles=[[HELD]]), memory=memory)
    assert account.own_roles == account.roles_to_give == ROLE


def test_a_role_that_somebody_took_away_is_given_again() -> None:
    (account,) = find(memory=adopted_before(record=True))
    assert account.roles_to_give == ROLE
    assert account.standing == {}


def test_a_role_held_before_and_taken_away_since_is_given_and_ours_from_then_on() -> None:
    (account,) = find(memory=adopted_before())
    assert account.own_roles == account.roles_to_give == ROLE


def test_who_retires_loses_the_role_that_we_gave() -> None:
    memory = adopted_before(role_given=True)
    (account,) = find(Adopt(retire=True), tenant=Tenant(roles=[[HELD]]), memory=memory)
    assert account.own_roles == ROLE
    assert account.roles_to_give == NONE
    assert account.warnings == ()


def test_who_retires_keeps_the_role_that_it_had_before() -> None:
    (account,) = find(Adopt(retire=True), tenant=Tenant(roles=[[HELD]]), memory=adopted_before())
    assert account.own_roles == account.roles_to_give == NONE
    assert "keeps Global Administrator, which it had before" in account.warnings[0]


def test_who_retires_without_any_role_is_left_alone() -> None:
    (account,) = find(Adopt(retire=True), memory=adopted_before())
    assert account.own_roles == account.roles_to_give == NONE
    assert account.warnings == ()


def test_who_retires_with_a_role_that_the_state_lost_loses_it_a_run_later() -> None:
    """Only what the state knows can be taken away: it is taken in first."""
    memory = adopted_before(record=True)
    (account,) = find(Adopt(retire=True), tenant=Tenant(roles=[[HELD]]), memory=memory)
    assert account.roles_to_give == ROLE
    assert account.standing == {GLOBAL_ADMINISTRATOR: HELD.id}
    assert "taken away by the next up" in account.warnings[0]


def test_who_comes_back_from_retiring_gets_the_role_again() -> None:
    (account,) = find(memory=adopted_before(record=True))
    assert account.roles_to_give == ROLE
