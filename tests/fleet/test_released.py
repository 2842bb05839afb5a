"""Exclusions that end are told in words, first of all that is worth knowing."""

from typing import Any

import pytest

from fleet.exclusions import UNKNOWN
from tests.fleet.steps import FIRST, GROUP, RECORDED, SECOND, events_of, policy, step

NOBODY: dict[str, list[str]] = {"groups": [], "users": []}


def told(*steps: dict[str, Any]) -> list[str]:
    return events_of(*steps).released()


def test_policies_that_exclude_nobody_any_more_are_told_in_one_line() -> None:
    many = [policy("update", number, wanted=NOBODY, reason="paused") for number in range(1, 8)]
    assert told(*many) == [
        "7 policies no longer exclude group BTG Admins, account first: 'Policy 1', 'Policy 2',"
        " 'Policy 3', 'Policy 4', 'Policy 5' and 2 more"
    ]


def test_one_that_loses_something_else_has_a_line_of_its_own() -> None:
    found = told(
        policy("update", 1, wanted=NOBODY),
        policy("update", 2, wanted={"groups": [GROUP.upper()], "users": [SECOND]}),
    )
    assert found == [
        "1 policy no longer excludes group BTG Admins, account first: 'Policy 1'",
        "1 policy no longer excludes account first: 'Policy 2'",
    ]


def test_an_exclusion_that_is_deleted_ends() -> None:
    assert told(policy("delete", 1)) == [
        "1 policy no longer excludes group BTG Admins, account first: 'Policy 1'"
    ]


@pytest.mark.parametrize(
    "one",
    [
        policy("same", 1),
        policy("create", 1, wanted=NOBODY),
        policy("refresh", 1, wanted=NOBODY),
        policy("update", 1, "exclude account second", wanted={"groups": [GROUP], "users": [FIRST]}),
        policy("update", 1, wanted=UNKNOWN),
        policy("update", 1, wanted={"groups": UNKNOWN, "users": [UNKNOWN]}),
        step(
            "update", "a:b:C", "other", old={"inputs": {}, "outputs": {"wanted": {"users": ["x"]}}}
        ),
    ],
)
def test_what_stays_begins_or_is_known_later_is_not_told(one: dict[str, Any]) -> None:
    assert told(one) == []


def test_a_recorded_preview_of_a_third_account_ends_no_exclusion() -> None:
    assert told(*RECORDED) == []
