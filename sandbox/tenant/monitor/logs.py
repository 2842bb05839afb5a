"""The tenant's logs: which rows reach which workspace, and when they can be read there.

A row goes where the diagnostic settings of its moment send it: nothing is sent later that happened
before a setting existed. Rows are kept for as long as the workspace retains them. Source: Microsoft
Learn, "Diagnostic settings in Azure Monitor" and "Log data ingestion time in Azure Monitor".
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.monitor.kql import (
    Database,
    KqlError,
    KqlResult,
    borders_of,
    is_same_without_rows,
    result_without_rows,
)
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLE_OF_CATEGORY, TABLES, LogTable
from sandbox.tenant.monitor.row_times import RowTimes

MOST_ROWS = 100_000
"""So many rows of one table of a workspace are kept; older ones give way."""

_ANSWERS, _ROWS_OF_ANSWER = 256, 1000
"""So many answers of so many rows at most are kept, to be given again while no row has moved."""

_DAY = 86400.0
_Rows = list[dict[str, Any]]
RowListener = Callable[[str, Mapping[str, Any]], None]


class Logs:
    """Rows by workspace and table. DuckDB gets them when a query is about to read them."""

    def __init__(self, clock: Clock, azure: Azure, behaviour: Behaviour) -> None:
        self._clock = clock
        self._azure = azure
        self._behaviour = behaviour
        self._rows: dict[str, dict[str, _Rows]] = {}
        self._waiting: dict[str, dict[str, _Rows]] = {}
        self._times: dict[str, dict[str, RowTimes]] = {}
        self._answers: dict[tuple[str, str, float, float | None], tuple[object, KqlResult]] = {}
        self._databases: dict[str, Database] = {}
        self._tidied: dict[str, float] = {}
        self._listeners: list[RowListener] = []
        self._emitted = 0
        azure.query_refusal = self.refusal_of_query

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], clock: Clock, azure: Azure, behaviour: Behaviour
    ) -> "Logs":
        """Read the key `logRows`."""
        logs = cls(clock, azure, behaviour)
        for workspace, tables in doc.get("logRows", {}).items():
            for table, rows in tables.items():
                logs._store(workspace, TABLES[table], rows)
                logs._emitted += len(rows)
        return logs

    def to_document(self) -> dict[str, Any]:
        """The key `logRows`."""
        return {"logRows": deepcopy(self._rows)}

    @property
    def emitted(self) -> int:
        """How many rows have been sent to a workspace until now."""
        return self._emitted

    def listen(self, listener: RowListener) -> None:
        """Tell a listener of every row that is emitted, wherever it goes."""
        self._listeners.append(listener)

    def wants(self, category: str) -> bool:
        """Whether any setting sends a category to a workspace that exists."""
        return bool(self._azure.log_destinations(category))

    def emit(
        self,
        category: str,
        row: Mapping[str, Any],
        destinations: Iterable[Mapping[str, Any]] | None = None,
    ) -> None:
        """Send a row to every workspace to which a diagnostic setting sends its category.

        TimeGenerated becomes now; the row can be read after a delay of its own. `destinations` are
        workspaces that settings outside of the directory chose. Raises ValueError for a category
        or a column that Azure does not have.
        """
        table = TABLE_OF_CATEGORY.get(category)
        if table is None:
            known = ", ".join(TABLE_OF_CATEGORY)
            raise ValueError(f"log category {category!r}: expected one of {known}")
        if unknown := sorted(set(row) - set(table.columns)):
            raise ValueError(f"table {table.name} has no column {', '.join(unknown)}")
        stamped = dict(row) | {"TimeGenerated": moment(self._clock.now()), "Type": table.name}
        size = {"_BilledSize": len(json.dumps(stamped)), "_IsBillable": str(table.billed)}
        for listener in self._listeners:
            listener(category, stamped)
        if destinations is None:
            destinations = self._azure.log_destinations(category)
        for workspace in destinations:
            arrival = moment(self._arrival(workspace["id"].lower(), table))
            own = {"TenantId": workspace["properties"]["customerId"], INGESTION_COLUMN: arrival}
            self._store(workspace["id"], table, [stamped | size | own])
            self._tidy(workspace)

    def workspaces(self) -> set[str]:
        """The ids of the workspaces that exist, and of deleted ones that hold rows, lower case."""
        existing = self._azure.of_type(WORKSPACES.full_name)
        return set(self._rows) | {workspace["id"].lower() for workspace in existing}

    def rows(self, table: str, workspace: str | None = None, now: float | None = None) -> _Rows:
        """The rows of a table that can be read by `now`, of one workspace or of all of them."""
        visible = moment(self._clock.now() if now is None else now)
        return [
            {name: value for name, value in row.items() if name != INGESTION_COLUMN}
            for identity, tables in self._rows.items()
            if workspace is None or identity == workspace.lower()
            for row in tables.get(table, [])
            if row[INGESTION_COLUMN] <= visible
        ]

    def query(
        self, workspace_id: str, text: str, *, start: float, now: float, end: float | None = None
    ) -> KqlResult:
        """Run KQL over a workspace as it is at `now`: rows generated after `start`, up to `end`.

        Raises KqlError.
        """
        workspace = workspace_id.lower()
        if not self._azure.exists(workspace):
            raise KqlError(f"the workspace {workspace_id} does not exist")
        tables = self._tables(workspace, now)
        if not self._holds_rows(workspace, start, now) and is_same_without_rows(text, tables):
            return result_without_rows(text, tables)
        # A rule asks the same every few minutes: what cannot have changed is not worked out again.
        asked = workspace, text, round(now - start, 3), end and round(now - end, 3)
        state = self._state(workspace, text, tables, (start, end, now))
        kept = self._answers.get(asked)
        if state is not None and kept is not None and kept[0] == state:
            return kept[1]
        database = self._database(workspace)
        result = database.query(text, tables=tables, start=start, now=now, end=end)
        if state is not None and len(result.rows) <= _ROWS_OF_ANSWER:
            if len(self._answers) >= _ANSWERS:
                self._answers.clear()
            self._answers[asked] = state, result
        return result

    def refusal_of_query(self, workspace_id: str, text: str) -> str | None:
        """Why a workspace cannot run this text as a query now, or None."""
        try:
            result_without_rows(text, self._tables(workspace_id.lower(), self._clock.now()))
        except KqlError as error:
            return str(error)
        return None

    def _state(
        self,
        workspace: str,
        text: str,
        tables: tuple[str, ...],
        span: tuple[float, float | None, float],
    ) -> object:
        """Equal twice: the query has the same answer. None: nothing can be said.

        Raises KqlError.
        """
        borders = borders_of(text, tables)
        if borders is None:
            return None
        times = [self._times[workspace][table] for table in tables]
        return (
            tables,
            [each.seen(*span) for each in times],
            [each.split(border, span[2]) for each in times for border in sorted(borders)],
        )

    def _holds_rows(self, workspace: str, start: float, now: float) -> bool:
        earliest, visible = moment(start), moment(now)
        times = self._times.get(workspace, {})
        return any(
            row["TimeGenerated"] > earliest and row[INGESTION_COLUMN] <= visible
            for table, rows in self._rows.get(workspace, {}).items()
            if times[table].any_after(start)
            for row in reversed(rows)
        )

    def _tables(self, workspace: str, now: float) -> tuple[str, ...]:
        """The tables of a workspace: Log Analytics makes one when its first row arrives."""
        found = self._times.get(workspace, {})
        return tuple(table for table, times in sorted(found.items()) if times.exists(now))

    def _arrival(self, workspace: str, table: LogTable) -> float:
        """When a row of now can be read: each has its own delay, so a later one may come first.

        A table's first row waits until the workspace has made the table.
        """
        chance = random.Random(  # noqa: S311
            f"{self._behaviour.random_seed}/row/{workspace}/{self._emitted}"
        )
        self._emitted += 1
        spread = self._behaviour.log_delay_spread_seconds
        delay = max(0.0, self._behaviour.log_delay_seconds + chance.uniform(-spread, spread))
        now = self._clock.now()
        if rows := self._rows.get(workspace, {}).get(table.name):
            first = datetime.fromisoformat(rows[0]["TimeGenerated"]).timestamp()
        else:
            first = now
        return max(now + delay, first + self._behaviour.first_rows_delay_seconds)

    def _store(self, workspace_id: str, table: LogTable, rows: _Rows) -> None:
        workspace = workspace_id.lower()
        for store in (self._rows, self._waiting):
            store.setdefault(workspace, {}).setdefault(table.name, []).extend(rows)
        self._times.setdefault(workspace, {}).setdefault(table.name, RowTimes()).add(rows)

    def _tidy(self, workspace: Mapping[str, Any]) -> None:
        """Once a day, and when a table is full, forget what the workspace no longer retains."""
        identity, now = workspace["id"].lower(), self._clock.now()
        tables = self._rows[identity]
        full = any(len(rows) > MOST_ROWS for rows in tables.values())
        if not full and now < self._tidied.setdefault(identity, now) + _DAY:
            return
        self._tidied[identity] = now
        days = float(workspace["properties"].get("retentionInDays") or 30)
        oldest = moment(now - days * _DAY)
        for name, rows in tables.items():
            kept = rows[-MOST_ROWS * 9 // 10 :] if len(rows) > MOST_ROWS else rows
            tables[name] = [row for row in kept if row["TimeGenerated"] >= oldest]
        self._times[identity] = {name: RowTimes(rows) for name, rows in tables.items()}
        self._answers.clear()
        # The engine forgets by being filled anew.
        self._databases.pop(identity, None)
        self._waiting[identity] = {name: list(rows) for name, rows in tables.items()}

    def _database(self, workspace: str) -> Database:
        """The engine of a workspace, with every row that was stored until now."""
        if workspace not in self._databases:
            self._databases[workspace] = Database()
        database = self._databases[workspace]
        for name, rows in self._waiting.pop(workspace, {}).items():
            table = TABLES[name]
            database.insert(name, [_as_columns(table, row) for row in rows])
        return database


def _as_columns(table: LogTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with values of its columns' types: text columns hold text."""
    return {
        name: _text(value) if table.columns.get(name) == "string" else value
        for name, value in row.items()
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def moment(seconds: float) -> str:
    """ISO 8601 with microseconds: texts compare as the times do."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
