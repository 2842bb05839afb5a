"""What a stack's state tells of the policies: those that were written, not those planned."""

import json
from typing import Any

import pytest

from fleet.standing import EXCLUSION, STACK, read_standing


def excluded(children: list[dict[str, Any]], outputs: dict[str, Any]) -> int | None:
    stack = {"type": STACK, "outputs": outputs}
    resources = [stack, *({"type": EXCLUSION, **one} for one in children)]
    return read_standing(json.dumps({"deployment": {"resources": resources}})).policies.excluded


def test_a_policy_that_the_run_did_not_reach_is_not_counted_as_excluded() -> None:
    planned = {"excludedPolicies": [{"id": "p1"}, {"id": "p2"}]}
    assert excluded([{"outputs": {"policyId": "p1"}}], planned) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"outputs": {"reason": "for agents"}},
        {"inputs": {"reason": "for agents"}},
        {"outputs": {"refused": "kept by Microsoft"}},
        {"outputs": {}, "delete": True},
    ],
)
def test_what_does_not_exclude_the_accounts_is_not_counted(other: dict[str, Any]) -> None:
    assert excluded([{"outputs": {"policyId": "p1"}}, other], {}) == 1


def test_no_policy_and_not_looked_at_are_told_apart() -> None:
    assert excluded([], {"excludedPolicies": []}) == 0
    assert excluded([], {}) is None
