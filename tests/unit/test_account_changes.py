"""What is refused before anything is changed, and when we last changed the password."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pulumi
import pytest

from components.account_roles import GLOBAL_ADMINISTRATOR
from components.account_standing import MEMBER_TYPE
from components.break_glass_account import (
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
)
from entra.directory import User
from tests.unit.account_program import NAME, OBJECT_ID, PASSWORD, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user
from tests.unit.harness import UNKNOWN

HELD = {GLOBAL_ADMINISTRATOR: "assignment"}
KEPT = "2026-01-01T00:00:00+00:00"
"""When `REMEMBERED` says that the password was changed."""
LATER = datetime(2026, 3, 1, tzinfo=UTC)
Remembered = Mapping[str, Mapping[str, Mapping[str, Any]]]


def tenant(
    held: Mapping[str, str] | None = HELD, may: bool | None = False, **more: Any
) -> MemoryDirectory:
    return MemoryDirectory(live=[user(OBJECT_ID, NAME, **more)], held=held, may_change=may)


def with_outputs(type_: str, **changes: Any) -> Remembered:
    """What is remembered, with other outputs of one resource."""
    urn, outputs = next(iter(REMEMBERED[type_].items()))
    return {**REMEMBERED, type_: {urn: {**outputs, **changes}}}


@pytest.mark.parametrize(
    ("args", "directory", "due"),
    [
        ({"password_rotation": "2027"}, tenant(), "a new password"),
        ({"password_length": 65}, tenant(), "a new password"),
        ({"user_name": "quiet"}, tenant(), "the name quiet@contoso.onmicrosoft.com"),
        ({"name_prefix": "bg-"}, tenant(), f"the name bg-{NAME}"),
        ({"user_name": "quiet"}, tenant(enabled=False), "the name quiet@contoso.onmicrosoft.com"),
        (
            {"password_rotation": "2027", "name_prefix": "bg-"},
            tenant(),
            f"a new password and the name bg-{NAME}",
        ),
    ],
)
def test_a_change_that_the_application_may_not_make_is_one_line_with_the_role(
    args: dict[str, Any], directory: MemoryDirectory, due: str
) -> None:
    own = {"own_object_id": "6a7b8c9d"}
    run = make(remembered=REMEMBERED, directory=directory, tools=own, expect_error=True, **args)
    told = str(run.error)
    assert isinstance(run.error, pulumi.RunError)
    assert f"account {NAME} ({OBJECT_ID}) is due for {due}, which" in told
    assert "role Privileged Authentication Administrator (7be44c8a-adaf-4e2a-84d6" in told
    assert "(service principal 6a7b8c9d) holds neither: nothing was changed" in told
    assert "\n" not in told
    assert PASSWORD not in told
    assert run.of_type("User") == []


RENAMED = "gone.fishing@contoso.onmicrosoft.com"


def renamed() -> Remembered:
    return with_outputs(TYPE, wantedName=NAME, userPrincipalName=RENAMED)


@pytest.mark.parametrize(
    ("remembered", "directory", "ignored", "told"),
    [
        (REMEMBERED, tenant(enabled=False), ("password", "accountEnabled"), "was disabled by"),
        (
            renamed(),
            MemoryDirectory([user(OBJECT_ID, RENAMED)], held=HELD, may_change=False),
            ("password", "userPrincipalName"),
            f"was renamed (it was {NAME}) by",
        ),
        (
            renamed(),
            MemoryDirectory([user(OBJECT_ID, RENAMED, enabled=False)], held=HELD, may_change=False),
            ("password", "userPrincipalName", "accountEnabled"),
            f"was renamed (it was {NAME}) and disabled by",
        ),
    ],
)
def test_what_somebody_else_did_stops_nothing_and_is_told_with_the_role(
    remembered: Remembered, directory: MemoryDirectory, ignored: tuple[str, ...], told: str
) -> None:
    own = {"own_object_id": "6a7b8c9d"}
    run = make(remembered=remembered, directory=directory, tools=own)
    assert run.one("User").ignore_changes == ignored
    (line,) = run.said("warning")
    assert f"({OBJECT_ID}) {told} somebody else and stays so in this run" in line
    assert "role Privileged Authentication Administrator (7be44c8a-adaf-4e2a-84d6" in line
    assert "application (service principal 6a7b8c9d) does not hold" in line
    assert "\n" not in line
    assert run.named("account").outputs["wantedName"] == NAME


@pytest.mark.parametrize("may", [True, None])
def test_what_somebody_else_did_is_undone_where_that_may_be_allowed(may: bool | None) -> None:
    directory = MemoryDirectory(
        [user(OBJECT_ID, RENAMED, enabled=False)], held=HELD, may_change=may
    )
    run = make(remembered=renamed(), directory=directory)
    assert run.one("User").ignore_changes == ("password",)
    assert run.said("warning") == []


def test_a_new_name_of_the_settings_is_refused_after_somebody_elses_too() -> None:
    directory = MemoryDirectory([user(OBJECT_ID, RENAMED)], held=HELD, may_change=False)
    run = make(remembered=renamed(), directory=directory, user_name="quiet", expect_error=True)
    assert "is due for the name quiet@contoso.onmicrosoft.com, which" in str(run.error)


OTHER = "9f0c2b5e-2a5d-4d0a-8a7e-0d6d3b7a1c11"


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        (False, "but another user has that name (object id {}): nothing was changed; choose"),
        (True, "but other of this stack has that name (object id {}): nothing was changed; choose"),
    ],
)
@pytest.mark.parametrize("held", [HELD, {}])
def test_a_new_name_that_is_taken_is_refused_before_anything_is_changed(
    ours: bool, told: str, held: dict[str, str]
) -> None:
    remembered = dict(REMEMBERED)
    if ours:
        other = {f"{URN}{TYPE}::other": {"objectId": OTHER}}
        remembered[TYPE] = {**REMEMBERED[TYPE], **other}
    directory = tenant(held, may=True)
    directory.live.append(user(OTHER, "Ada@contoso.onmicrosoft.com"))
    run = make(
        remembered=remembered,
        directory=directory,
        user_name="ada",
        preview=True,
        expect_error=True,
    )
    line = str(run.error)
    assert isinstance(run.error, pulumi.RunError)
    assert f"({OBJECT_ID}) is to be called ada@contoso.onmicrosoft.com, " in line
    assert told.format(OTHER) in line
    assert "\n" not in line
    assert run.of_type("User") == []


def test_a_name_that_only_a_replica_still_shows_as_the_one_before_is_ones_own() -> None:
    directory = tenant(may=True)
    directory.live.append(user(OBJECT_ID, "ada@contoso.onmicrosoft.com"))
    run = make(remembered=REMEMBERED, directory=directory, user_name="ada")
    assert run.one("User").inputs["userPrincipalName"] == "ada@contoso.onmicrosoft.com"


@pytest.mark.parametrize("may", [True, False])
def test_a_password_of_an_account_without_a_role_names_the_permission_that_it_takes(
    may: bool,
) -> None:
    run = make(remembered=REMEMBERED, directory=tenant({}, may=may), password_rotation="2027")
    told = run.said("warning")
    assert run.one("User").ignore_changes == ()
    if may:
        assert told == []
    else:
        (line,) = told
        assert "User-PasswordProfile.ReadWrite.All or a directory role such as" in line


@pytest.mark.parametrize("may", [True, None])
def test_a_change_that_may_be_allowed_is_tried(may: bool | None) -> None:
    run = make(remembered=REMEMBERED, directory=tenant(may=may), user_name="quiet")
    assert run.one("User").inputs["userPrincipalName"] == "quiet@contoso.onmicrosoft.com"


def test_nobody_asks_for_the_role_while_nothing_is_due() -> None:
    directory = tenant(may=False)
    make(remembered=REMEMBERED, directory=directory, display_name="Reserve")
    assert not [asked for asked in directory.asked if asked.startswith("may ")]


def test_a_name_in_other_letters_of_the_same_kind_is_no_new_name() -> None:
    directory = tenant()
    directory.live = [user(OBJECT_ID, NAME.upper())]
    assert len(make(remembered=REMEMBERED, directory=directory).of_type("User")) == 1


def test_an_account_that_is_no_administrator_yet_can_be_renamed_without_the_role() -> None:
    run = make(remembered=REMEMBERED, directory=tenant(held={}), user_name="quiet")
    assert len(run.of_type("User")) == 1

    member = {f"{URN}{MEMBER_TYPE}::member": {"memberObjectId": OBJECT_ID}}
    remembered = {**REMEMBERED, MEMBER_TYPE: member}
    refused = make(
        remembered=remembered, directory=tenant(held={}), user_name="quiet", expect_error=True
    )
    assert "is due for the name quiet@" in str(refused.error)


def test_a_domain_that_is_known_only_later_hinders_nothing() -> None:
    run = make(
        remembered=REMEMBERED,
        directory=tenant(),
        domain=lambda: pulumi.Output.from_input("contoso.example"),
    )
    assert run.one("User").inputs["userPrincipalName"].endswith("@contoso.example")


def test_the_time_of_our_own_password_change_is_kept_while_we_write_none() -> None:
    """Somebody else's later change must not be taken for ours."""
    run = make(remembered=REMEMBERED, directory=tenant(password_changed=LATER))
    assert run.named("account").outputs["passwordChanged"] == KEPT


