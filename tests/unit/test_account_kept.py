"""An account that a former run made: left in peace, taken in again, never silently made anew."""

from typing import Any

import pulumi
import pytest

from components.account_checks import DOUBT_SECONDS, EnvironmentDirectory
from components.break_glass_account import TYPE, USER_TYPE, refuse_removed
from entra.errors import GraphError, NotFound
from tests.unit.account_program import NAME, OBJECT_ID, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user


def test_an_account_that_is_still_there_is_left_in_peace() -> None:
    directory = MemoryDirectory(live=[user(OBJECT_ID, NAME)])
    run = make(remembered=REMEMBERED, directory=directory)
    assert directory.asked == [OBJECT_ID]
    assert run.one("User").import_id == ""
    assert run.one("User").ignore_changes == ()


def test_an_account_that_dropped_out_of_state_is_taken_in_again_untouched() -> None:
    """A refresh drops a user that a lagging replica does not know, protected or not."""
    run = make(
        remembered={**REMEMBERED, USER_TYPE: {}},
        directory=MemoryDirectory(live=[user(OBJECT_ID, NAME)]),
    )
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
    urn, outputs = next(iter(REMEMBERED[USER_TYPE].items()))
    without = {key: value for key, value in outputs.items() if key != "password"}
    run = make(
        remembered={**REMEMBERED, USER_TYPE: {urn: without}},
        directory=MemoryDirectory(live=[user(OBJECT_ID, NAME)]),
        **changes,
    )
    assert run.one("User").ignore_changes == ignored
    assert run.one("User").import_id == ""


def test_a_protected_account_cannot_be_left_out() -> None:
    outputs = {"objectId": OBJECT_ID, "userPrincipalName": NAME, "protected": True}
    protected = {f"{URN}{TYPE}::account-3": outputs}
    with pytest.raises(pulumi.RunError, match=r"leaves out account-3 \(k7q2.*protected") as caught:
        refuse_removed(["account-1"], lambda _: protected)
    assert "\n" not in str(caught.value)

    refuse_removed(["account-1", "account-3"], lambda _: protected)
    free = {f"{URN}{TYPE}::account-3": {**outputs, "protected": False}}
    refuse_removed(["account-1"], lambda _: free)


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
    assert f"/v1.0/directory/deletedItems/{OBJECT_ID}/restore" in told
    assert f'"break-glass:accounts.recreate[0]" {OBJECT_ID}' in told


def test_an_account_that_is_nowhere_stops_the_run() -> None:
    run = make(remembered=REMEMBERED, expect_error=True)
    assert run.of_type("User") == []
    assert "is nowhere in the tenant" in str(run.error)
    assert "run again in some minutes" in str(run.error)


def test_a_gone_account_is_made_anew_when_told_so() -> None:
    run = make(remembered=REMEMBERED, recreate=[OBJECT_ID.upper()])
    assert len(run.of_type("User")) == 1
    assert "is made anew" in run.said("warning")[0]


def test_a_directory_that_does_not_answer_stops_the_run() -> None:
    failure = GraphError(503, "serviceNotAvailable", "", "GET", "/v1.0/users")
    run = make(remembered=REMEMBERED, directory=MemoryDirectory(fails=failure), expect_error=True)
    assert "cannot be looked up: GET /v1.0/users answered 503" in str(run.error)
    assert run.of_type("User") == []


def test_an_account_that_one_replica_does_not_know_yet_is_not_gone() -> None:
    """A 404 for an account that was made a moment ago is doubted for some seconds."""
    memory = MemoryDirectory()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(DOUBT_SECONDS):
            memory.live = [user(OBJECT_ID, NAME)]

    found = EnvironmentDirectory(memory, sleep=sleep).user(OBJECT_ID)
    assert found.id == OBJECT_ID
    assert pauses == list(DOUBT_SECONDS)


def test_an_account_that_no_replica_knows_is_gone() -> None:
    memory = MemoryDirectory()
    with pytest.raises(NotFound):
        EnvironmentDirectory(memory, sleep=lambda _: None).user(OBJECT_ID)
    assert memory.asked == [OBJECT_ID] * (len(DOUBT_SECONDS) + 1)
