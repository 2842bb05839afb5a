"""Edits of administrators that our own write undid without meaning to.

A write sends the whole exclusion list, and the service knows no way to make it depend on what was
read before. So an edit that falls between our read and our write is dropped by it. The audit log
holds the old and the new value of both: what an administrator put in, and our next write took out.
Pure: takes records, asks nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from entra.audit_log import PolicyChange, PolicyRecord
from entra.exclusion import Entries, live_entries
from entra.policy import Policy

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
    policies as they are now. An edit that was made good since is left out.
    """
    by_policy: dict[str, list[PolicyRecord]] = {}
    for record in sorted(records, key=lambda record: record.change.at):
        by_policy.setdefault(record.change.policy_id.casefold(), []).append(record)
    policies = {policy_id.casefold(): policy for policy_id, policy in live.items()}
    return [
        lost
        for policy_id, history in by_policy.items()
        if policy_id in policies
        for lost in _of_policy(history, ours, live_entries(policies[policy_id]))
    ]


def _of_policy(history: Sequence[PolicyRecord], ours: Entries, now: Entries) -> Iterator[LostEdit]:
    for number, write in enumerate(history):
        if not write.own or write.before is None or write.after is None:
            continue
        later = [record.after for record in history[number + 1 :] if record.after is not None]
        dropped = write.before - write.after - ours - now
        brought_back = ((write.after - write.before) - ours) & now
        for after in later:
            dropped, brought_back = dropped - after, brought_back & after
        for edit in reversed(history[:number]):
            if edit.own or write.change.at - edit.change.at > WINDOW:
                continue
            put_in, taken_out = dropped & _gained(edit), brought_back & _gone(edit)
            if put_in or taken_out:
                yield LostEdit(write.change.policy_id, put_in, taken_out, edit.change, write.change)
                dropped, brought_back = dropped - put_in, brought_back - taken_out


def _gained(edit: PolicyRecord) -> Entries:
    if edit.after is None:
        return Entries()
    return edit.after - (edit.before or Entries())


def _gone(edit: PolicyRecord) -> Entries:
    if edit.before is None:
        return Entries()
    return edit.before - (edit.after or Entries())
