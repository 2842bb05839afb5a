"""The rule on exclusions of a plan, whatever stood before."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.resource_types import MEMBER
from policies.rules import accounts_excluded
from policies.stack_settings import StackSettings
from tests.policy.pack_scene import (
    GROUP_ID,
    IDS,
    LATER,
    NOT_APPLICABLE,
    Thing,
    stack_verdict,
    standing_stack,
    texts,
)

BY_GROUP: Mapping[str, Any] = {"groups": [GROUP_ID], "users": []}


def lines(stack: Mapping[str, Thing], **settings: Any) -> list[str]:
    known = StackSettings()
    known.keep(texts(**settings))
    found = stack_verdict(accounts_excluded.rule(known), stack.values())
    assert isinstance(found, list)
    return found


def having(wanted: Any, *left_out: str) -> dict[str, Thing]:
    """The standing stack with this excluded from its first policy, and without some resources."""
    stack = standing_stack()
    stack["exclusion-p1"] = stack["exclusion-p1"].having(wanted=wanted)
    return {name: one for name, one in stack.items() if name not in left_out}


def test_accounts_are_reached_by_the_group_or_by_themselves() -> None:
    assert lines(standing_stack()) == []
    assert lines(having(BY_GROUP)) == []
    assert lines(having({"groups": [], "users": [IDS[1], IDS[2].upper()]})) == []


def test_a_group_of_which_an_account_is_no_member_reaches_it_not() -> None:
    assert lines(having(BY_GROUP, "group-member-account-2")) == [
        "exclusion-p1: found that policy 'Policy p1' would exclude neither account-2 nor a group"
        " that the program puts it in, expected one of them; give CaExclusionPatch the account, or"
        " the group and make it a member"
    ]


def test_another_group_reaches_nobody() -> None:
    assert len(lines(having({"groups": [IDS[9]], "users": []}))) == 2


def test_a_membership_of_that_name_in_another_group_or_of_another_object_reaches_nobody() -> None:
    for wrong in ({"groupObjectId": IDS[9]}, {"memberObjectId": IDS[9]}):
        stack = having(BY_GROUP)
        name = "group-member-account-2"
        stack[name] = stack[name].having(**wrong)
        (line,) = lines(stack)
        assert "account-2" in line


def test_a_group_of_somebody_elses_reaches_the_members_that_the_program_adds() -> None:
    stack = having({"groups": [IDS[9].upper()], "users": [IDS[1]]}, "group")
    joined = {"groupObjectId": IDS[9], "memberObjectId": IDS[2]}
    assert lines({**stack, "joined": Thing(MEMBER, "joined", joined)}) == []


def test_a_member_of_an_existing_group_from_before_is_reached_without_a_membership_of_ours() -> (
    None
):
    stack = having(BY_GROUP, "group-member-account-1", "group-member-account-2")
    for existing, accounts, unreached in (
        (True, ["account-1", "account-2"], 0),
        (True, ["account-1"], 1),
        (False, ["account-1", "account-2"], 2),
    ):
        stack["group"] = stack["group"].having(existing=existing, accounts=accounts)
        assert len(lines(stack)) == unreached


@pytest.mark.parametrize(
    "wanted", [LATER, {"groups": [LATER], "users": []}, {"groups": [], "users": LATER}]
)
def test_what_is_known_later_is_not_judged_yet(wanted: Any) -> None:
    assert lines(having(wanted, "group-member-account-1", "group-member-account-2")) == []


def test_a_membership_that_is_known_later_is_known_by_its_name() -> None:
    stack = having(BY_GROUP)
    for number in (1, 2):
        name = f"group-member-account-{number}"
        stack[name] = stack[name].having(groupObjectId=LATER, memberObjectId=LATER)
    assert lines(stack) == []
    stack["group-member-account-2"] = replace(stack["group-member-account-2"], name="other")
    (line,) = lines(stack)
    assert "account-2" in line


def test_a_policy_that_is_skipped_and_an_account_that_the_settings_keep_out_are_right() -> None:
    stack = having(BY_GROUP, "group-member-account-2")
    assert lines(stack, accounts={"named": {"account-2": {"excluded": False}}}) == []
    assert len(lines(stack, accounts={"named": {"account-1": {"excluded": False}}})) == 1
    nobody = having({"groups": [], "users": []})
    assert len(lines(nobody)) == 2
    nobody["exclusion-p1"] = nobody["exclusion-p1"].having(reason="applies to no users")
    assert lines(nobody) == []


def test_accounts_without_any_exclusion_are_refused() -> None:
    (line,) = lines(having(BY_GROUP, "exclusion", "exclusion-p1", "exclusion-p2"))
    assert line.startswith("exclusions: found none for the accounts, expected a CaExclusionPatch")


def test_a_tenant_without_policies_has_nothing_to_exclude_from() -> None:
    assert lines(having(BY_GROUP, "exclusion-p1", "exclusion-p2")) == []


def test_a_stack_without_accounts_has_none_to_exclude() -> None:
    stack = standing_stack()
    others = [stack["exclusion"], stack["exclusion-p1"]]
    assert stack_verdict(accounts_excluded.rule(), others) == NOT_APPLICABLE
