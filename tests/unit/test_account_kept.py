"""An account that a former run made: left in peace, taken in again, never silently made anew."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components.account_checks import DOUBT_SECONDS
from components.account_roles import ASSIGNMENT_TYPE, GLOBAL_ADMINISTRATOR
from components.break_glass_account import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    AccountTools,
    BreakGlassAccount,
    BreakGlassAccountArgs,
    look_up_accounts,
)
from entra.errors import GraphError
from tests.unit.account_program import ALONE, NAME, OBJECT_ID, PASSWORD, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user
from tests.unit.harness import run_program

ASSIGNMENT = "lAPpYvVpN0KRkAEhdxReEJC2sEqbR_9Hr48lds9SGHI-1"


def alive(**more: Any) -> MemoryDirectory:
    return MemoryDirectory(live=[user(OBJECT_ID, NAME)], **more)


def without(type_: str, *keys: str) -> dict[str, Mapping[str, Any]]:
    """What is remembered, without some outputs of one resource."""
    urn, outputs = next(iter(REMEMBERED[type_].items()))
    kept = {key: value for key, value in outputs.items() if key not in keys}
    return {**REMEMBERED, type_: {urn: kept}}


def test_an_account_that_is_still_there_is_left_in_peace() -> None:
    """The id does nothing where the state has the account."""
    run = make(remembered=REMEMBERED, directory=alive())
    assert run.one("User").import_id == f"/users/{OBJECT_ID}"
    assert run.one("User").ignore_changes == ("password",)
    assert run.said("warning") == []


def test_an_account_is_not_taken_in_over_another_user_of_the_state() -> None:
    """A run that made one anew broke off, and the former one was restored: neither is deleted."""
    urn, outputs = next(iter(REMEMBERED[USER_TYPE].items()))
    remembered = {**REMEMBERED, USER_TYPE: {urn: {**outputs, "objectId": "another"}}}
    assert make(remembered=remembered, directory=alive()).one("User").import_id == ""


def test_an_account_that_dropped_out_of_state_is_taken_in_again_untouched() -> None:
    """A refresh drops a user that a lagging replica does not know, protected or not."""
    run = make(remembered={**REMEMBERED, USER_TYPE: {}}, directory=alive())
    assert run.one("User").import_id == f"/users/{OBJECT_ID}"
    assert run.one("User").ignore_changes == ("password",)
    assert "taken in again as it is" in run.said("warning")[0]


@pytest.mark.parametrize(
    ("changes", "ignored"),
    [({}, ("password",)), ({"password_rotation": "new"}, ()), ({"password_length": 65}, ())],
)
def test_an_account_taken_in_keeps_its_password_until_the_next_rotation(
    changes: dict[str, Any], ignored: tuple[str, ...]
) -> None:
    run = make(remembered=without(USER_TYPE, "password"), directory=alive(), **changes)
    assert run.one("User").ignore_changes == ignored


def test_a_password_that_was_made_but_could_not_be_set_is_set_by_the_next_run() -> None:
    """A rotation of an account taken in, refused halfway: the password resource is new already."""
    remembered = without(USER_TYPE, "password")
    urn, outputs = next(iter(REMEMBERED[TYPE].items()))
    remembered[TYPE] = {urn: {**outputs, "password": "the one of before"}}
    run = make(remembered=remembered, directory=alive())
    assert run.one("User").ignore_changes == ()


@pytest.mark.parametrize("user_has", ["before", None])
def test_a_password_replaced_by_hand_is_not_given_out_before_the_account_has_it(
    user_has: str | None,
) -> None:
    remembered = without(USER_TYPE)
    for type_, changes in (
        (USER_TYPE, {"password": user_has}),
        (PASSWORD_TYPE, {"result": "before"}),
        (TYPE, {"password": "before"}),
    ):
        urn, outputs = next(iter(REMEMBERED[type_].items()))
        remembered[type_] = {urn: {**outputs, **changes}}
    run = make(remembered=remembered, directory=alive(), expect_error=True)
    assert "was made anew but is not set yet: run up again" in str(run.error)
    assert "before" not in str(run.error)
    assert PASSWORD not in str(run.error)


def state_with(**assignment: str) -> Mapping[str, Any]:
    urn = f"{URN}{TYPE}${ASSIGNMENT_TYPE}::account-global-administrator"
    return {**REMEMBERED, ASSIGNMENT_TYPE: {urn: assignment}}


@pytest.mark.parametrize("id_", [ASSIGNMENT, "made-anew-by-hand"])
@pytest.mark.parametrize(
    "known",
    [
        {"roleId": GLOBAL_ADMINISTRATOR, "principalObjectId": OBJECT_ID},
        {"roleId": GLOBAL_ADMINISTRATOR.upper(), "principalObjectId": OBJECT_ID.upper()},
        {},
    ],
)
def test_a_role_that_the_state_has_is_never_taken_in_whatever_its_id_in_the_tenant(
    known: Mapping[str, str], id_: str
) -> None:
    """The engine would delete "the original", which may be what it has just taken in."""
    directory = alive(held={GLOBAL_ADMINISTRATOR: id_})
    given = make(remembered=state_with(**known), directory=directory).one("DirectoryRoleAssignment")
    assert given.import_id == ""


def test_the_role_of_another_account_in_the_state_is_not_this_ones() -> None:
    """Of an account that was made anew under the same name."""
    of_another = state_with(roleId=GLOBAL_ADMINISTRATOR, principalObjectId="gone")
    directory = alive(held={GLOBAL_ADMINISTRATOR: ASSIGNMENT})
    given = make(remembered=of_another, directory=directory).one("DirectoryRoleAssignment")
    assert given.import_id.endswith(ASSIGNMENT)


def test_the_role_waits_for_the_alarm_and_is_not_deleted_for_its_sake() -> None:
    """What an input depends on is what the engine deletes a resource for."""

    def program() -> None:
        alarm = random.RandomString("alarm", length=4).result
        args = BreakGlassAccountArgs("contoso.onmicrosoft.com", alarm)
        BreakGlassAccount("account", args, tools=ALONE)

    run = run_program(program)
    given, alarm = run.one("DirectoryRoleAssignment"), run.named("alarm")
    assert run.waits_for(given, alarm)
    assert given.property_dependencies["principalObjectId"] == {run.one("User").urn}


def test_a_role_that_stands_in_the_tenant_is_taken_in_instead_of_given_again() -> None:
    directory = alive(held={GLOBAL_ADMINISTRATOR: ASSIGNMENT})
    run = make(remembered=REMEMBERED, directory=directory)
    imported = run.one("DirectoryRoleAssignment").import_id
    assert imported == f"/roleManagement/directory/roleAssignments/{ASSIGNMENT}"

    elsewhere = {"held": directory.held, "scope": "/administrativeUnits/1"}
    for missing in (alive(), alive(**elsewhere)):
        given = make(remembered=REMEMBERED, directory=missing).one("DirectoryRoleAssignment")
        assert given.import_id == ""


@pytest.mark.parametrize("known_from", [TYPE, USER_TYPE])
def test_a_deleted_account_stops_the_run_with_the_way_to_restore_it(known_from: str) -> None:
    run = make(
        remembered={known_from: REMEMBERED[known_from]},
        directory=MemoryDirectory(deleted=[user(OBJECT_ID, NAME)]),
        expect_error=True,
    )
    assert run.of_type("User") == []
    told = str(run.error)
    assert isinstance(run.error, pulumi.RunError)
    assert "\n" not in told
    assert f"account {NAME} ({OBJECT_ID}) was deleted and nothing was changed" in told
    assert f"breakglass account restore {OBJECT_ID} (or Entra" in told
    assert f'"break-glass:accounts.recreate[0]" {OBJECT_ID}' in told


def test_an_account_that_is_nowhere_stops_the_run() -> None:
    run = make(remembered=REMEMBERED, expect_error=True)
    assert run.of_type("User") == []
    assert "is nowhere in the tenant" in str(run.error)
    assert "run again in some minutes" in str(run.error)


def test_a_gone_account_is_made_anew_when_told_so() -> None:
    run = make(remembered=REMEMBERED, recreate=[OBJECT_ID.upper()])
    assert (run.one("User").import_id, run.one("User").ignore_changes) == ("", ())
    assert "is made anew" in run.said("warning")[0]


def test_a_directory_that_does_not_answer_stops_the_run() -> None:
    failure = GraphError(503, "serviceNotAvailable", "", "GET", "/v1.0/users")
    run = make(remembered=REMEMBERED, directory=MemoryDirectory(fails=failure), expect_error=True)
    assert "cannot be looked up: GET /v1.0/users answered 503" in str(run.error)
    assert run.of_type("User") == []


def test_an_account_that_one_replica_does_not_know_yet_is_not_gone() -> None:
    """A 404 for an account that was made a moment ago is doubted for some seconds."""
    directory = MemoryDirectory()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(DOUBT_SECONDS):
            directory.live = [user(OBJECT_ID, NAME)]

    run = make(remembered=REMEMBERED, directory=directory, tools={"sleep": sleep})
    assert run.one("User").import_id == f"/users/{OBJECT_ID}"
    assert pauses == list(DOUBT_SECONDS)


def test_what_is_wrong_with_the_last_account_is_told_before_the_first_is_changed() -> None:
    directory = alive()
    remembered: dict[str, Mapping[str, Mapping[str, Any]]] = {**REMEMBERED, USER_TYPE: {}}
    gone = {"objectId": "gone", "userPrincipalName": "gone@contoso.example"}
    remembered[TYPE] = {**REMEMBERED[TYPE], f"urn:pulumi:unit::break-glass::{TYPE}::other": gone}
    tools = AccountTools(
        directory=directory, memory=lambda t: remembered.get(t, {}), sleep=lambda _: None
    )
    args = BreakGlassAccountArgs("contoso.onmicrosoft.com")
    with pytest.raises(pulumi.RunError, match=r"account gone@contoso\.example"):
        look_up_accounts({"account": args, "other": args}, tools)

    found = look_up_accounts({"account": args, "third": args}, tools).standing
    assert found is not None
    assert found["third"] is None
    assert found["account"] is not None
    assert found["account"].object_id == OBJECT_ID


def test_what_was_looked_up_before_is_not_asked_again() -> None:
    args = BreakGlassAccountArgs("contoso.onmicrosoft.com")
    tools = AccountTools(directory=alive(), memory=lambda t: REMEMBERED.get(t, {}))
    standing = look_up_accounts({"account": args}, tools).standing
    directory = alive()
    run = make(remembered=REMEMBERED, directory=directory, tools={"standing": standing})
    assert directory.asked == []
    assert run.one("User").import_id == f"/users/{OBJECT_ID}"
