"""`breakglass status`: do the logs arrive, and are the alarms on.

Sources: Microsoft Learn, "Integrate Microsoft Entra logs with Azure Monitor logs" (the first rows
can take up to three days), "Disable a log search alert rule" (Azure switches off a rule whose query
fails for a week).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Protocol

from cli.failure import CommandFailed
from cli.log_arrival import Arrival, Logs
from cli.monitoring_state import TABLES, Export, MonitoringState, Rule
from entra.errors import IdentityError
from entra.resource_manager import DiagnosticSetting

LONGEST_WAIT: Final = timedelta(days=3)
QUERY_RULE_API: Final = "2023-12-01"
ACTIVITY_ALERT_API: Final = "2020-10-01"


class Mark(Enum):
    """How something stands."""

    RIGHT = "✓"
    WAITING = "–"
    WRONG = "✗"
    UNKNOWN = "?"


@dataclass(frozen=True)
class Finding:
    """One line of the status."""

    mark: Mark
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.mark.value} {self.subject}: {self.words}"


class Azure(Protocol):
    """What is asked of ``entra.resource_manager.ResourceManager``."""

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource, None when there is none."""
        ...

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        """The tenant's diagnostic settings."""
        ...


def status(state: MonitoringState, logs: Logs, azure: Azure) -> Iterator[Finding]:
    """Everything that the state knows, compared with Azure; nothing raises, each has its line."""
    if state.export is not None:
        yield _exported(state.export, azure)
    for number, workspace_id in enumerate(state.workspace_ids):
        yield from _arrivals(workspace_id, state.export, logs, earlier=number > 0)
    for rule in state.rules:
        yield _switched(rule, azure)


def _exported(export: Export, azure: Azure) -> Finding:
    subject = f"diagnostic setting {export.name}"
    try:
        found = next((one for one in azure.diagnostic_settings() if one.name == export.name), None)
    except IdentityError as error:
        return Finding(Mark.UNKNOWN, subject, str(error))
    if found is None:
        return Finding(Mark.WRONG, subject, "is gone: `pulumi up` makes it anew")
    if (found.workspace_id or "").casefold() != export.workspace_id.casefold():
        words = f"sends to {found.workspace_id or 'no workspace'}: `pulumi up` puts that right"
        return Finding(Mark.WRONG, subject, words)
    if lacking := [one for one in export.categories if one not in found.categories]:
        words = f"does not send {', '.join(lacking)}: `pulumi up` puts that right"
        return Finding(Mark.WRONG, subject, words)
    return Finding(Mark.RIGHT, subject, f"sends {', '.join(found.categories)}")


def _arrivals(
    workspace_id: str, export: Export | None, logs: Logs, *, earlier: bool
) -> Iterator[Finding]:
    """The tables of a workspace. One that cannot be asked has one line."""
    workspace = workspace_id.rpartition("/")[2]
    tables = tuple(TABLES.values()) if earlier or export is None else export.tables
    for table in tables:
        try:
            arrival = logs.arrival(workspace_id, table)
        except CommandFailed as error:
            yield Finding(Mark.UNKNOWN, workspace, str(error))
            return
        subject = f"{workspace}, {table}"
        if arrival.first is not None and arrival.last is not None:
            yield Finding(Mark.RIGHT, subject, _arrived(arrival.first, arrival.last, arrival.now))
        elif not earlier:
            yield _waiting(subject, export, arrival)


def _arrived(first: datetime, last: datetime, now: datetime) -> str:
    return f"first row arrived {first:%Y-%m-%d %H:%M} UTC, the last one {_span(now - last)} ago"


def _waiting(subject: str, export: Export | None, arrival: Arrival) -> Finding:
    said = "Microsoft says up to three days"
    if export is None or export.since is None:
        return Finding(Mark.WAITING, subject, f"no row yet; {said}")
    waited = arrival.now - export.since
    words = f"no row yet, {_span(waited)} since the diagnostic setting was made or changed"
    if waited <= LONGEST_WAIT:
        return Finding(Mark.WAITING, subject, f"{words}; {said}")
    return Finding(
        Mark.WRONG,
        subject,
        f"{words}; {said}: check that something happened that the table logs, that the tenant has"
        " an Entra ID P1 licence and that the workspace has no daily cap",
    )


def _switched(rule: Rule, azure: Azure) -> Finding:
    subject = f"alert {rule.name}"
    version = QUERY_RULE_API if rule.is_query else ACTIVITY_ALERT_API
    try:
        found = azure.find(rule.id, api_version=version)
    except IdentityError as error:
        return Finding(Mark.UNKNOWN, subject, str(error))
    if found is None:
        return Finding(Mark.WRONG, subject, "is gone: `pulumi up` makes it anew")
    properties: Mapping[str, Any] = found.get("properties") or {}
    if properties.get("enabled") is not False:
        return Finding(Mark.RIGHT, subject, "on")
    if not rule.enabled:
        return Finding(Mark.WAITING, subject, "off, as the settings say")
    words = "off: find out who did it (a failing query, too), then `pulumi up` switches it on"
    return Finding(Mark.WRONG, subject, words)


def _span(span: timedelta) -> str:
    """A span of time in the one unit that says enough."""
    minutes = max(0, int(span.total_seconds() // 60))
    for size, unit in ((2880, "day"), (120, "hour"), (1, "minute")):
        if minutes >= size:
            length = minutes // {"day": 1440, "hour": 60, "minute": 1}[unit]
            return f"{length} {unit}{'' if length == 1 else 's'}"
    return "less than a minute"
