"""The tenant's logs: which rows reach which workspace, and when they can be read there."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.clock import Clock
from sandbox.tenant.monitor.kql import (
    Database,
    KqlError,
    KqlResult,
    depends_on_rows_only,
    result_without_rows,
)
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLE_OF_CATEGORY, TABLES, LogTable

DEFAULT_DELAY_SECONDS = 240.0
"""Microsoft names 3 to 10 minutes from a sign-in to the row that can be queried."""

_Rows = list[dict[str, Any]]


class Logs:
    """Rows by workspace and table. `delay_seconds` is how long a new row stays invisible."""

    def __init__(self, clock: Clock, azure: Azure, delay_seconds: float) -> None:
        self._clock = clock
        self._azure = azure
        self._rows: dict[str, dict[str, _Rows]] = {}
        self._databases: dict[str, Database] = {}
        self.delay_seconds = delay_seconds
        azure.query_refusal = self.refusal_of_query

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock, azure: Azure) -> "Logs":
        """Read the keys `logRows` and `logDelaySeconds`."""
        logs = cls(clock, azure, float(doc.get("logDelaySeconds", DEFAULT_DELAY_SECONDS)))
        for workspace, tables in doc.get("logRows", {}).items():
            for table, rows in tables.items():
                logs._store(workspace, TABLES[table], rows)
        return logs

    def to_document(self) -> dict[str, Any]:
        """The keys `logRows` and `logDelaySeconds`."""
        return {"logRows": deepcopy(self._rows), "logDelaySeconds": self.delay_seconds}

    def emit(self, category: str, row: Mapping[str, Any]) -> None:
        """Send a row to every workspace to which a diagnostic setting sends its category.

        TimeGenerated becomes now; the row can be read after the delay. Raises ValueError for a
        category or a column that Azure does not have.
        """
        table = TABLE_OF_CATEGORY.get(category)
        if table is None:
            known = ", ".join(TABLE_OF_CATEGORY)
            raise ValueError(f"log category {category!r}: expected one of {known}")
        if unknown := sorted(set(row) - set(table.columns)):
            raise ValueError(f"table {table.name} has no column {', '.join(unknown)}")
        now = self._clock.now()
        stamped = dict(row) | {
            "TimeGenerated": _moment(now),
            "Type": table.name,
            INGESTION_COLUMN: _moment(now + self.delay_seconds),
        }
        for workspace in self._azure.log_destinations(category):
            stamped["TenantId"] = workspace["properties"]["customerId"]
            self._store(workspace["id"], table, [dict(stamped)])

    def rows(self, table: str, workspace: str | None = None, now: float | None = None) -> _Rows:
        """The rows of a table that can be read by `now`, of one workspace or of all of them."""
        visible = _moment(self._clock.now() if now is None else now)
        return [
            {name: value for name, value in row.items() if name != INGESTION_COLUMN}
            for identity, tables in self._rows.items()
            if workspace is None or identity == workspace.lower()
            for row in tables.get(table, [])
            if row[INGESTION_COLUMN] <= visible
        ]

    def query(self, workspace_id: str, text: str, *, start: float, now: float) -> KqlResult:
        """Run KQL over a workspace as it is at `now`, rows generated after `start`.

        Raises KqlError.
        """
        workspace = workspace_id.lower()
        if self._azure.find(workspace) is None:
            raise KqlError(f"the workspace {workspace_id} does not exist")
        tables = self._tables(workspace, now)
        if depends_on_rows_only(text) and not self._holds_rows(workspace, start, now):
            return result_without_rows(text, tables)
        return self._database(workspace).query(text, tables=tables, start=start, now=now)

    def refusal_of_query(self, workspace_id: str, text: str) -> str | None:
        """Why a workspace cannot run this text as a query now, or None."""
        try:
            result_without_rows(text, self._tables(workspace_id.lower(), self._clock.now()))
        except KqlError as error:
            return str(error)
        return None

    def _holds_rows(self, workspace: str, start: float, now: float) -> bool:
        earliest, visible = _moment(start), _moment(now)
        return any(
            row["TimeGenerated"] > earliest and row[INGESTION_COLUMN] <= visible
            for rows in self._rows.get(workspace, {}).values()
            for row in rows
        )

    def _tables(self, workspace: str, now: float) -> tuple[str, ...]:
        """The tables of a workspace: Log Analytics makes one when its first row arrives."""
        visible = _moment(now)
        return tuple(
            table
            for table, rows in sorted(self._rows.get(workspace, {}).items())
            if any(row[INGESTION_COLUMN] <= visible for row in rows)
        )

    def _store(self, workspace_id: str, table: LogTable, rows: _Rows) -> None:
        workspace = workspace_id.lower()
        self._rows.setdefault(workspace, {}).setdefault(table.name, []).extend(rows)
        self._database(workspace).insert(table.name, [_as_columns(table, row) for row in rows])

    def _database(self, workspace: str) -> Database:
        if workspace not in self._databases:
            self._databases[workspace] = Database()
        return self._databases[workspace]


def _as_columns(table: LogTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with values of its columns' types: text columns hold text."""
    return {
        name: _text(value) if table.columns.get(name) == "string" else value
        for name, value in row.items()
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(seconds: float) -> str:
    """ISO 8601 with microseconds: texts compare as the times do."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
