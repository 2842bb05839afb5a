"""One change of a Conditional Access policy as the audit log tells it, and who is behind a loss.

Pure: takes records, asks nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from entra.exclusion import Entries
from entra.policy import Policy

SAME_MOMENT: Final = timedelta(seconds=30)
"""A record's time and the policy's own for one change differ by less (assumed: two clocks of the
service, seen apart by a second or two)."""


@dataclass(frozen=True)
class PolicyChange:
    """One change of one policy, for a message."""

    policy_id: str
    activity: str
    """In the log's words: ``Update conditional access policy``."""
    by: str
    """``application 'CIPP-SAM'`` or ``ada@contoso.com``, in one line whatever the name holds."""
    at: datetime


@dataclass(frozen=True)
class PolicyRecord:
    """One change of one policy with what the policy excluded before and after."""

    change: PolicyChange
    own: bool
    """Made by the identity that we run as."""
    before: Entries | None
    """None where the record does not tell it, and for a policy that was not there."""
    after: Entries | None
    application: bool = False
    """Made by an application, not by a person."""


@dataclass(frozen=True)
class Loss:
    """What a policy should exclude and does not."""

    entries: Entries
    modified: str
    """When the policy was last changed, as the service words it; empty when it does not say."""


def culprits(
    losses: Mapping[str, Loss], records: Iterable[PolicyRecord]
) -> dict[str, PolicyChange]:
    """For each loss the change that is behind it, keyed by the policy ids as they were given.

    ``records``: newest first; read only as far as needed. A policy is left out when the log does
    not show it: the log lags some minutes, so the newest record can be of an innocent who was
    there before.
    """
    searches = {policy_id.casefold(): _Search(loss) for policy_id, loss in losses.items()}
    waiting = dict(searches)
    for record in records if waiting else ():
        key = record.change.policy_id.casefold()
        if key in waiting and waiting[key].ends_with(record):
            del waiting[key]
            if not waiting:
                break
    found = {policy_id: searches[policy_id.casefold()].found for policy_id in losses}
    return {policy_id: change for policy_id, change in found.items() if change is not None}


def other_writer(records: Iterable[PolicyRecord], ours: Entries) -> str | None:
    """The application that put our entries into policies; None when we did so ourselves."""
    found: str | None = None
    for record in records:
        if record.own:
            return None
        if record.application and record.after is not None and record.before is not None:
            found = record.change.by if (record.after - record.before) & ours else found
    return found


def not_logged(
    records: Iterable[PolicyRecord], policies: Iterable[Policy], *, since: datetime
) -> int:
    """How many policies were changed after `since` by what no record tells."""
    newest: dict[str, datetime] = {}
    for record in records:
        key = record.change.policy_id.casefold()
        newest[key] = max(record.change.at, newest.get(key, record.change.at))
    return sum(
        newest.get(policy.id.casefold(), since) < modified - SAME_MOMENT
        for policy in policies
        if (modified := _moment(policy.modified)) is not None
    )


class _Search:
    """Goes back through one policy's records until it is clear who took the entries out."""

    def __init__(self, loss: Loss) -> None:
        self._entries = loss.entries
        self._modified = _moment(loss.modified)
        self._logged = False
        """The log goes as far as the loss: what is looked for can be in it."""
        self.found: PolicyChange | None = None

    def ends_with(self, record: PolicyRecord) -> bool:
        """Look at the next older record; True when there is nothing to look for any more."""
        after = record.after
        if after is not None and self._entries:
            if not self._entries - after:
                return True
            self._logged = True
            if record.before is None or not (self._entries & record.before) - after:
                # What it lacks it lacked before, or was never told: go on to who did it.
                return False
            self.found = record.change
            return True
        if self._modified is None or record.change.at >= self._modified - SAME_MOMENT:
            self._logged = True
        if self._logged and not record.own:
            self.found = record.change
        return True


def told_moment(moment: datetime) -> str:
    """``2026-11-22 17:20 UTC``, as messages tell when somebody changed a policy."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def told_change(change: PolicyChange) -> str:
    """``by ada@contoso.com on 2026-11-22 17:20 UTC``."""
    return f"by {change.by} on {told_moment(change.at)}"


NOT_IN_THE_LOG: Final = "who changed it is not in the audit log, which lags some minutes"
"""Said of a loss that the log does not explain."""


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
