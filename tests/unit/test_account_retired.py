"""Retiring: the roles go and nothing else, and nothing of the account is protected any more."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.account_roles import ASSIGNMENT_TYPE, GLOBAL_ADMINISTRATOR
from components.break_glass_account import PASSWORD_TYPE
from tests.unit.account_program import NAME, OBJECT_ID, PASSWORD, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user

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


def test_what_was_never_made_cannot_retire_and_is_not_made_for_it() -> None:
    run = make(retired=True, expect_error=True)
    assert isinstance(run.error, pulumi.RunError)
    assert "never made it: take it out of break-glass:accounts" in str(run.error)
    assert run.of_type("User") == []


@pytest.mark.parametrize(
    ("directory", "told"),
    [
        (MemoryDirectory(), "(nowhere in the tenant)"),
        (
            MemoryDirectory(deleted=[user(OBJECT_ID, NAME)], held=HELD),
            "(deleted and can be restored for 30 days)",
        ),
    ],
)
def test_an_account_that_is_gone_retires_and_nothing_of_it_is_made_or_changed(
    directory: MemoryDirectory, told: str
) -> None:
    run = make(remembered=REMEMBERED, directory=directory, retired=True, protect=True)
    assert run.of_type("User") == run.of_type("DirectoryRoleAssignment") == []
    # What was protected before can only go in the run after this one.
    left = ["AccountRoles", "BreakGlassAccount", "RandomPassword", "RandomString"]
    assert sorted(r.type.rpartition(":")[2] for r in run.registrations) == left
    assert [r.name for r in run.registrations if run.is_protected(r)] == []
    (line,) = run.said("warning")
    assert f"account {NAME} ({OBJECT_ID}) is gone {told} and retires" in line
    outputs = run.named("account").outputs
    assert (outputs["retired"], outputs["objectId"]) == (True, OBJECT_ID)
    assert (outputs["userPrincipalName"], outputs["password"]) == (NAME, PASSWORD)


def test_an_account_that_holds_a_role_is_only_hidden_and_does_not_count_as_gone() -> None:
    directory = MemoryDirectory(held=HELD)
    run = make(remembered=REMEMBERED, directory=directory, retired=True, expect_error=True)
    assert isinstance(run.error, pulumi.RunError)
    assert "still holds a role, so nothing was changed: run again" in str(run.error)
    assert run.registrations[1:] == []
