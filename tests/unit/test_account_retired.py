"""Retiring: the roles go and nothing else, and nothing of the account is protected any more."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.account_roles import ASSIGNMENT_TYPE, GLOBAL_ADMINISTRATOR
from components.break_glass_account import PASSWORD_TYPE
from tests.unit.account_program import NAME, OBJECT_ID, PASSWORD, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user

SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"
HELD = {GLOBAL_ADMINISTRATOR: "assignment"}


def in_state(role: str = GLOBAL_ADMINISTRATOR) -> Mapping[str, Mapping[str, Any]]:
    urn = f"{URN}{ASSIGNMENT_TYPE}::account-global-administrator"
    return {urn: {"roleId": role, "principalObjectId": OBJECT_ID}}


def alive(held: Mapping[str, str] = HELD) -> MemoryDirectory:
    return MemoryDirectory(live=[user(OBJECT_ID, NAME)], held=held)


def test_a_retired_account_has_no_role_and_no_protection_left() -> None:
    run = make(
        remembered={**REMEMBERED, ASSIGNMENT_TYPE: in_state()},
        directory=alive(),
        retired=True,
        protect=True,
    )
    assert run.of_type("DirectoryRoleAssignment") == []
    assert len(run.of_type("User")) == len(run.of_type("AccountRoles")) == 1
    assert [r.name for r in run.registrations if run.is_protected(r)] == []
    outputs = run.named("account").outputs
    assert (outputs["retired"], outputs["protected"]) == (True, False)


@pytest.mark.parametrize("rotated", ["2027", None])
def test_a_retiring_account_is_changed_in_nothing_but_its_roles(rotated: str | None) -> None:
    """Disabled and renamed by somebody, due for a rotation: all stays, and needs no role."""
    urn, outputs = next(iter(REMEMBERED[PASSWORD_TYPE].items()))
    remembered = {
        **REMEMBERED,
        ASSIGNMENT_TYPE: in_state(),
        # Made by an earlier run that could not set it.
        PASSWORD_TYPE: {urn: {**outputs, "result": "never set"}},
    }
    directory = MemoryDirectory(
        [user(OBJECT_ID, "other@contoso.onmicrosoft.com", enabled=False)],
        held=HELD,
        may_change=False,
    )
    run = make(
        remembered=remembered,
        directory=directory,
        retired=True,
        user_name="quiet",
        password_rotation=rotated,
        password_length=200,
    )
    registered = run.one("User")
    assert set(registered.inputs) <= set(registered.ignore_changes)
    assert {"givenName", "surname", "jobTitle", "department"} < set(registered.ignore_changes)
    assert set(run.one("RandomPassword").ignore_changes) == {"keepers", "length"}
    assert run.of_type("DirectoryRoleAssignment") == []
    outputs = run.named("account").outputs
    assert outputs["password"] == PASSWORD
    assert outputs["passwordChanged"] == "2026-01-01T00:00:00+00:00"
    assert "password" in run.secret_outputs
    assert not [asked for asked in directory.asked if asked.startswith("may ")]


def test_a_role_that_the_state_lost_is_taken_in_before_it_can_be_taken_away() -> None:
    run = make(remembered=REMEMBERED, directory=alive(), retired=True)
    assert run.one("DirectoryRoleAssignment").import_id.endswith("/assignment")
    assert "taken away by the next up" in run.said("warning")[0]
    assert run.named("account").outputs["retired"] is False


def test_somebody_elses_role_of_a_retired_account_is_not_ours_to_take() -> None:
    run = make(remembered=REMEMBERED, directory=alive({SECURITY_READER: "theirs"}), retired=True)
    assert run.of_type("DirectoryRoleAssignment") == []
    assert run.named("account").outputs["retired"] is True


@pytest.mark.parametrize(
    ("remembered", "told"),
    [({}, "never made it: take it out"), (REMEMBERED, "is gone already")],
)
def test_what_is_not_there_cannot_retire_and_is_not_made_for_it(
    remembered: Mapping[str, Any], told: str
) -> None:
    run = make(remembered=remembered, retired=True, expect_error=True)
    assert isinstance(run.error, pulumi.RunError)
    assert told in str(run.error)
    assert "out of break-glass:accounts" in str(run.error)
    assert run.of_type("User") == []


@pytest.mark.parametrize("role", ["security READER", SECURITY_READER])
def test_further_roles_are_given_by_name_or_id_each_once(role: str) -> None:
    run = make(roles=[role, SECURITY_READER.upper(), GLOBAL_ADMINISTRATOR])
    given = {r.name: r.inputs["roleId"] for r in run.of_type("DirectoryRoleAssignment")}
    assert given == {
        "account-global-administrator": GLOBAL_ADMINISTRATOR,
        f"account-role-{SECURITY_READER}": SECURITY_READER,
    }
    for assignment in run.of_type("DirectoryRoleAssignment"):
        assert run.waits_for(run.one("AccountRoles"), assignment)


def test_a_role_that_is_not_built_in_is_refused() -> None:
    run = make(roles=["Grand Vizier"], expect_error=True)
    assert "there is no built-in role 'Grand Vizier'" in str(run.error)
