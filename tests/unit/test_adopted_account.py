"""AdoptedAccount: the role that it lacks, when everything else stands, and nothing else."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components.account_roles import GLOBAL_ADMINISTRATOR
from components.adopted_account import (
    AdoptedAccount,
    AdoptedAccountArgs,
    AdoptedAccountTools,
)
from components.adoption import GIVEN_TYPE, FoundAccount
from components.adoption_checks import TYPE
from tests.unit.adoption_scene import (
    ADA,
    ADA_NAME,
    HELD,
    NAME,
    Remembered,
    Tenant,
    adopted_before,
    find,
    person,
)
from tests.unit.harness import Recording, run_program

ROLE = f"{NAME}-global-administrator"
RECORD = f"{NAME}-given-{GLOBAL_ADMINISTRATOR}"


def make(
    args: AdoptedAccountArgs | Mapping[str, Any] | None = None,
    *,
    tenant: Tenant | None = None,
    memory: Remembered | None = None,
    found: FoundAccount | None = None,
    preview: bool = False,
    expect_error: bool = False,
    alarm: bool = False,
) -> Recording:
    def program() -> None:
        armed = random.RandomString("alarm", length=4).result if alarm else None
        given: Any = AdoptedAccountArgs(ADA, armed) if args is None else args
        account = AdoptedAccount(
            NAME,
            given,
            pulumi.ResourceOptions(protect=True),
            tools=AdoptedAccountTools(
                tenant or Tenant(), memory or Remembered(), found, sleep=lambda _: None
            ),
        )
        pulumi.export("name", account.user_principal_name)
        pulumi.export("id", account.object_id)
        pulumi.export("summary", account.summary)

    return run_program(program, preview=preview, expect_error=expect_error)


@pytest.mark.parametrize("preview", [False, True])
def test_nothing_but_the_role_is_registered(preview: bool) -> None:
    run = make(preview=preview)
    assert {one.type for one in run.registrations if one.custom} == {
        "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
    }
    assert run.named(ROLE).inputs == {
        "roleId": GLOBAL_ADMINISTRATOR,
        "principalObjectId": ADA,
    }


def test_the_role_waits_for_the_alarm_and_for_the_record_that_it_is_ours() -> None:
    run = make(alarm=True)
    alarm, record, role = (run.named(name) for name in ("alarm", RECORD, ROLE))
    assert run.waits_for(role, alarm)
    assert record.type == GIVEN_TYPE
    assert alarm.number < record.number < role.number
    assert not record.custom


def test_the_engine_asks_before_it_gives_a_role_that_the_state_knew() -> None:
    run = make()
    (name,) = run.named(ROLE).hooks["before_create"]
    assert name == f"{NAME}-role-is-given-already"
    assert name in run.hooks


def test_no_role_is_given_without_the_record() -> None:
    def refuse(type_: str, _name: str, _inputs: dict[str, Any]) -> None:
        if type_ == GIVEN_TYPE:
            raise RuntimeError("the state cannot be written")

    def program() -> None:
        tools = AdoptedAccountTools(Tenant(), Remembered(), sleep=lambda _: None)
        AdoptedAccount(NAME, AdoptedAccountArgs(ADA), tools=tools)

    run = run_program(program, respond=refuse, expect_error=True)
    assert "the state cannot be written" in str(run.error)
    assert ROLE not in run.names


def test_no_record_is_written_when_the_alarm_failed() -> None:
    """Else somebody who gives the role before the next run would find it taken away at the end."""

    def program() -> None:
        async def fail() -> None:
            raise RuntimeError("no alarm")

        armed = pulumi.Output.from_input(fail())
        tools = AdoptedAccountTools(Tenant(), Remembered(), sleep=lambda _: None)
        AdoptedAccount(NAME, AdoptedAccountArgs(ADA, armed), tools=tools)

    run = run_program(program, expect_error=True)
    assert "no alarm" in str(run.error)
    assert RECORD not in run.names
    assert ROLE not in run.names


def test_a_role_that_was_held_before_is_not_registered() -> None:
    run = make(tenant=Tenant(roles=[[HELD]]))
    assert run.names == [NAME, f"{NAME}-roles"]


def test_a_role_of_ours_that_stands_is_taken_in_as_it_is() -> None:
    run = make(tenant=Tenant(roles=[[HELD]]), memory=adopted_before(record=True))
    assert run.named(ROLE).import_id == f"/roleManagement/directory/roleAssignments/{HELD.id}"


def test_a_role_of_ours_that_the_state_has_is_not_taken_in() -> None:
    run = make(tenant=Tenant(roles=[[HELD]]), memory=adopted_before(role_given=True))
    assert run.named(ROLE).import_id == ""


def test_what_it_is_called_comes_out() -> None:
    run = make(AdoptedAccountArgs(ADA_NAME))
    assert run.outputs["name"] == ADA_NAME
    assert run.outputs["id"] == ADA
    assert run.outputs["summary"] == {"userPrincipalName": ADA_NAME, "objectId": ADA}
    assert run.secret_outputs == set()


def test_the_state_remembers_who_it_is_and_that_it_is_protected() -> None:
    run = make()
    assert run.one(TYPE).outputs == {
        "objectId": ADA,
        "userPrincipalName": ADA_NAME,
        "protected": True,
        "retired": False,
    }
    assert run.is_protected(run.named(f"{NAME}-roles"))
    assert run.is_protected(run.named(RECORD))


def test_who_retires_loses_the_role_and_the_protection_and_stays_known() -> None:
    run = make(
        AdoptedAccountArgs(ADA, retired=True),
        tenant=Tenant(roles=[[HELD]]),
        memory=adopted_before(role_given=True),
    )
    assert ROLE not in run.names
    assert RECORD in run.names
    assert not any(run.is_protected(one) for one in run.registrations)
    assert run.one(TYPE).outputs["retired"] is True
    assert run.one(TYPE).outputs["protected"] is False


def test_who_is_gone_retires_without_a_role_and_its_entry_goes_a_run_later() -> None:
    """A protected entry cannot be deleted by the run that unprotects it."""
    run = make(
        AdoptedAccountArgs(ADA, retired=True),
        tenant=Tenant(live=[]),
        memory=adopted_before(role_given=True),
    )
    assert ROLE not in run.names
    assert not run.is_protected(run.named(RECORD))
    assert run.one(TYPE).outputs["retired"] is True


def test_who_cannot_lose_the_role_yet_has_not_retired() -> None:
    run = make(
        AdoptedAccountArgs(ADA, retired=True),
        tenant=Tenant(roles=[[HELD]]),
        memory=adopted_before(record=True),
    )
    assert run.named(ROLE).import_id
    assert run.one(TYPE).outputs["retired"] is False


def test_what_weakens_the_account_is_told() -> None:
    synced = Tenant(live=[person(synced=True)])
    run = make(AdoptedAccountArgs(ADA, allow_synced=True), tenant=synced)
    assert [text for text in run.said("warning") if "can take over the account" in text]


def test_a_licence_is_told_by_who_does_not_look_for_obstacles() -> None:
    tenant = Tenant(live=[person(licensed=True)])
    assert "has a licence" in make(tenant=tenant).said("warning")[0]
    assert make(tenant=tenant, found=find(tenant=tenant)[0]).said("warning") == []
    retiring = make(AdoptedAccountArgs(ADA, retired=True), tenant=tenant, memory=adopted_before())
    assert retiring.said("warning") == []


def test_what_was_found_already_is_not_asked_again() -> None:
    tenant = Tenant()
    (found,) = find(tenant=tenant)
    asked = list(tenant.asked)
    run = make(tenant=tenant, found=found)
    assert tenant.asked == asked
    assert ROLE in run.names


def test_an_account_that_does_not_fit_ends_the_program() -> None:
    run = make(tenant=Tenant(live=[person(guest=True)]), expect_error=True)
    assert isinstance(run.error, pulumi.RunError)
    assert f"account of {NAME} holds {ADA_NAME}" in str(run.error)


def test_arguments_of_another_language_are_taken() -> None:
    run = make({"account": ADA, "allow_synced": True}, tenant=Tenant(live=[person(synced=True)]))
    assert run.outputs["id"] == ADA
