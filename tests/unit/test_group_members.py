"""Whose member is whose: what the state keeps of one group says nothing of another."""

from components.group_guard import TYPE as GUARD_TYPE
from components.group_members import MEMBER_TYPE
from tests.unit.group_scene import ADA, FIRST, SECOND, MemoryGroups, group, make, standing, user


def test_a_member_of_a_group_that_is_named_alike_is_a_stranger_in_ours() -> None:
    memory = standing()
    backup = f"urn:pulumi:unit::break-glass::{MEMBER_TYPE}::backup-group-member-ada"
    memory[MEMBER_TYPE][backup] = {"memberObjectId": ADA.id}
    run = make(MemoryGroups([group()], members=[user(FIRST), user(SECOND), ADA]), memory)
    assert run.one(GUARD_TYPE).inputs["pending"] == [f"remove member ada@contoso.com ({ADA.id})"]
