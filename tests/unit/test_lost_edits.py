"""Whose edit our own write undid, from records of the audit log."""

from datetime import UTC, datetime, timedelta

import pytest

from entra.exclusion import Entries
from entra.lost_edits import WINDOW, lost_edits
from entra.policy import Policy
from entra.policy_change import PolicyChange, PolicyRecord
from tests.unit.graph_stub import policy_document

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
GROUP = Entries(groups=("ours",))
NOBODY = Entries()


def entries(*users: str, groups: tuple[str, ...] = ()) -> Entries:
    return Entries(groups, users)


def record(
    second: float, before: Entries | None, after: Entries | None, *, own: bool = False
) -> PolicyRecord:
    by = "application 'ours'" if own else "ada@contoso.com"
    change = PolicyChange("p1", "Update", by, START + timedelta(seconds=second))
    return PolicyRecord(change, own, before, after)


def live(now: Entries) -> dict[str, Policy]:
    users = {"excludeUsers": list(now.users), "excludeGroups": list(now.groups)}
    return {"P1": Policy.from_document(policy_document("P1", users=users))}


PUT_IN = (
    record(0, entries("x"), entries("x", "new")),
    record(2, entries("x", "new"), entries("x") | GROUP, own=True),
)
TAKEN_OUT = (
    record(0, entries("x", "old"), entries("x")),
    record(2, entries("x"), entries("x", "old") | GROUP, own=True),
)


@pytest.mark.parametrize("reverse", [False, True])
def test_an_entry_that_somebody_added_and_our_write_dropped_is_told(reverse: bool) -> None:
    records = PUT_IN[::-1] if reverse else PUT_IN
    (lost,) = lost_edits(records, GROUP, live(entries("x") | GROUP))
    assert (lost.policy_id, lost.put_in, lost.taken_out) == ("p1", entries("new"), NOBODY)
    assert (lost.edit.by, lost.edit.at) == ("ada@contoso.com", START)
    assert lost.write.at == START + timedelta(seconds=2)


def test_an_entry_that_somebody_removed_and_our_write_brought_back_is_told() -> None:
    (lost,) = lost_edits(TAKEN_OUT, GROUP, live(entries("x", "old") | GROUP))
    assert (lost.put_in, lost.taken_out) == (NOBODY, entries("old"))


@pytest.mark.parametrize(
    ("records", "now"),
    [(PUT_IN, entries("x", "NEW") | GROUP), (TAKEN_OUT, entries("x") | GROUP)],
    ids=["put in again", "taken out again"],
)
def test_an_edit_that_stands_again_is_not_lost(
    records: tuple[PolicyRecord, ...], now: Entries
) -> None:
    assert lost_edits(records, GROUP, live(now)) == []


@pytest.mark.parametrize(
    ("records", "later", "now"),
    [
        (PUT_IN, entries("x", "new") | GROUP, entries("x") | GROUP),
        (TAKEN_OUT, entries("x") | GROUP, entries("x", "old") | GROUP),
    ],
    ids=["put in", "taken out"],
)
def test_an_edit_that_was_made_good_once_is_its_owners_again(
    records: tuple[PolicyRecord, ...], later: Entries, now: Entries
) -> None:
    made_good = record(60, records[1].after, later)
    undone_by_them = record(90, later, now)
    assert lost_edits([*records, made_good, undone_by_them], GROUP, live(now)) == []


@pytest.mark.parametrize(("extra", "count"), [(0, 1), (1, 0)])
def test_what_stood_there_for_long_was_removed_on_purpose(extra: int, count: int) -> None:
    late = WINDOW.total_seconds() + extra
    records = [PUT_IN[0], record(late, entries("x", "new"), entries("x"), own=True)]
    assert len(lost_edits(records, GROUP, live(entries("x")))) == count


def test_our_own_entry_put_back_is_no_lost_edit() -> None:
    records = [
        record(0, entries("x") | GROUP, entries("x")),
        record(2, entries("x"), entries("x") | GROUP, own=True),
    ]
    assert lost_edits(records, GROUP, live(entries("x") | GROUP)) == []


def test_an_account_of_ours_that_somebody_added_and_we_take_out_is_no_lost_edit() -> None:
    records = [
        record(0, NOBODY, entries("account")),
        record(2, entries("account"), NOBODY, own=True),
    ]
    assert lost_edits(records, GROUP | entries("account"), live(NOBODY)) == []


