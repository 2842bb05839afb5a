"""The rule on policies that the stack makes."""

from dataclasses import replace
from typing import Any

import pytest

from policies.resource_types import CONDITIONAL_ACCESS
from policies.rules import conditional_access_excludes
from tests.policy.pack_scene import (
    GROUP_ID,
    IDS,
    LATER,
    NOT_APPLICABLE,
    Thing,
    stack_verdict,
    standing_stack,
)


def conditional_access(**users: Any) -> Thing:
    """A policy of the stack's own."""
    return Thing(CONDITIONAL_ACCESS, "mfa", {"conditions": {"users": users}})


@pytest.mark.parametrize(
    "users",
    [
        {"excludedGroups": ["other", GROUP_ID.upper()]},
        {"excludedUsers": [IDS[1], IDS[2]]},
    ],
)
def test_a_policy_with_the_group_or_all_accounts_excluded_is_taken(users: dict[str, Any]) -> None:
    stack = [*standing_stack().values(), conditional_access(**users)]
    assert stack_verdict(conditional_access_excludes.RULE, stack) == []


@pytest.mark.parametrize(
    "users",
    [{}, {"excludedGroups": ["other"]}, {"excludedUsers": [IDS[1]]}, {"excludedGroups": [LATER]}],
)
def test_a_policy_without_the_exclusion_is_refused(users: dict[str, Any]) -> None:
    stack = [*standing_stack().values(), conditional_access(**users)]
    (line,) = stack_verdict(conditional_access_excludes.RULE, stack)
    assert line.startswith("mfa: found neither the group nor all accounts of the stack")


def test_a_policy_for_workload_identities_has_nobody_to_exclude() -> None:
    stack = [*standing_stack().values(), conditional_access(includedUsers=["None"])]
    assert stack_verdict(conditional_access_excludes.RULE, stack) == []


@pytest.mark.parametrize(
    "users",
    [
        {"includedUsers": ["All"]},
        {"includedUsers": ["None", "All"]},
        {"includedUsers": [LATER]},
        {"includedUsers": LATER},
        {"includedUsers": ["None"], "includedGroups": ["g"]},
        {"includedUsers": ["None"], "includedRoles": LATER},
        {"includedUsers": ["None"], "includedGuestsOrExternalUsers": [{"x": "y"}]},
    ],
)
def test_a_policy_that_may_be_for_somebody_needs_the_exclusion(users: dict[str, Any]) -> None:
    stack = [*standing_stack().values(), conditional_access(**users)]
    assert len(stack_verdict(conditional_access_excludes.RULE, stack)) == 1


@pytest.mark.parametrize(
    ("users", "needed"),
    [
        ({"excludedGroups": [LATER]}, ["group"]),
        ({"excludedUsers": LATER}, ["account-1-user", "account-2-user"]),
        ({"excludedUsers": [LATER, LATER]}, ["account-1-user", "account-2-user"]),
        ({"excludedUsers": [IDS[1], LATER]}, ["account-2-user"]),
    ],
)
def test_a_policy_that_waits_for_what_it_excludes_is_taken(
    users: dict[str, Any], needed: list[str]
) -> None:
    stack = standing_stack()
    needs = tuple(stack[name] for name in needed)
    policy = replace(conditional_access(**users), depends_on=needs)
    assert stack_verdict(conditional_access_excludes.RULE, [*stack.values(), policy]) == []


@pytest.mark.parametrize(
    ("users", "needed"),
    [
        ([LATER], ["account-1-user", "account-2-user"]),
        ([IDS[1], IDS[9]], ["account-2-user"]),
        ([IDS[1], LATER], ["account-1-user"]),
        (LATER, ["account-1-user"]),
    ],
)
def test_a_policy_that_waits_for_one_account_of_two_is_refused(
    users: Any, needed: list[str]
) -> None:
    stack = standing_stack()
    needs = tuple(stack[name] for name in needed)
    policy = replace(conditional_access(excludedUsers=users), depends_on=needs)
    (line,) = stack_verdict(conditional_access_excludes.RULE, [*stack.values(), policy])
    assert line.startswith("mfa: found neither the group nor all accounts of the stack")


def test_a_stack_that_makes_no_policy_has_none_to_look_at() -> None:
    stack = standing_stack().values()
    assert stack_verdict(conditional_access_excludes.RULE, stack) == NOT_APPLICABLE


def for_others(**users: Any) -> list[str] | str:
    """What is said in a stack whose accounts are elsewhere; its exclusions want a group and two."""
    stack = standing_stack()
    mine = [stack[name] for name in ("exclusion", "exclusion-p1", "exclusion-p2")]
    return stack_verdict(conditional_access_excludes.RULE, [*mine, conditional_access(**users)])


def test_a_policy_beside_exclusions_of_others_excludes_the_same() -> None:
    everybody: dict[str, Any] = {"excludedGroups": [GROUP_ID], "excludedUsers": [IDS[1], IDS[2]]}
    assert for_others(**everybody) == []
    assert for_others(**everybody | {"excludedGroups": ["x", LATER]}) == []
    assert for_others(**everybody | {"excludedGroups": LATER, "excludedUsers": LATER}) == []
    for lacking in ({"excludedGroups": ["x"]}, {"excludedUsers": [IDS[1]]}):
        assert len(for_others(**everybody | lacking)) == 1, lacking
    assert len(for_others(includedUsers=["All"])) == 1
