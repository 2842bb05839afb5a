"""Who is behind a loss, and when nobody is to be named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from entra.exclusion import Entries
from entra.policy_change import SAME_MOMENT, Loss, PolicyChange, PolicyRecord, culprits

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
OURS = Entries(groups=("ours",))
OTHERS = Entries(users=("x",))
RIGHT = OURS | OTHERS


def record(
    minute: float,
    before: Entries | None,
    after: Entries | None,
    *,
    by: str = "ada@contoso.com",
    policy_id: str = "p1",
) -> PolicyRecord:
    at = START + timedelta(minutes=minute)
    return PolicyRecord(PolicyChange(policy_id, "Update", by, at), by == "us", before, after)


def unread(minute: float, by: str = "ada@contoso.com") -> PolicyRecord:
    """Of a policy so long that the record's values are cut off."""
    return record(minute, None, None, by=by)


def told(*records: PolicyRecord, modified: float | None = None, lost: Entries = OURS) -> str | None:
    """Who is named, for records with the oldest first."""
    moment = "" if modified is None else (START + timedelta(minutes=modified)).isoformat()
    found = culprits({"P1": Loss(lost, moment)}, reversed(records))
    assert set(found) <= {"P1"}
    return found["P1"].by if found else None


PUT_IN = record(0, OTHERS, RIGHT, by="us")
TAKEN_OUT = record(5, RIGHT, OTHERS, by="cipp")


def test_who_took_our_entries_out_is_named() -> None:
    assert told(PUT_IN, TAKEN_OUT) == "cipp"


@pytest.mark.parametrize("later_by", ["ada@contoso.com", "us"])
def test_who_changed_something_else_afterwards_is_not(later_by: str) -> None:
    later = record(9, OTHERS, OTHERS | Entries(users=("y",)), by=later_by)
    assert told(PUT_IN, TAKEN_OUT, later, modified=9) == "cipp"


@pytest.mark.parametrize("modified", [None, 30.0])
@pytest.mark.parametrize(
    "newest", [record(6, OTHERS, RIGHT, by="us"), record(6, OTHERS, RIGHT), unread(6, by="us")]
)
def test_nobody_is_named_from_before_a_change_that_left_the_policy_right(
    newest: PolicyRecord, modified: float | None
) -> None:
    assert told(PUT_IN, TAKEN_OUT, newest, modified=modified) is None


def test_a_write_of_our_own_identity_that_took_them_out_is_named() -> None:
    assert told(PUT_IN, record(5, RIGHT, OTHERS, by="us")) == "us"


def test_of_a_record_without_values_the_policys_own_time_tells_whether_the_log_is_up_to_date() -> (
    None
):
    tolerance = SAME_MOMENT.total_seconds() / 60
    assert told(PUT_IN, unread(5)) == "ada@contoso.com"
    assert told(PUT_IN, unread(5), modified=5 + tolerance) == "ada@contoso.com"
    assert told(PUT_IN, unread(5), modified=5.1 + tolerance) is None
    assert told(PUT_IN, unread(5), modified=3) == "ada@contoso.com"


def test_a_loss_that_the_log_goes_beyond_may_be_in_a_record_without_values() -> None:
    later = record(9, OTHERS, OTHERS, by="bo@contoso.com")
    assert told(PUT_IN, unread(5), later, modified=60) == "ada@contoso.com"


def test_of_a_policy_that_never_held_them_the_last_change_is_told_if_it_is_in_the_log() -> None:
    made = record(0, None, OTHERS)
    edited = record(5, OTHERS, OTHERS, by="bo@contoso.com")
    assert told(made, edited, modified=5, lost=Entries()) == "bo@contoso.com"
    assert told(made, edited, modified=30, lost=Entries()) is None


@pytest.mark.parametrize("records", [[], [record(0, OTHERS, OTHERS)], [record(0, None, OTHERS)]])
def test_a_log_that_does_not_hold_the_loss_names_nobody(records: list[PolicyRecord]) -> None:
    assert told(*records) is None


def test_each_policy_has_its_own_and_no_more_is_read_than_needed() -> None:
    read: list[float] = []

    def log() -> Iterator[PolicyRecord]:
        for one in (
            record(9, RIGHT, OTHERS, policy_id="P2", by="bo@contoso.com"),
            TAKEN_OUT,
            record(3, RIGHT, OTHERS, by="earlier"),
        ):
            read.append(one.change.at.minute)
            yield one

    loss = Loss(OURS, "")
    found = culprits({"p1": loss, "p2": loss}, log())
    assert {key: change.by for key, change in found.items()} == {
        "p1": "cipp",
        "p2": "bo@contoso.com",
    }
    assert read == [9, 5]
    assert culprits({}, log()) == {}
    assert read == [9, 5]
