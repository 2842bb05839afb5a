"""The rule on exclusions."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from policies.earlier_state import StateError
from policies.resource_types import ADOPTED_ACCOUNT, GROUP, WORKSPACE
from policies.rules import exclusion_stays
from policies.stack_settings import StackSettings
from tests.policy.pack_scene import (
    GROUP_ID,
    IDS,
    LATER,
    NOT_APPLICABLE,
    ROOT,
    Thing,
    stack_verdict,
    standing_stack,
    texts,
)

NOBODY: Final[dict[str, list[str]]] = {"groups": [], "users": []}


def lines(
    planned: Iterable[Thing],
    before: Collection[Thing],
    config: Mapping[str, Any] | None = None,
    **settings: Any,
) -> list[str] | str:
    """What the rule says to a plan, given what the state has and the stack's settings."""
    known = StackSettings()
    known.keep(texts(**settings))
    return judged(planned, before, known, config)


def judged(
    planned: Iterable[Thing],
    before: Collection[Thing],
    known: StackSettings,
    config: Mapping[str, Any] | None = None,
) -> list[str] | str:
    """The same with any settings."""
    state = {
        one.urn: {
            "type": one.type,
            "outputs": one.props,
            "parent": one.parent.urn if one.parent else ROOT,
            "retainOnDelete": one.retained,
        }
        for one in before
    }
    stays = [*planned]
    urns = {one.urn for one in stays}
    deleted = [one for one in before if one.urn not in urns]
    rule = exclusion_stays.rule(lambda _urn, _org: state, known)
    return stack_verdict(rule, stays, config, deleted=deleted)


def without(stack: Mapping[str, Thing], *names: str) -> list[Thing]:
    return [one for name, one in stack.items() if name not in names]


def test_exclusions_that_stay_are_right() -> None:
    stack = standing_stack().values()
    assert lines(stack, stack) == []
    assert lines(stack, []) == []


def test_an_exclusion_that_the_program_forgets_is_refused() -> None:
    stack = standing_stack()
    assert lines(without(stack, "exclusion-p2"), stack.values()) == [
        "exclusion-p2: found that the exclusion from policy 'Policy p2' (p2) would be deleted,"
        " expected it to stay as long as an account lives; put it back into the program"
        " (break-glass:exclusion.skip leaves a policy alone)"
    ]


def test_every_exclusion_that_goes_with_its_component_is_told() -> None:
    stack = standing_stack()
    left = without(stack, "exclusion", "exclusion-p1", "exclusion-p2")
    assert [line.partition(":")[0] for line in lines(left, stack.values())] == [
        "exclusion-p1",
        "exclusion-p2",
    ]


def test_a_policy_that_its_owner_deleted_needs_no_exclusion() -> None:
    stack = standing_stack()
    planned = {**stack, "exclusion": stack["exclusion"].having(gone=["p2"])}
    assert lines(without(planned, "exclusion-p2"), stack.values()) == []


def test_exclusions_may_go_with_the_last_account() -> None:
    stack = standing_stack()
    left = without(stack, "account-1-user", "account-2-user", "exclusion-p1")
    assert lines(left, stack.values()) == NOT_APPLICABLE


ADOPTED = Thing(ADOPTED_ACCOUNT, "adopted-1", {"retired": False})


def retained(number: int, *, retired: bool) -> list[Thing]:
    """A made account that the engine lets go of instead of deleting it."""
    stack = standing_stack()
    account = stack[f"account-{number}"].having(retired=retired)
    return [account, replace(stack[f"account-{number}-user"], parent=account, retained=True)]


@pytest.mark.parametrize("planned", [[], [Thing(WORKSPACE, "logs")]])
@pytest.mark.parametrize("accounts", [[ADOPTED], retained(1, retired=False)])
def test_exclusions_of_accounts_that_live_on_do_not_go_with_the_whole_program(
    planned: list[Thing], accounts: list[Thing]
) -> None:
    stack = standing_stack()
    told = lines(planned, [*accounts, stack["exclusion"], stack["exclusion-p1"]])
    assert isinstance(told, list)
    assert [line.partition(":")[0] for line in told] == ["exclusion-p1"]


@pytest.mark.parametrize("accounts", [[ADOPTED.having(retired=True)], retained(1, retired=True)])
def test_exclusions_of_accounts_that_had_retired_may_go(accounts: list[Thing]) -> None:
    stack = standing_stack()
    before = [*accounts, stack["exclusion"], stack["exclusion-p1"]]
    assert lines([], before) == NOT_APPLICABLE


