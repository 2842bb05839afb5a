"""The types of KQL and how DuckDB holds them: columns in, values out."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.tenant.monitor.kql_workspaces import table_of
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLES

_STORED = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "bool": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "guid": "VARCHAR",
    "dynamic": "JSON",
}
_KQL: Mapping[str, str] = {
    "VARCHAR": "string",
    "BOOLEAN": "bool",
    "TINYINT": "int",
    "SMALLINT": "int",
    "INTEGER": "int",
    "BIGINT": "long",
    "HUGEINT": "long",
    "UBIGINT": "long",
    "FLOAT": "real",
    "DOUBLE": "real",
    "INTERVAL": "timespan",
    "UUID": "guid",
    "JSON": "dynamic",
}


def stored_columns(table: str) -> dict[str, str]:
    """DuckDB's types of a log table's columns, with the column behind `ingestion_time()`.

    `table`: its name, or the one that stands for it in another workspace.
    """
    columns = {name: _STORED[kind] for name, kind in TABLES[table_of(table)].columns.items()}
    return {**columns, INGESTION_COLUMN: "TIMESTAMP"}


def kql_type(duckdb_type: str) -> str:
    """`VARCHAR` → `string`. What has no type of its own in KQL, such as a list, is dynamic."""
    if duckdb_type.startswith("TIMESTAMP"):
        return "datetime"
    if duckdb_type.startswith("DECIMAL"):
        return "decimal"
    return _KQL.get(duckdb_type, "dynamic")


def value_of(value: Any, kind: str) -> Any:
    """A cell as Python has it: aware UTC datetimes, parsed dynamics, and no null strings."""
    if kind == "string":
        return "" if value is None else value
    if kind == "dynamic" and isinstance(value, str):
        return json.loads(value)
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def timespan_text(value: timedelta) -> str:
    """A timespan as Kusto writes it: `[-][d.]hh:mm:ss[.fffffff]`."""
    sign, ticks = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(ticks.seconds, 60)
    days = f"{ticks.days}." if ticks.days else ""
    fraction = f".{ticks.microseconds * 10:07d}" if ticks.microseconds else ""
    return f"{sign}{days}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{fraction}"
