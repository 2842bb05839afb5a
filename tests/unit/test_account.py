"""BreakGlassAccount: what it registers, when it is armed, and that none is silently made anew."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components import BreakGlassAccount, BreakGlassAccountArgs
from components.account_checks import choose_domain
from components.break_glass_account import (
    GLOBAL_ADMINISTRATOR,
    PASSWORD_TYPE,
    TYPE,
    USER_TYPE,
    refuse_removed,
)
from entra.directory import Domain
from entra.errors import GraphError
from tests.unit.directories import MemoryDirectory, user
from tests.unit.harness import UNKNOWN, Recording, object_id, run_program

OBJECT_ID = "3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"
NAME = "k7q2v9x4m3p8t6w5@contoso.onmicrosoft.com"
URN = "urn:pulumi:unit::break-glass::"
REMEMBERED = {
    TYPE: {f"{URN}{TYPE}::account": {"objectId": OBJECT_ID, "userPrincipalName": NAME}},
    USER_TYPE: {
        f"{URN}{TYPE}${USER_TYPE}::account-user": {
            "objectId": OBJECT_ID,
            "userPrincipalName": NAME,
            "password": "kept",
        }
    },
    PASSWORD_TYPE: {
        f"{URN}{TYPE}${PASSWORD_TYPE}::account-password": {
            "keepers": {"rotation": ""},
            "length": 64,
        }
    },
}


def make(
    *,
    preview: bool = False,
    remembered: Mapping[str, Mapping[str, Any]] | None = None,
    directory: MemoryDirectory | None = None,
    expect_error: bool = False,
    protect: bool | None = None,
    **args: Any,
) -> Recording:
    def program() -> None:
        account = BreakGlassAccount(
            "account",
            BreakGlassAccountArgs(
                "contoso.onmicrosoft.com",
                directory=directory or MemoryDirectory(),
                memory=lambda type_: (remembered or {}).get(type_, {}),
                **args,
            ),
            pulumi.ResourceOptions(protect=protect),
        )
        pulumi.export("summary", account.summary)
        pulumi.export("password", account.password)
        pulumi.export("credentials", account.credentials)
        pulumi.export("watched", account.watched)

    return run_program(program, preview=preview, expect_error=expect_error)


def test_the_account_is_a_cloud_user_that_never_expires_and_is_not_listed() -> None:
    inputs = make().one("User").inputs

    assert inputs == {
        "userPrincipalName": NAME,
        "mailNickname": NAME.split("@")[0],
        "displayName": NAME.split("@")[0],
        "password": "Password-of-account-password!",
        "accountEnabled": True,
        "disablePasswordExpiration": True,
        "forcePasswordChange": False,
        "showInAddressList": False,
    }


def test_the_name_is_random_lower_case_and_long() -> None:
    inputs = make().one("RandomString").inputs

    assert inputs == {"length": 16, "special": False, "upper": False}


def test_a_prefix_and_a_display_name_can_be_chosen() -> None:
    inputs = make(name_prefix="bg-", display_name="Reserve").one("User").inputs

    assert inputs["userPrincipalName"] == f"bg-{NAME}"
    assert inputs["mailNickname"] == f"bg-{NAME.split('@')[0]}"
    assert inputs["displayName"] == "Reserve"


def test_a_prefix_that_says_admin_is_warned_about() -> None:
    assert "tells attackers" in make(name_prefix="Admin-").said("warning")[0]
    assert make(name_prefix="bg-").said("warning") == []


def test_the_password_is_secret_from_its_source_to_every_output() -> None:
    run = make()

    assert run.one("User").secret_inputs == {"password"}
    assert "result" in run.one("RandomPassword").additional_secret_outputs
    assert run.secret_outputs == {"password", "credentials"}
    assert run.outputs["credentials"] == (NAME, "Password-of-account-password!")
    assert run.named("account").outputs == {
        "userPrincipalName": NAME,
        "objectId": object_id("account-user"),
        "protected": False,
    }


def test_a_password_has_64_characters_of_every_class_and_a_rotation() -> None:
    inputs = make(password_rotation="2027-Q1").one("RandomPassword").inputs

    assert inputs["length"] == 64
    assert inputs["keepers"] == {"rotation": "2027-Q1"}
    assert {inputs[f"min{kind}"] for kind in ("Lower", "Upper", "Numeric", "Special")} == {1}


def test_rotation_is_possible_under_protection_and_nothing_else_is_left_out_of_it() -> None:
    run = make(protect=True)

    unprotected = [r.name for r in run.registrations if not run.is_protected(r)]
    assert unprotected == ["account-password"]
    assert run.waits_for(run.one("User"), run.one("RandomPassword"))


def test_global_administrator_is_given_by_template_id_at_tenant_scope() -> None:
    assert make().one("DirectoryRoleAssignment").inputs == {
        "roleId": GLOBAL_ADMINISTRATOR,
        "principalObjectId": object_id("account-user"),
    }


def test_the_role_waits_for_what_arms_it() -> None:
    def program() -> None:
        deferred: tuple[pulumi.Output[bool], Any] = pulumi.deferred_output()
        armed, arm = deferred
        args = BreakGlassAccountArgs(
            "contoso.onmicrosoft.com", armed=armed, directory=None, memory=lambda _: {}
        )
        BreakGlassAccount("account", args)
        alarm = random.RandomString("alarm", length=4)
        arm(alarm.result.apply(lambda _: True))

    for preview in (True, False):
        run = run_program(program, preview=preview)
        role, alarm = run.one("DirectoryRoleAssignment"), run.named("alarm")
        assert run.waits_for(role, alarm)
        assert role.number > alarm.number
        assert not run.waits_for(run.one("User"), alarm)


def test_no_role_is_given_behind_a_gate_that_failed() -> None:
    roles: list[str] = []

    def respond(type_: str, name: str, _inputs: dict[str, Any]) -> None:
        if "RoleAssignment" in type_:
            roles.append(name)

    def program() -> None:
        def fail(_: Any) -> None:
            raise pulumi.RunError("the alarm could not be made")

        armed = pulumi.Output.from_input(1).apply(fail)
        args = BreakGlassAccountArgs("contoso.example", armed=armed, directory=None)
        BreakGlassAccount("account", args)

    run = run_program(program, respond=respond, expect_error=True)
    assert "alarm could not be made" in str(run.error)
    assert roles == []


def test_an_unknown_gate_does_not_plan_the_role_anew() -> None:
    """A role assignment with an unknown principal is planned as a replacement; it is protected."""

    def program() -> None:
        unknown = random.RandomString("pending", length=4).result
        args = BreakGlassAccountArgs("contoso.example", armed=unknown, directory=None)
        BreakGlassAccount("account", args)

    def known_user(type_: str, _name: str, _inputs: Any) -> tuple[str, dict[str, Any]] | None:
        return (OBJECT_ID, {"objectId": OBJECT_ID}) if type_ == USER_TYPE else None

    run = run_program(program, preview=True, respond=known_user)
    role = run.one("DirectoryRoleAssignment")
    assert role.inputs["principalObjectId"] == OBJECT_ID
    assert run.waits_for(role, run.named("pending"))


def test_a_preview_knows_no_name_yet() -> None:
    run = make(preview=True)
    assert run.one("User").inputs["userPrincipalName"] is UNKNOWN
    assert run.outputs["watched"] is UNKNOWN


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


def test_the_account_remembers_whether_it_was_protected() -> None:
    assert make(protect=True).named("account").outputs["protected"] is True
    assert make().named("account").outputs["protected"] is False


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


def before_create(run: Recording, name: Any = NAME) -> None:
    """Call the hook as the engine would right before it creates the user."""
    hooks = run.one("User").hooks["before_create"]
    assert len(hooks) == 1
    hook = run.hooks[hooks[0]]
    assert hook.opts is not None
    assert hook.opts.on_dry_run
    found = hook(
        pulumi.ResourceHookArgs("urn", "", "account-user", USER_TYPE, {"userPrincipalName": name})
    )
    assert not asyncio.iscoroutine(found)


def test_a_name_that_is_taken_stops_the_creation() -> None:
    run = make(directory=MemoryDirectory(live=[user(OBJECT_ID, NAME)]))
    with pytest.raises(pulumi.RunError, match="is in the tenant already") as caught:
        before_create(run)
    assert f"/users/{OBJECT_ID}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deleted_namesake_stops_the_creation_unless_it_may_be_made_anew() -> None:
    directory = MemoryDirectory(deleted=[user(OBJECT_ID, NAME)])
    with pytest.raises(pulumi.RunError, match="is among the deleted users"):
        before_create(make(directory=directory))

    before_create(make(directory=directory, recreate=[OBJECT_ID]))


def test_a_free_name_and_one_that_is_not_known_yet_are_no_obstacle() -> None:
    directory = MemoryDirectory()
    run = make(directory=directory)
    before_create(run, None)
    assert directory.asked == []
    before_create(run)
    assert set(directory.asked) == {NAME}


def test_without_a_directory_nobody_is_asked() -> None:
    args = BreakGlassAccountArgs("contoso.example", directory=None)
    run = run_program(lambda: BreakGlassAccount("account", args))
    assert run.one("User").hooks == {}


DOMAINS = (
    Domain("contoso.com", False, True, True, True),
    Domain("contoso.onmicrosoft.com", True, False, True, True),
    Domain("federated.example", False, False, True, False),
    Domain("new.example", False, False, False, True),
)


def test_the_initial_domain_is_the_default() -> None:
    assert choose_domain(DOMAINS, None) == "contoso.onmicrosoft.com"


def test_a_verified_domain_can_be_chosen() -> None:
    assert choose_domain(DOMAINS, "Contoso.com") == "contoso.com"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("fabrikam.example", "which the tenant does not have"),
        ("new.example", "which is not verified"),
        ("federated.example", "which is federated"),
    ],
)
def test_a_domain_that_would_not_do_is_refused_with_those_that_would(
    wanted: str, reason: str
) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        choose_domain(DOMAINS, wanted)
    told = str(caught.value)
    assert re.match(f"break-glass:accounts.domain holds '{wanted}', {reason}", told)
    assert "expected one of contoso.com, contoso.onmicrosoft.com;" in told


def _types(run: Recording) -> Sequence[str]:
    return [registration.type.split(":")[-1] for registration in run.registrations]


def test_one_account_is_exactly_these_resources() -> None:
    assert sorted(_types(make())) == [
        "BreakGlassAccount",
        "DirectoryRoleAssignment",
        "RandomPassword",
        "RandomString",
        "User",
    ]
