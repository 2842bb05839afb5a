"""A group that was there before the stack: only our memberships in it are ours."""

import pytest

from components.group_checks import TYPE
from components.group_guard import TYPE as GUARD_TYPE
from components.group_members import MEMBER_TYPE
from tests.unit.group_scene import (
    ADA,
    FIRST,
    OTHER_ID,
    SECOND,
    URN,
    MemoryGroups,
    group,
    make,
    standing,
    user,
)
from tests.unit.harness import Recording


def members(run: Recording) -> dict[str, str]:
    return {member.name: member.import_id for member in run.of_type("GroupMember")}


def test_no_group_and_no_guard_is_made_and_our_accounts_join_it() -> None:
    run = make(MemoryGroups([group(OTHER_ID, "Emergency")]), existing=OTHER_ID)

    assert run.of_type("Group") == []
    assert run.of_type(GUARD_TYPE) == []
    assert [m.inputs["groupObjectId"] for m in run.of_type("GroupMember")] == [OTHER_ID] * 2
    assert run.outputs["groupId"] == OTHER_ID
    assert run.named("group").outputs == {
        "groupId": OTHER_ID,
        "existing": True,
        "name": "Emergency",
        "members": ["account-1", "account-2"],
        "accounts": ["account-1", "account-2"],
        "protected": True,
    }


def test_others_in_it_are_told_and_stay() -> None:
    memory = standing(group_id=OTHER_ID, existing=True)
    directory = MemoryGroups([group(OTHER_ID)], members=[user(FIRST), ADA])
    run = make(directory, memory, existing=OTHER_ID)
    (line,) = run.said("warning")
    assert f"ada@contoso.com ({ADA.id})" in line
    assert FIRST not in line
    assert "they stay" in line


@pytest.mark.parametrize(
    ("began", "registered"),
    [(False, {}), (True, {"group-member-adopted-1": f"{OTHER_ID}/member/{FIRST}"})],
)
def test_an_adopted_account_that_was_in_it_before_is_not_ours_to_remove(
    began: bool, registered: dict[str, str]
) -> None:
    """Unless an earlier run began to add it: then only the service's answer was lost."""
    memory = {TYPE: {URN: {"existing": True, "groupId": OTHER_ID, "members": ["adopted-1"]}}}
    run = make(
        MemoryGroups([group(OTHER_ID)], members=[user(FIRST)]),
        memory if began else {},
        members=lambda: {"adopted-1": FIRST},
        existing=OTHER_ID,
    )
    assert members(run) == registered
    assert run.named("group").outputs["members"] == [
        name.removeprefix("group-member-") for name in registered
    ]
    assert run.said("warning") == []


def test_an_adopted_account_that_joined_through_us_stays_ours() -> None:
    memory = standing(group_id=OTHER_ID, existing=True, members={"adopted-1": FIRST})
    memory[TYPE] = {}
    assert memory[MEMBER_TYPE]
    run = make(
        MemoryGroups([group(OTHER_ID)], members=[user(FIRST)]),
        memory,
        members=lambda: {"adopted-1": FIRST},
        existing=OTHER_ID,
    )
    assert members(run) == {"group-member-adopted-1": ""}


def test_an_account_of_our_own_is_ours_in_it_however_it_got_there() -> None:
    memory = standing(group_id=OTHER_ID, existing=True, members={})
    run = make(MemoryGroups([group(OTHER_ID)], members=[user(SECOND)]), memory, existing=OTHER_ID)
    assert members(run) == {
        "group-member-account-1": "",
        "group-member-account-2": f"{OTHER_ID}/member/{SECOND}",
    }
