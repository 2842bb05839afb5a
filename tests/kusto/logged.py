"""Rows of a log table and what a query returns over them, on the simulated tenant's KQL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.monitor.kql import Database
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

Row = dict[str, Any]
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC).timestamp()


def row(*, arrived: float = 1, happened: float = 5, **columns: Any) -> Row:
    """A row that arrived and happened so many minutes ago."""
    return {
        "TimeGenerated": _minutes_ago(happened),
        INGESTION_COLUMN: _minutes_ago(arrived),
        **columns,
    }


def answer(query: str, tables: Mapping[str, Sequence[Row]]) -> list[Mapping[str, Any]]:
    """The rows that a query returns now over a workspace that has these tables alone."""
    database = Database()
    for table, rows in tables.items():
        database.insert(table, [{"Type": table, **one} for one in rows])
    return list(database.query(query, tables=list(tables), start=NOW - 2 * 86400, now=NOW).rows)


def _minutes_ago(minutes: float) -> str:
    return datetime.fromtimestamp(NOW - minutes * 60, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
