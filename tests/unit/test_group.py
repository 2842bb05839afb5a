"""BreakGlassGroup: role-assignable, exactly our members, complete before anybody uses its id."""

import pulumi
import pulumi_random as random
import pytest

from components.break_glass_group import BreakGlassGroup
from components.group_checks import GROUP_TYPE
from components.group_guard import TYPE as GUARD_TYPE
from components.group_members import MEMBER_TYPE
from tests.unit.group_scene import (
    ADA,
    FIRST,
    GROUP_ID,
    MAKER,
    OTHER_ID,
    SECOND,
    US,
    MemoryGroups,
    application,
    group,
    make,
    standing,
    user,
)
from tests.unit.harness import UNKNOWN, Recording, object_id, run_program

OURS = (user(FIRST), user(SECOND))


def memberships(run: Recording) -> dict[str, str]:
    """What is taken into the state as it is, by name of the membership."""
    return {member.name: member.import_id for member in run.of_type("GroupMember")}


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


def test_each_account_is_a_member_under_its_own_name() -> None:
    members = make().of_type("GroupMember")

    of_group = {"groupObjectId": object_id("group-group")}
    assert [(member.name, member.inputs) for member in members] == [
        ("group-member-account-1", {**of_group, "memberObjectId": FIRST}),
        ("group-member-account-2", {**of_group, "memberObjectId": SECOND}),
    ]


@pytest.mark.parametrize("preview", [True, False])
def test_who_uses_the_id_waits_for_every_member(preview: bool) -> None:
    run = make(preview=preview)
    for member in run.of_type("GroupMember"):
        assert run.waits_for(run.named("user-of-the-id"), member)


def test_the_exclusions_do_not_wait_for_strangers_to_be_taken_out() -> None:
    run = make()
    assert not run.waits_for(run.named("user-of-the-id"), run.one(GUARD_TYPE))
    assert run.outputs["groupId"] == object_id("group-group")


def test_all_of_it_is_protected_together() -> None:
    run = make()
    ours = [r for r in run.registrations if r.name.startswith("group")]
    assert len(ours) == 5
    assert all(run.is_protected(registration) for registration in ours)


def test_the_membership_of_an_account_that_is_about_to_leave_is_not_protected() -> None:
    run = make(unprotected_members=["account-2"])
    assert run.is_protected(run.named("group-member-account-1"))
    assert not run.is_protected(run.named("group-member-account-2"))


def test_it_says_which_memberships_are_ours_without_waiting_for_them() -> None:
    outputs = make().named("group").outputs
    assert outputs == {
        "groupId": object_id("group-group"),
        "existing": False,
        "name": "BTG Admins",
        "members": ["account-1", "account-2"],
        "accounts": ["account-1", "account-2"],
        "protected": True,
    }


def test_arguments_can_be_given_as_plain_values() -> None:
    def program() -> None:
        BreakGlassGroup("group", {"member_ids": {"account-1": FIRST}, "nmae": "BTG"})  # type: ignore[arg-type]

    with pytest.raises(pulumi.RunError, match="has no 'nmae'"):
        run_program(program)


def test_a_group_that_stands_is_left_in_peace() -> None:
    run = make(MemoryGroups([group()], members=OURS, owners=[application(MAKER)]), standing())
    assert run.one("Group").import_id == ""
    assert run.one(GUARD_TYPE).inputs["pending"] == []
    assert run.said("warning") == []


def test_a_group_that_dropped_out_of_state_is_taken_in_again_with_its_members() -> None:
    """A refresh drops what a lagging replica does not know, protected or not."""
    memory = {**standing(), GROUP_TYPE: {}, MEMBER_TYPE: {}}
    run = make(MemoryGroups([group()], members=OURS), memory)

    assert run.one("Group").import_id == f"/groups/{GROUP_ID}"
    assert {"preventDuplicateNames", "displayName", "description"} == set(
        run.one("Group").ignore_changes
    )
    assert memberships(run) == {
        "group-member-account-1": f"{GROUP_ID}/member/{FIRST}",
        "group-member-account-2": f"{GROUP_ID}/member/{SECOND}",
    }
    assert any("taken in again as it is" in line for line in run.said("warning"))


