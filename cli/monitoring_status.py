"""`breakglass status`: do the logs arrive, and are the alarms on.

Sources: Microsoft Learn, "Integrate Microsoft Entra logs with Azure Monitor logs" (the first rows
can take up to three days).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cli.alarm_status import WORKSPACE_API, alarms
from cli.export_status import exported
from cli.failure import CommandFailed
from cli.findings import AskedOnce, Azure, Finding, Mark, last_name
from cli.log_arrival import Arrival, Logs
from cli.monitoring_state import TABLES, MonitoringState
from entra.errors import IdentityError

LONGEST_WAIT: Final = timedelta(days=3)


def status(state: MonitoringState, logs: Logs, azure: Azure) -> Iterator[Finding]:
    """Everything that the state knows, compared with Azure; nothing raises, each has its line."""
    asked = AskedOnce(azure)
    yield exported(state, asked)
    for number, workspace_id in enumerate(state.workspace_ids):
        yield from _arrivals(workspace_id, state, logs, asked, earlier=number > 0)
    yield from alarms(state, asked)


def _arrivals(
    workspace_id: str, state: MonitoringState, logs: Logs, azure: Azure, *, earlier: bool
) -> Iterator[Finding]:
    """The tables of a workspace. One that cannot be asked has one line."""
    workspace = last_name(workspace_id)
    tables = tuple(TABLES.values()) if earlier else state.tables
    for table in tables:
        try:
            arrival = logs.arrival(workspace_id, table)
        except CommandFailed as error:
            yield _unread(workspace_id, str(error), azure, earlier=earlier)
            return
        subject = f"{workspace}, {table}"
        if arrival.first is not None and arrival.last is not None:
            yield Finding(Mark.RIGHT, subject, _arrived(arrival.first, arrival.last, arrival.now))
        elif not earlier:
            yield _waiting(subject, table, state, arrival)


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


def _arrived(first: datetime, last: datetime, now: datetime) -> str:
    return f"first row arrived {first:%Y-%m-%d %H:%M} UTC, the last one {_span(now - last)} ago"


def _waiting(subject: str, table: str, state: MonitoringState, arrival: Arrival) -> Finding:
    said = "Microsoft says up to three days"
    since = state.since(table)
    if since is None:
        return Finding(Mark.WAITING, subject, f"no row yet; {said}")
    waited = arrival.now - since
    words = f"no row yet, awaited for {_span(waited)}"
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