@pytest.mark.parametrize("key", ["policyId", "tenantId"])
def test_an_exclusion_that_is_replaced_is_refused(key: str) -> None:
    stack = standing_stack()
    planned = {**stack, "exclusion-p1": stack["exclusion-p1"].having(**{key: "other"})}
    (line,) = lines(planned.values(), stack.values())
    assert line.startswith(f"exclusion-p1: found another {key} than in the state, which replaces")


def test_an_id_in_other_letters_replaces_nothing() -> None:
    stack = standing_stack()
    planned = {**stack, "exclusion-p1": stack["exclusion-p1"].having(tenantId="T")}
    assert lines(planned.values(), stack.values()) == []


def test_a_new_exclusion_of_nothing_needs_a_reason() -> None:
    stack = standing_stack()
    before = without(stack, "exclusion-p1")
    empty = stack["exclusion-p1"].having(wanted=NOBODY)
    (line,) = lines([*before, empty], before)
    assert line.startswith("exclusion-p1: found nothing to exclude from 'Policy p1' and no reason")
    skipped = empty.having(reason="applies to workload identities, not to users")
    assert lines([*before, skipped], before) == []
    assert lines([*before, skipped], [*before, skipped]) == []


def shrunk(groups: list[str], users: list[str]) -> dict[str, Thing]:
    """The standing stack with these objects excluded from the first policy."""
    stack = standing_stack()
    wanted = {"groups": groups, "users": users}
    stack["exclusion-p1"] = stack["exclusion-p1"].having(wanted=wanted)
    return stack


def test_an_account_that_an_exclusion_loses_is_told() -> None:
    (line,) = lines(shrunk([], [IDS[1]]).values(), standing_stack().values())
    assert line.startswith(
        "exclusion-p1: found that policy 'Policy p1' (p1) would no longer exclude account-2"
        f" ({IDS[2]})"
    )


@pytest.mark.parametrize(
    ("groups", "users"),
    [([GROUP_ID], []), ([], [IDS[1], IDS[2].upper()]), ([LATER], []), ([], [IDS[1], LATER])],
)
def test_an_account_that_stays_excluded_one_way_or_the_other_is_right(
    groups: list[str], users: list[str]
) -> None:
    assert lines(shrunk(groups, users).values(), standing_stack().values()) == []


def test_an_account_that_retires_may_lose_its_exclusion() -> None:
    retiring = shrunk([], [IDS[1]])
    retiring["account-2"] = retiring["account-2"].having(retired=True)
    assert lines(retiring.values(), standing_stack().values()) == []


def by_group_alone() -> dict[str, Thing]:
    """The standing stack, whose first policy excludes the accounts by the group alone."""
    return shrunk([GROUP_ID], [])


def test_an_account_that_leaves_the_group_is_told_where_the_group_alone_excluded_it() -> None:
    stack = by_group_alone()
    (line,) = lines(without(stack, "group-member-account-2"), stack.values())
    assert line.startswith("exclusion-p1: found that policy 'Policy p1' (p1) would no longer exc")
    assert f"account-2 ({IDS[2]})" in line


def test_a_member_of_any_name_is_known_by_its_object_id() -> None:
    stack = by_group_alone()
    other = replace(stack["group-member-account-2"], name="second")
    left = [*without(stack, "group-member-account-2"), other]
    assert lines(left, stack.values()) == []


def test_another_group_in_the_place_of_ours_excludes_nobody() -> None:
    told = lines(shrunk([IDS[9]], []).values(), by_group_alone().values())
    assert [line.partition(" exclude ")[2][:9] for line in told] == ["account-1", "account-2"]


@pytest.mark.parametrize(
    "accounts",
    [
        {"named": {"account-1": {}, "account-2": {"excluded": False}}},
        {"named": {"account-2": {"excluded": "false"}}},
        {"adopt": [{"account": IDS[2], "excluded": False}]},
        {"adopt": ["x@y", {"account": "K2@contoso.onmicrosoft.com", "excluded": False}]},
    ],
)
def test_an_account_that_the_settings_let_go_of_may_leave(accounts: dict[str, Any]) -> None:
    stack = by_group_alone()
    left = without(stack, "group-member-account-2")
    assert lines(left, stack.values(), accounts=accounts) == []