def test_a_renamed_group_keeps_its_name_while_another_has_it_and_all_else_goes_on() -> None:
    renamed, other = group(GROUP_ID, "Renamed"), group(OTHER_ID)
    run = make(MemoryGroups([renamed, other], members=OURS), standing())
    assert set(run.one("Group").ignore_changes) == {"preventDuplicateNames", "displayName"}
    assert run.named("group").outputs["name"] == "BTG Admins"

    run = make(MemoryGroups([renamed], members=OURS), standing())
    assert set(run.one("Group").ignore_changes) == {"preventDuplicateNames"}


def test_a_membership_whose_answer_was_lost_is_taken_in_instead_of_made_twice() -> None:
    memory = standing(members={"account-1": FIRST})
    run = make(MemoryGroups([group()], members=OURS), memory)
    assert memberships(run)["group-member-account-2"] == f"{GROUP_ID}/member/{SECOND}"
    assert run.one(GUARD_TYPE).inputs["pending"] == []


def test_a_member_that_somebody_removed_is_added_again() -> None:
    memory = standing(members={"account-1": FIRST})
    run = make(MemoryGroups([group()], members=OURS[:1]), memory)
    assert memberships(run)["group-member-account-2"] == ""


@pytest.mark.parametrize("preview", [True, False])
def test_a_foreign_member_and_a_foreign_owner_are_told_and_taken_out_owners_first(
    preview: bool,
) -> None:
    owners = [application(MAKER), application(US), ADA]
    run = make(
        MemoryGroups([group()], members=[*OURS, ADA], owners=owners), standing(), preview=preview
    )

    guard = run.one(GUARD_TYPE).inputs
    told = f"ada@contoso.com ({ADA.id})"
    assert guard["pending"] == [f"remove owner {told}", f"remove member {told}"]
    assert guard["owners"] == [MAKER, US]
    assert guard["members"] == [FIRST, SECOND]
    warnings = run.said("warning")
    assert [told in line and "takes it out" in line for line in warnings] == [True, True]


def test_an_account_of_ours_that_is_not_to_be_excluded_is_told_as_ours_and_taken_out() -> None:
    run = make(
        MemoryGroups([group()], members=OURS),
        standing(members={"account-1": FIRST}),
        members=lambda: {"account-1": pulumi.Output.from_input(FIRST)},
    )
    (line,) = run.said("warning")
    assert f"({SECOND}) is a member of group BTG Admins and is this stack's account-2" in line
    assert "none of ours" not in line
    assert len(run.one(GUARD_TYPE).inputs["pending"]) == 1


def test_an_account_still_to_be_made_leaves_known_who_is_to_be_taken_out() -> None:
    def members() -> dict[str, pulumi.Input[str]]:
        later = random.RandomString("later", length=4)
        return {"account-1": FIRST, "account-3": later.result}

    run = make(
        MemoryGroups([group()], members=[OURS[0], ADA]),
        standing(members={"account-1": FIRST}),
        preview=True,
        members=members,
    )
    guard = run.one(GUARD_TYPE).inputs
    assert guard["pending"] == [f"remove member ada@contoso.com ({ADA.id})"]
    assert guard["members"] == [FIRST, UNKNOWN]
    assert memberships(run)["group-member-account-3"] == ""


def test_an_account_that_leaves_is_the_engines_to_remove() -> None:
    run = make(
        MemoryGroups([group()], members=OURS),
        standing(),
        members=lambda: {"account-1": pulumi.Output.from_input(FIRST)},
    )
    assert run.one(GUARD_TYPE).inputs["pending"] == []
    assert [m.name for m in run.of_type("GroupMember")] == ["group-member-account-1"]


def test_who_only_one_look_shows_is_no_stranger() -> None:
    directory = MemoryGroups([group()])
    directory.listed = [[*OURS, ADA], OURS]
    directory.owned = [[application(MAKER), ADA], [application(MAKER)]]
    run = make(directory, standing())
    assert run.one(GUARD_TYPE).inputs["pending"] == []
    assert run.said("warning") == []


def test_owners_are_left_alone_while_it_is_not_known_who_may_own_the_group() -> None:
    memory = {**standing(), GUARD_TYPE: {}}
    run = make(MemoryGroups([group()], members=OURS, owners=[ADA]), memory, own="")
    assert run.one(GUARD_TYPE).inputs["pending"] == []


def test_a_name_with_control_characters_moves_no_cursor() -> None:
    odd = type(ADA)(ADA.id, "ada\x1b[2J\n", "user")
    run = make(MemoryGroups([group()], members=[*OURS, odd]), standing())
    assert run.one(GUARD_TYPE).inputs["pending"] == [f"remove member ada\\x1b[2J\\n ({ADA.id})"]