def test_of_two_who_added_the_same_only_the_last_lost_it() -> None:
    records = [
        record(0, NOBODY, entries("a")),
        record(1, entries("a"), NOBODY),
        record(2, NOBODY, entries("a")),
        record(3, entries("a"), GROUP, own=True),
    ]
    (lost,) = lost_edits(records, GROUP, live(GROUP))
    assert lost.edit.at == START + timedelta(seconds=2)


def test_what_we_added_ourselves_and_take_out_is_no_lost_edit() -> None:
    records = [
        record(0, NOBODY, entries("account"), own=True),
        record(2, entries("account"), NOBODY, own=True),
    ]
    assert lost_edits(records, GROUP, live(NOBODY)) == []


def test_what_somebody_else_did_to_somebody_elses_edit_is_not_ours() -> None:
    records = [PUT_IN[0], record(2, entries("x", "new"), entries("x"))]
    assert lost_edits(records, GROUP, live(entries("x"))) == []


def test_of_a_policy_that_is_gone_nothing_is_lost() -> None:
    assert lost_edits(PUT_IN, GROUP, {}) == []


@pytest.mark.parametrize("number", [0, 1])
def test_a_record_without_values_tells_nothing(number: int) -> None:
    records = list(PUT_IN)
    records[number] = record(number, None, None, own=bool(number))
    assert lost_edits(records, GROUP, live(entries("x") | GROUP)) == []


def test_a_policy_made_in_the_window_may_lose_what_it_began_with() -> None:
    records = [
        record(0, None, entries("new")),
        record(2, entries("new"), GROUP, own=True),
    ]
    (lost,) = lost_edits(records, GROUP, live(GROUP))
    assert lost.put_in == entries("new")


def test_two_edits_in_one_window_are_each_their_makers() -> None:
    records = [
        record(0, NOBODY, entries("a")),
        record(1, entries("a"), entries("a", groups=("g",))),
        record(3, entries("a", groups=("g",)), GROUP, own=True),
    ]
    found = lost_edits(records, GROUP, live(GROUP))
    assert [(lost.edit.at, lost.put_in) for lost in found] == [
        (START + timedelta(seconds=1), Entries(groups=("g",))),
        (START, entries("a")),
    ]


BOTH = Entries(groups=("ours", "theirs"))
THEIRS = Entries(groups=("theirs",))
EMPTIED = record(100, entries("x") | BOTH, entries("x"))
HEALED = (
    record(102, entries("x"), entries("x") | GROUP, own=True),
    record(104, entries("x") | GROUP, entries("x") | BOTH, own=True),
)
"""Two stacks of one identity put back what an administrator took out, each its own entry."""


@pytest.mark.parametrize("first_logged", [True, False])
@pytest.mark.parametrize("of_stack", [GROUP, THEIRS], ids=["one stack", "the other"])
def test_what_another_stack_of_our_identity_puts_back_is_no_lost_edit(
    of_stack: Entries, first_logged: bool
) -> None:
    made = [
        record(0, entries("x"), entries("x") | GROUP, own=True),
        record(1, entries("x") | GROUP, entries("x") | BOTH, own=True),
    ]
    records = [*(made if first_logged else ()), EMPTIED, *HEALED]
    assert lost_edits(records, of_stack, live(entries("x") | BOTH)) == []


def test_what_another_stack_put_into_another_policy_is_known_as_its_entry_here() -> None:
    elsewhere = PolicyRecord(
        PolicyChange("p2", "Update", "ours", START), True, NOBODY, Entries(groups=("THEIRS",))
    )
    both_at_once = record(102, entries("x"), entries("x") | BOTH, own=True)
    records = [elsewhere, EMPTIED, both_at_once]
    assert lost_edits(records, GROUP, live(entries("x") | BOTH)) == []
    assert len(lost_edits(records[1:], GROUP, live(entries("x") | BOTH))) == 1


def test_what_another_stack_takes_out_of_its_own_is_no_lost_edit() -> None:
    records = [
        record(0, entries("x"), entries("x") | THEIRS, own=True),
        record(100, entries("x"), entries("x") | THEIRS),
        record(102, entries("x") | THEIRS, entries("x"), own=True),
    ]
    assert lost_edits(records, GROUP, live(entries("x"))) == []


def test_an_entry_that_our_writes_brought_back_twice_does_not_become_ours() -> None:
    again = [
        record(60, entries("x", "old") | GROUP, entries("x")),
        record(62, entries("x"), entries("x", "old") | GROUP, own=True),
    ]
    (lost,) = lost_edits([*TAKEN_OUT, *again], GROUP, live(entries("x", "old") | GROUP))
    assert lost.edit.at == START + timedelta(seconds=60)