@pytest.mark.parametrize(
    "accounts",
    [
        {"named": {"account-1": {"excluded": False}, "account-2": {}}},
        {"named": {"account-2": {"excluded": True}}},
        {"adopt": [{"account": IDS[2]}, {"account": IDS[1], "excluded": False}]},
    ],
)
def test_a_setting_of_another_account_lets_nobody_go(accounts: dict[str, Any]) -> None:
    stack = by_group_alone()
    left = without(stack, "group-member-account-2")
    (line,) = lines(left, stack.values(), accounts=accounts)
    assert "exclude account-2" in line


def with_group() -> dict[str, Thing]:
    """The standing stack with the group itself, and one of somebody else."""
    stack = standing_stack()
    groups = Thing(GROUP, "group-group", parent=stack["group"]), Thing(GROUP, "sales")
    return stack | {one.name: one for one in groups}


def test_the_group_stays_unless_the_settings_name_another() -> None:
    stack = with_group()
    left = without(stack, "group-group", "sales")
    (line,) = lines(left, stack.values())
    assert line.startswith("group-group: found that the group would be deleted by which policies")
    assert lines(left, stack.values(), group={"existing": IDS[5]}) == []
    assert lines(left, stack.values(), premium="absent") == []
    assert lines(stack.values(), stack.values()) == []


def test_an_account_that_was_not_excluded_loses_nothing() -> None:
    before = shrunk([], [IDS[1]])
    assert lines(before.values(), before.values()) == []


@pytest.mark.parametrize(
    "wanted",
    [
        LATER,
        {"groups": LATER, "users": []},
        {"groups": [LATER], "users": []},
        {"groups": [], "users": LATER},
        {"groups": [], "users": [LATER]},
    ],
)
def test_what_is_excluded_may_be_known_later(wanted: Any) -> None:
    before, stack = standing_stack(), standing_stack()
    stack["exclusion-p1"] = stack["exclusion-p1"].having(wanted=wanted)
    assert lines(stack.values(), before.values()) == []


def test_who_was_excluded_by_himself_alone_and_by_nothing_are_told_apart() -> None:
    members = ("group-member-account-1", "group-member-account-2")
    alone = without(shrunk([], [IDS[1], IDS[2]]), *members)
    (line,) = lines(without(shrunk([], [IDS[1]]), *members), alone)
    assert "exclude account-2" in line
    nobody = without(by_group_alone(), *members)
    assert lines(nobody, nobody) == []


def test_a_group_or_a_member_that_is_known_later_may_be_ours() -> None:
    stack, before = by_group_alone(), by_group_alone().values()
    stack["group"] = stack["group"].having(groupId=None)
    stack["group-member-account-1"] = stack["group-member-account-1"].having(memberObjectId=LATER)
    assert lines(stack.values(), before) == []
    stack["exclusion-p1"] = stack["exclusion-p1"].having(wanted={"groups": [], "users": [IDS[9]]})
    assert len(lines(stack.values(), before)) == 2


def test_an_exclusion_that_would_be_deleted_first_is_refused() -> None:
    stack = standing_stack()
    stack["exclusion-p1"] = replace(stack["exclusion-p1"], delete_before_replace=True)
    (line,) = lines(stack.values(), stack.values())
    assert line.startswith("exclusion-p1: found delete_before_replace, expected none")


def test_a_state_that_cannot_be_read_is_no_clean_bill() -> None:
    def unreadable(urn: str, organization: str) -> Mapping[str, Mapping[str, Any]]:
        raise StateError(f"{urn} {organization}")

    rule = exclusion_stays.rule(unreadable)
    (line,) = stack_verdict(rule, standing_stack().values(), {"organization": "contoso"})
    assert line.startswith(f"exclusions: found no way to the stack's state ({ROOT} contoso)")


def test_a_state_that_cannot_be_read_says_nothing_of_another_program_but_of_an_empty_one() -> None:
    def unreadable(urn: str, organization: str) -> Mapping[str, Mapping[str, Any]]:
        raise StateError(f"{urn} {organization}")

    rule = exclusion_stays.rule(unreadable)
    assert stack_verdict(rule, [Thing(WORKSPACE, "logs")]) == NOT_APPLICABLE
    (line,) = stack_verdict(rule, [])
    assert line.startswith("exclusions: found no way to the stack's state")