def test_a_new_password_counts_once_a_replica_shows_another_time_than_before() -> None:
    before = datetime(2026, 1, 1, tzinfo=UTC)
    directory = tenant(password_changed=before, may=True)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            directory.live = [user(OBJECT_ID, NAME, password_changed=LATER)]

    run = make(
        remembered=with_outputs(PASSWORD_TYPE, result="before"),
        directory=directory,
        tools={"sleep": sleep},
        password_rotation="2027",
    )
    assert run.named("account").outputs["passwordChanged"] == LATER.isoformat()
    assert len(pauses) == 3


def test_a_time_that_no_replica_shows_is_our_own_clocks_and_no_later_change_is_taken_for_it() -> (
    None
):
    before = datetime(2026, 1, 1, tzinfo=UTC)
    ours = datetime(2026, 2, 1, 12, tzinfo=UTC)
    run = make(
        remembered=REMEMBERED,
        directory=tenant(password_changed=before, may=True),
        password_rotation="2027",
        tools={"now": lambda: ours},
    )
    recorded = run.named("account").outputs["passwordChanged"]
    assert recorded == "2026-02-01T12:00:00+00:00"

    next_run = make(
        remembered=with_outputs(TYPE, passwordChanged=recorded),
        directory=tenant(password_changed=LATER),
    )
    assert next_run.named("account").outputs["passwordChanged"] == recorded


