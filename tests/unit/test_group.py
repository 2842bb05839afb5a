"""BreakGlassGroup: role-assignable, exactly our members, complete before anybody uses its id."""

import pulumi
import pulumi_random as random

from components.break_glass_group import BreakGlassGroup, BreakGlassGroupArgs
from tests.unit.harness import Recording, object_id, run_program


def make(*, preview: bool = False, name: str = "BTG Admins") -> Recording:
    def program() -> None:
        group = BreakGlassGroup(
            "group",
            BreakGlassGroupArgs({"account-1": "first", "account-2": "second"}, name=name),
            pulumi.ResourceOptions(protect=True),
        )
        random.RandomString("user-of-the-id", length=4, keepers={"group": group.group_id})
        pulumi.export("groupId", group.group_id)

    return run_program(program, preview=preview)


def test_the_group_is_role_assignable_security_and_its_name_its_own() -> None:
    inputs = make().one("Group").inputs

    assert inputs.pop("description")
    assert inputs == {
        "displayName": "BTG Admins",
        "securityEnabled": True,
        "mailEnabled": False,
        "assignableToRole": True,
        "preventDuplicateNames": True,
    }


def test_another_name_can_be_chosen() -> None:
    assert make(name="Reserve").one("Group").inputs["displayName"] == "Reserve"


def test_each_account_is_a_member() -> None:
    members = make().of_type("GroupMember")

    assert [(member.name, member.inputs) for member in members] == [
        (
            "group-member-account-1",
            {"groupObjectId": object_id("group-group"), "memberObjectId": "first"},
        ),
        (
            "group-member-account-2",
            {"groupObjectId": object_id("group-group"), "memberObjectId": "second"},
        ),
    ]


def test_who_uses_the_id_waits_for_every_member() -> None:
    for preview in (True, False):
        run = make(preview=preview)
        for member in run.of_type("GroupMember"):
            assert run.waits_for(run.named("user-of-the-id"), member)
    assert run.outputs["groupId"] == object_id("group-group")


def test_all_of_it_is_protected_together() -> None:
    run = make()
    group = [r for r in run.registrations if r.name.startswith("group")]
    assert len(group) == 4
    assert all(run.is_protected(registration) for registration in group)
