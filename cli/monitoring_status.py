"""`breakglass status`: do the logs arrive, and are the alarms on.

Sources: Microsoft Learn, "Integrate Microsoft Entra logs with Azure Monitor logs" (the first rows
can take up to three days).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cli.alarm_status import WORKSPACE_API, alarms
from cli.export_status import exported
from cli.failure import CommandFailed
from cli.findings import AskedOnce, Azure, Finding, Mark, last_name
from cli.log_arrival import Arrival, Logs
from cli.monitoring_state import LONGEST_WAIT, TABLES, MonitoringState
from entra.errors import IdentityError

SILENCE: Final = timedelta(days=1)
"""After which the silence alert rings."""
SIGN_INS: Final = "SigninLogs"


def status(
    state: MonitoringState,
    logs: Logs,
    azure: Azure,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Everything that the state knows, compared with Azure; nothing raises, each has its line.

    `sleep` waits so many seconds for what Azure ought to have.
    """
    asked = AskedOnce(azure, sleep)
    yield exported(state, asked)
    found = [
        _asked(one, state, logs, earlier=number > 0)
        for number, one in enumerate(state.workspace_ids)
    ]
    for answer in found[:1]:
        yield from _current(answer, found[1:], state, asked)
    for answer in found[1:]:
        yield from _earlier(answer, asked)
    yield from alarms(state, asked)


@dataclass(frozen=True)
class _Answer:
    """What a workspace says of its tables."""

    workspace_id: str
    arrivals: Mapping[str, Arrival] = field(default_factory=dict[str, Arrival])
    """By table."""
    trouble: str = ""
    """Why it cannot be asked."""

    @property
    def last(self) -> datetime | None:
        """When the last row of any table arrived."""
        return max((one.last for one in self.arrivals.values() if one.last), default=None)


def _asked(workspace_id: str, state: MonitoringState, logs: Logs, *, earlier: bool) -> _Answer:
    arrivals: dict[str, Arrival] = {}
    for table in tuple(TABLES.values()) if earlier else state.tables:
        try:
            arrivals[table] = logs.arrival(workspace_id, table)
        except CommandFailed as error:
            return _Answer(workspace_id, arrivals, str(error))
    return _Answer(workspace_id, arrivals)


def _current(
    answer: _Answer, before: Sequence[_Answer], state: MonitoringState, azure: Azure
) -> Iterator[Finding]:
    """The tables of the workspace that gets the logs. One that cannot be asked has one line."""
    left = max((one.last for one in before if one.last), default=None)
    whole = not any(one.trouble for one in before)
    for table, arrival in answer.arrivals.items():
        subject = f"{last_name(answer.workspace_id)}, {table}"
        moved = state.moved(table, left, whole=whole)
        first, last = arrival.first, arrival.last
        if first is None or last is None or (moved is not None and last < moved):
            yield _waiting(subject, arrival, state, state.since(table, moved))
        elif table == SIGN_INS and state.minds_silence and arrival.now - last > SILENCE:
            words = (
                f"{_arrived(arrival, first, last)}: the export is off, or the Entra ID P1 licence"
                " lapsed; nothing of sign-ins is seen until that is put right"
            )
            yield Finding(Mark.WRONG, subject, words)
        else:
            yield Finding(Mark.RIGHT, subject, _arrived(arrival, first, last))
    if answer.trouble:
        yield _unread(answer.workspace_id, answer.trouble, azure, earlier=False)


def _earlier(answer: _Answer, azure: Azure) -> Iterator[Finding]:
    """The tables of a workspace to which the logs went before, where they have rows."""
    for table, arrival in answer.arrivals.items():
        if arrival.first is not None and arrival.last is not None:
            subject = f"{last_name(answer.workspace_id)}, {table}"
            words = _arrived(arrival, arrival.first, arrival.last)
            yield Finding(Mark.RIGHT, subject, words)
    if answer.trouble:
        yield _unread(answer.workspace_id, answer.trouble, azure, earlier=True)


def _unread(workspace_id: str, trouble: str, azure: Azure, *, earlier: bool) -> Finding:
    """Of a workspace whose logs cannot be read: is it there at all?"""
    workspace = last_name(workspace_id)
    try:
        gone = azure.find(workspace_id, api_version=WORKSPACE_API) is None
    except IdentityError:
        gone = False
    if not gone:
        return Finding(Mark.UNKNOWN, workspace, trouble)
    if earlier:
        words = (
            "is gone, with what it held; nothing is sent to it any more: with the next `pulumi up`"
            " the alarms forget it"
        )
        return Finding(Mark.WAITING, workspace, words)
    words = "is gone: find out who did it; until it is there again no sign-in is seen"
    return Finding(Mark.WRONG, workspace, words)


def _arrived(arrival: Arrival, first: datetime, last: datetime) -> str:
    ago = _span(arrival.now - last)
    return f"first row arrived {first:%Y-%m-%d %H:%M} UTC, the last one {ago} ago"


def _waiting(
    subject: str, arrival: Arrival, state: MonitoringState, since: datetime | None
) -> Finding:
    said = "Microsoft says up to three days"
    nothing = "no row yet"
    if arrival.last is not None:
        ago = _span(arrival.now - arrival.last)
        nothing = f"no row since the logs go there, the last one arrived {ago} ago"
    if since is None:
        return Finding(Mark.WAITING, subject, f"{nothing}; {said}")
    waited = arrival.now - since
    words = f"{nothing}, awaited for {_span(waited)}"
    changed = state.export.changed if state.export else None
    if changed and changed > since:
        words += f" (the diagnostic setting was changed {_span(arrival.now - changed)} ago)"
    if waited <= LONGEST_WAIT:
        return Finding(Mark.WAITING, subject, f"{words}; {said}")
    return Finding(
        Mark.WRONG,
        subject,
        f"{words}; {said}: check that something happened that the table logs, that the tenant has"
        " an Entra ID P1 licence and that the workspace has no daily cap",
    )


def _span(span: timedelta) -> str:
    """A span of time in the one unit that says enough."""
    minutes = max(0, int(span.total_seconds() // 60))
    for size, unit in ((2880, "day"), (120, "hour"), (1, "minute")):
        if minutes >= size:
            length = minutes // {"day": 1440, "hour": 60, "minute": 1}[unit]
            return f"{length} {unit}{'' if length == 1 else 's'}"
    return "less than a minute"
