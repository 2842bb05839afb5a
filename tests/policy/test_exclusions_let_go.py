"""What ends an exclusion: a setting, and never what the exclusion says of itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies.stack_settings import NAMESPACE, StackSettings
from tests.policy.pack_scene import IDS, LATER, Thing, standing_stack, texts
from tests.policy.test_exclusions import NOBODY, judged, lines

REASON = "does not ask for multifactor authentication (exclusion scope: mfa-only)"


def emptied(**props: Any) -> dict[str, Thing]:
    """The standing stack, whose first policy excludes nobody any more and says why."""
    stack = standing_stack()
    changed = {"wanted": NOBODY, "reason": REASON, **props}
    return stack | {"exclusion-p1": stack["exclusion-p1"].having(**changed)}


def decided(
    scope: str, last: str | None = None, *, revisions: tuple[int, int] = (1, 1)
) -> list[Thing]:
    """The standing stack's state, with the scope under which the policy was decided on."""
    stack = standing_stack()
    under: dict[str, Any] = {"scope": scope, "skip": [], "revision": revisions[0]}
    stack["exclusion-p1"] = stack["exclusion-p1"].having(decidedUnder=under)
    if last:
        whole: dict[str, Any] = {"scope": last, "skip": [], "revision": revisions[1]}
        stack["exclusion"] = stack["exclusion"].having(**whole)
    return [*stack.values()]


def told(found: list[str] | str) -> list[str]:
    """Which accounts lose which exclusion."""
    assert isinstance(found, list)
    return [f"{one.partition(':')[0]} {one.partition(' exclude ')[2].split()[0]}" for one in found]


LOST = ["exclusion-p1 account-1", "exclusion-p1 account-2"]


@pytest.mark.parametrize("reason", [REASON, "paused", "listed under skip"])
def test_no_reason_of_the_programs_ends_an_exclusion(reason: str) -> None:
    assert told(lines(emptied(reason=reason).values(), standing_stack().values())) == LOST


@pytest.mark.parametrize("entry", ["p1", "P1", " policy P1 "])
def test_a_policy_on_the_skip_list_is_let_go(entry: str) -> None:
    exclusion = {"skip": ["Another", entry]}
    assert lines(emptied().values(), standing_stack().values(), exclusion=exclusion) == []


def test_a_policy_on_the_skip_list_may_have_been_renamed_since_the_last_run() -> None:
    renamed = emptied(policyName="New")
    for name in ("New", "Policy p1"):
        found = lines(renamed.values(), standing_stack().values(), exclusion={"skip": [name]})
        assert found == [], name


@pytest.mark.parametrize("skip", [[], ["p2"], ["Policy"], "p1", [""]])
def test_the_skip_list_lets_no_other_policy_go(skip: Any) -> None:
    found = lines(emptied().values(), standing_stack().values(), exclusion={"skip": skip})
    assert told(found) == LOST


def test_a_scope_that_becomes_narrower_lets_go() -> None:
    exclusion = {"scope": "mfa-only"}
    assert lines(emptied().values(), decided("all"), exclusion=exclusion) == []
    assert lines(emptied().values(), decided("all", "all"), exclusion=exclusion) == []


@pytest.mark.parametrize(
    ("before", "scope"),
    [
        (decided("mfa-only"), "mfa-only"),
        (decided("all", "mfa-only", revisions=(1, 2)), "mfa-only"),
        (decided("mfa-only", "all", revisions=(2, 1)), "mfa-only"),
        ([*standing_stack().values()], "mfa-only"),
        (decided("all"), "all"),
        (decided("mfa-only"), "all"),
    ],
    ids=["was so", "the last run's", "its own", "not known", "is wide", "becomes wide"],
)
def test_a_scope_that_was_so_before_or_is_wide_lets_nobody_go(
    before: list[Thing], scope: str
) -> None:
    found = lines(emptied().values(), before, exclusion={"scope": scope})
    assert told(found) == LOST


def test_a_reason_does_not_hide_that_one_account_of_two_is_lost() -> None:
    left = emptied(wanted={"groups": [], "users": [IDS[1]]})
    assert told(lines(left.values(), standing_stack().values())) == LOST[1:]


def settings(named: Mapping[str, str]) -> StackSettings:
    """Settings by their full names."""
    found = StackSettings()
    found.keep(named)
    return found


def test_a_program_of_its_own_has_its_settings_under_its_own_name() -> None:
    def mine(stack: Mapping[str, Thing]) -> list[Thing]:
        return [replace(one, project="mine") for one in stack.values()]

    own, other = settings({"mine:skip": '["p1"]'}), settings({"theirs:skip": '["p1"]'})
    ours = settings(texts(exclusion={"skip": ["p1"]}))
    stack, before = mine(emptied()), mine(standing_stack())
    assert judged(stack, before, own) == []
    for known in (other, ours):
        assert told(judged(stack, before, known)) == LOST
    at_home = settings({f"{NAMESPACE}:skip": '["p1"]'})
    assert told(judged(emptied().values(), standing_stack().values(), at_home)) == LOST


def for_others(**things: Thing) -> dict[str, Thing]:
    """A stack that excludes accounts of another one."""
    return {name: one for name, one in (standing_stack() | things).items() if "exclusion" in name}


def test_exclusions_of_accounts_that_are_elsewhere_stay_too() -> None:
    before = for_others().values()
    assert lines(before, before) == []
    for left in ([], [standing_stack()["exclusion"]]):
        found = lines(left, before)
        assert [one.partition(":")[0] for one in found] == ["exclusion-p1", "exclusion-p2"]
    known_later = for_others(**{"exclusion-p1": emptied(wanted=LATER)["exclusion-p1"]})
    assert lines(known_later.values(), before) == []


def test_an_exclusion_of_accounts_that_are_elsewhere_is_emptied_by_a_setting_only() -> None:
    before, now = for_others().values(), for_others(**emptied()).values()
    (line,) = lines(now, before)
    assert line.startswith("exclusion-p1: found that policy 'Policy p1' (p1) would exclude nobody")
    assert lines(now, before, exclusion={"skip": ["p1"]}) == []
    assert lines(now, now) == []
