"""The rows of every workspace, and those that the query engine has not been given yet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.json_copy import copied
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, LogTable
from sandbox.tenant.monitor.row_times import RowTimes

MOST_ROWS = 100_000
"""So many rows of one table of a workspace are kept; older ones give way."""

Rows = list[dict[str, Any]]


class LogStore:
    """Rows by workspace (its id in any case) and table."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Rows]] = {}
        self._waiting: dict[str, dict[str, Rows]] = {}
        self._times: dict[str, dict[str, RowTimes]] = {}

    def to_document(self) -> dict[str, Any]:
        """All rows."""
        return copied(self._rows)

    def workspaces(self) -> set[str]:
        """The ids, in lower case, of workspaces that have had rows."""
        return set(self._rows)

    def add(self, workspace_id: str, table: LogTable, rows: Rows) -> None:
        """Store rows."""
        workspace = workspace_id.lower()
        for store in (self._rows, self._waiting):
            store.setdefault(workspace, {}).setdefault(table.name, []).extend(rows)
        self._times.setdefault(workspace, {}).setdefault(table.name, RowTimes()).add(rows)

    def rows(self, workspace: str, table: str) -> Rows:
        """The rows of a table, oldest first, none where the table does not exist."""
        return self._rows.get(workspace.lower(), {}).get(table, [])

    def times(self, workspace: str, table: str) -> RowTimes:
        """The times of the rows of a table that exists."""
        return self._times[workspace.lower()][table]

    def tables(self, workspace: str, now: float) -> tuple[str, ...]:
        """The tables of a workspace: Log Analytics makes one when its first row arrives."""
        found = self._times.get(workspace.lower(), {})
        return tuple(table for table, times in sorted(found.items()) if times.exists(now))

    def holds_rows(self, workspace: str, start: float, now: float) -> bool:
        """Whether any row was generated after `start` and can be read by `now`."""
        earliest, visible = moment(start), moment(now)
        times = self._times.get(workspace, {})
        return any(
            row["TimeGenerated"] > earliest and row[INGESTION_COLUMN] <= visible
            for table, rows in self._rows.get(workspace, {}).items()
            if times[table].any_after(start)
            for row in reversed(rows)
        )

    def take_waiting(self, workspace: str) -> Mapping[str, Rows]:
        """The rows by table that were not taken yet."""
        return self._waiting.pop(workspace, {})

    def is_full(self, workspace: str) -> bool:
        """Whether a table holds more rows than are kept."""
        return any(len(rows) > MOST_ROWS for rows in self._rows[workspace].values())

    def forget(self, workspace: str, oldest: float) -> None:
        """Drop what was generated before `oldest` (epoch seconds) or is too much.

        The engine forgets by being filled anew: all that is left waits for it.
        """
        tables = self._rows[workspace]
        for name, rows in tables.items():
            kept = rows[-MOST_ROWS * 9 // 10 :] if len(rows) > MOST_ROWS else rows
            tables[name] = [row for row in kept if row["TimeGenerated"] >= moment(oldest)]
        self._times[workspace] = {name: RowTimes(rows) for name, rows in tables.items()}
        self._waiting[workspace] = {name: list(rows) for name, rows in tables.items()}


def moment(seconds: float) -> str:
    """ISO 8601 with microseconds: texts compare as the times do."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
