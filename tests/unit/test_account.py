"""BreakGlassAccount: what it registers, what is secret in it, and when it is armed."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_random as random
import pytest
from pydantic.alias_generators import to_camel

from components.break_glass_account import (
    GLOBAL_ADMINISTRATOR,
    USER_TYPE,
    BreakGlassAccount,
    BreakGlassAccountArgs,
)
from tests.unit.account_program import ALONE, NAME, OBJECT_ID, REMEMBERED, make, usual
from tests.unit.directories import MemoryDirectory, user
from tests.unit.harness import UNKNOWN, Recording, object_id, run_program


def test_the_account_is_a_cloud_user_that_never_expires_and_is_not_listed() -> None:
    inputs = usual().one("User").inputs

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
    inputs = usual().one("RandomString").inputs

    assert inputs == {"length": 16, "special": False, "upper": False}


def test_a_prefix_and_a_display_name_can_be_chosen() -> None:
    inputs = make(name_prefix="bg-", display_name="Reserve").one("User").inputs

    assert inputs["userPrincipalName"] == f"bg-{NAME}"
    assert inputs["mailNickname"] == f"bg-{NAME.split('@')[0]}"
    assert inputs["displayName"] == "Reserve"


def test_a_chosen_name_stands_instead_of_prefix_and_random_name() -> None:
    run = make(user_name="quiet.harbour", name_prefix="bg-")
    assert run.one("User").inputs["userPrincipalName"] == "quiet.harbour@contoso.onmicrosoft.com"
    assert run.one("User").inputs["mailNickname"] == "quiet.harbour"
    assert run.one("User").inputs["displayName"] == "quiet.harbour"
    assert len(run.of_type("RandomString")) == 1


def test_visible_attributes_are_as_chosen_and_else_empty() -> None:
    chosen: dict[str, Any] = {
        "given_name": "Quiet",
        "surname": "Harbour",
        "job_title": "Keeper",
        "department": "Facilities",
        "company_name": "Contoso",
        "usage_location": "DE",
    }
    inputs = make(**chosen).one("User").inputs
    assert {to_camel(key): value for key, value in chosen.items()}.items() <= inputs.items()


@pytest.mark.parametrize("name", ["name_prefix", "user_name", "display_name"])
def test_a_name_that_says_admin_is_warned_about(name: str) -> None:
    telling: dict[str, Any] = {name: "admin-x"}
    silent: dict[str, Any] = {name: "bg-x"}
    assert "tells attackers" in make(**telling).said("warning")[0]
    assert make(**silent).said("warning") == []


def test_a_prefix_that_a_chosen_name_makes_idle_is_not_warned_about() -> None:
    assert make(name_prefix="admin-", user_name="quiet").said("warning") == []


def test_the_password_is_secret_from_its_source_to_every_output() -> None:
    run = usual()

    assert run.one("User").secret_inputs == {"password"}
    assert "result" in run.one("RandomPassword").additional_secret_outputs
    assert run.secret_outputs == {"password", "credentials"}
    assert run.outputs["credentials"] == (NAME, "Password-of-account-password!")
    assert run.named("account").outputs == {
        "userPrincipalName": NAME,
        "objectId": object_id("account-user"),
        "protected": False,
        "retired": False,
        "password": "Password-of-account-password!",
        "passwordChanged": "2026-01-01T00:00:00+00:00",
        "wantedName": NAME,
    }


def test_a_password_has_64_characters_of_every_class_and_a_rotation() -> None:
    inputs = make(password_rotation="2027-Q1").one("RandomPassword").inputs

    assert inputs["length"] == 64
    assert inputs["keepers"] == {"rotation": "2027-Q1"}
    assert {inputs[f"min{kind}"] for kind in ("Lower", "Upper", "Numeric", "Special")} == {1}


def test_rotation_is_possible_under_protection_and_nothing_else_is_left_out_of_it() -> None:
    run = make(
        protect=True, remembered=REMEMBERED, directory=MemoryDirectory([user(OBJECT_ID, NAME)])
    )

    unprotected = [r.name for r in run.registrations if not run.is_protected(r)]
    sealed = ["account-global-administrator", "account-name", "account-password"]
    assert sorted(unprotected) == sealed
    assert run.waits_for(run.one("AccountRoles"), run.one("DirectoryRoleAssignment"))
    assert run.waits_for(run.one("User"), run.one("RandomPassword"))
    assert run.waits_for(run.one("User"), run.one("RandomString"))


def test_what_comes_before_the_user_is_free_until_there_is_one_and_then_all_is_protected() -> None:
    run = make(protect=True)
    protected = [r.name for r in run.registrations if run.is_protected(r)]
    assert sorted(protected) == ["account-roles", "account-user"]


def test_global_administrator_is_given_by_template_id_at_tenant_scope() -> None:
    assert usual().one("DirectoryRoleAssignment").inputs == {
        "roleId": GLOBAL_ADMINISTRATOR,
        "principalObjectId": object_id("account-user"),
    }


def test_the_role_waits_for_what_arms_it() -> None:
    def program() -> None:
        deferred: tuple[pulumi.Output[bool], Any] = pulumi.deferred_output()
        armed, arm = deferred
        args = BreakGlassAccountArgs("contoso.onmicrosoft.com", armed=armed)
        BreakGlassAccount("account", args, tools=ALONE)
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
        args = BreakGlassAccountArgs("contoso.example", armed=armed)
        BreakGlassAccount("account", args, tools=ALONE)

    run = run_program(program, respond=respond, expect_error=True)
    assert "alarm could not be made" in str(run.error)
    assert roles == []


def test_an_unknown_gate_does_not_plan_the_role_anew() -> None:
    """A role assignment with an unknown principal is planned as a replacement; it is protected."""

    def program() -> None:
        unknown = random.RandomString("pending", length=4).result
        args = BreakGlassAccountArgs("contoso.example", armed=unknown)
        BreakGlassAccount("account", args, tools=ALONE)

    def known_user(type_: str, _name: str, _inputs: Any) -> tuple[str, dict[str, Any]] | None:
        return (OBJECT_ID, {"objectId": OBJECT_ID}) if type_ == USER_TYPE else None

    run = run_program(program, preview=True, respond=known_user)
    role = run.one("DirectoryRoleAssignment")
    assert role.inputs["principalObjectId"] == OBJECT_ID
    assert run.waits_for(role, run.named("pending"))


def test_a_preview_knows_no_name_yet() -> None:
    run = make(preview=True)
    assert run.one("User").inputs["userPrincipalName"] is UNKNOWN
    assert run.outputs["summary"] is UNKNOWN


def test_the_account_remembers_whether_it_was_protected() -> None:
    assert make(protect=True).named("account").outputs["protected"] is True
    assert usual().named("account").outputs["protected"] is False


def _types(run: Recording) -> Sequence[str]:
    return [registration.type.split(":")[-1] for registration in run.registrations]


def test_one_account_is_exactly_these_resources() -> None:
    assert sorted(_types(usual())) == [
        "AccountRoles",
        "BreakGlassAccount",
        "DirectoryRoleAssignment",
        "RandomPassword",
        "RandomString",
        "User",
    ]