def test_a_run_that_broke_off_after_a_rotation_leaves_no_time_of_the_password_before() -> None:
    run = make(
        remembered=with_outputs(TYPE, password="the one before", passwordChanged=KEPT),
        directory=tenant(password_changed=LATER),
    )
    assert run.named("account").outputs["passwordChanged"] == LATER.isoformat()


def test_a_new_account_has_the_time_that_the_directory_shows_first() -> None:
    class Late(MemoryDirectory):
        def user(self, object_id: str) -> User:
            if object_id in self.asked:
                self.live = [user(object_id, NAME, password_changed=LATER)]
            return super().user(object_id)

    run = make(directory=Late())
    assert run.named("account").outputs["passwordChanged"] == LATER.isoformat()


def as_they_stand(type_: str, _name: str, _inputs: Any) -> tuple[str, dict[str, Any]] | None:
    """What a preview knows of resources that stand."""
    known = {PASSWORD_TYPE: {"result": PASSWORD}, USER_TYPE: {"objectId": OBJECT_ID}}
    return (OBJECT_ID, known[type_]) if type_ in known else None


def test_a_preview_waits_for_no_replica() -> None:
    """The password is new already, the user does not have it yet: nothing is unknown."""
    directory = tenant(may=True)
    run = make(
        preview=True,
        remembered=with_outputs(USER_TYPE, password="the one before"),
        directory=directory,
        respond=as_they_stand,
    )
    assert run.one("User").inputs["password"] == PASSWORD
    assert run.named("account").outputs.get("passwordChanged") is None
    assert directory.asked.count(OBJECT_ID) == 1


def test_a_preview_of_a_rotation_does_not_know_the_time_yet() -> None:
    directory = tenant(may=True)
    run = make(preview=True, remembered=REMEMBERED, directory=directory, password_rotation="2027")
    assert run.named("account").outputs.get("passwordChanged") is UNKNOWN
    assert directory.asked.count(OBJECT_ID) == 1


def test_what_tells_an_account_dropped_from_the_state_from_a_gone_one_needs_no_state() -> None:
    remembered = {type_: found for type_, found in REMEMBERED.items() if type_ != USER_TYPE}
    run = make(remembered=remembered, directory=tenant())
    assert run.one("User").import_id == f"/users/{OBJECT_ID}"
