"""Edits of administrators that our own write undid without meaning to.

A write sends the whole exclusion list, and the service knows no way to make it depend on what was
read before. So an edit that falls between our read and our write is dropped by it. The audit log
holds the old and the new value of both: what an administrator put in, and our next write took out.
Pure: takes records, asks nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Final

from entra.exclusion import Entries, live_entries
from entra.policy import Policy
from entra.policy_change import PolicyChange, PolicyRecord

WINDOW: Final = timedelta(minutes=10)
"""So long before our write an edit may have been: our read, its age, pauses of the service, and
how late a replica of the directory learns of it. What stood there for longer was removed by us on
purpose."""


@dataclass(frozen=True)
class LostEdit:
    """What an administrator did to a policy, and our write undid."""

    policy_id: str
    put_in: Entries
    """Entries that they added and our write dropped."""
    taken_out: Entries
    """Entries that they removed and our write brought back."""
    edit: PolicyChange
    write: PolicyChange
    """Ours."""


def lost_edits(
    records: Sequence[PolicyRecord], ours: Entries, live: Mapping[str, Policy]
) -> list[LostEdit]:
    """Edits that are still lost, oldest first.

    `records` in any order; `ours`: every object that the stack has to do with; `live`: the
    policies as they are now. An edit that was made good since is left out. Other stacks, and other
    tools, may write under the same identity: what a write of theirs put in first, or puts back, is
    an entry of theirs and no edit of an administrator.
    """
    by_policy: dict[str, list[PolicyRecord]] = {}
    for record in sorted(records, key=lambda record: record.change.at):
        by_policy.setdefault(record.change.policy_id.casefold(), []).append(record)
    own = reduce(Entries.__or__, map(_put_in_first, by_policy.values()), ours)
    policies = {policy_id.casefold(): policy for policy_id, policy in live.items()}
    return [
        lost
        for policy_id, history in by_policy.items()
        if policy_id in policies
        for lost in _of_policy(history, own, live_entries(policies[policy_id]))
    ]


def _of_policy(history: Sequence[PolicyRecord], ours: Entries, now: Entries) -> Iterator[LostEdit]:
    for number, write in enumerate(history):
        if not write.own or write.before is None or write.after is None:
            continue
        edits = _edits_before(history, number)
        later = [record.after for record in history[number + 1 :] if record.after is not None]
        dropped = write.before - write.after - ours - now
        brought_back = ((write.after - write.before) - ours) & now
        if not _has_a_purpose(write, edits, ours):
            brought_back = Entries()
        for after in later:
            dropped, brought_back = dropped - after, brought_back & after
        for edit in edits:
            put_in, taken_out = dropped & _gained(edit), brought_back & _gone(edit)
            if put_in or taken_out:
                yield LostEdit(write.change.policy_id, put_in, taken_out, edit.change, write.change)
                dropped, brought_back = dropped - put_in, brought_back - taken_out


def _edits_before(history: Sequence[PolicyRecord], number: int) -> list[PolicyRecord]:
    """What others did shortly before a write, newest first."""
    moment = history[number].change.at
    return [
        edit
        for edit in reversed(history[:number])
        if not edit.own and moment - edit.change.at <= WINDOW
    ]


def _put_in_first(history: Sequence[PolicyRecord]) -> Entries:
    """What writes of this identity added that nobody had just taken out."""
    found = Entries()
    for number, write in enumerate(history):
        if write.own and write.before is not None:
            found |= reduce(
                Entries.__sub__, map(_gone, _edits_before(history, number)), _gained(write)
            )
    return found


def _has_a_purpose(write: PolicyRecord, edits: Sequence[PolicyRecord], ours: Entries) -> bool:
    """Whether a write did something beside undoing edits.

    One that only puts back what had just been taken out was made for that: it heals the entry of
    a stack of which nothing else is known here.
    """
    gained, gone = _gained(write), _gone(write)
    purpose = (gained | gone) & ours
    for edit in edits:
        gained, gone = gained - _gone(edit), gone - _gained(edit)
    return bool(purpose or gained or gone)


def _gained(edit: PolicyRecord) -> Entries:
    if edit.after is None:
        return Entries()
    return edit.after - (edit.before or Entries())


def _gone(edit: PolicyRecord) -> Entries:
    if edit.before is None:
        return Entries()
    return edit.before - (edit.after or Entries())
