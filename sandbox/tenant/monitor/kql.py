"""Runs Kusto Query Language over the rows of workspaces, on DuckDB in memory, in virtual time.

DuckDB is kept from files and from loading extensions, and is loaded with the first row. What this
KQL cannot do is an error that names it; there is no query that quietly returns nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandbox.tenant.monitor.kql_errors import KqlError, KqlSyntaxError, NotSimulatedError
from sandbox.tenant.monitor.kql_types import kql_type, stored_columns, value_of
from sandbox.tenant.monitor.kql_workspaces import table_of
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLES

__all__ = [
    "Database",
    "KqlError",
    "KqlResult",
    "KqlSyntaxError",
    "NotSimulatedError",
    "borders_of",
    "is_same_without_rows",
    "result_without_rows",
]

# A join numbers the one of its right side.
_HIDDEN = re.compile(rf"{INGESTION_COLUMN}\d*")
_QUIET: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "threads": "1",
}


@dataclass(frozen=True)
class KqlResult:
    """What a query returned: rows by column name, and each column's KQL type.

    Datetimes are aware and UTC, dynamic values are what their JSON says, strings are never None.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]


class Database:
    """The tables of some workspaces, each at a place of its own. Times are UTC text."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect(":memory:", config=_QUIET)
        self._connection.execute("SET TimeZone='UTC'")
        self._stored: set[str] = set()

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], *, place: str = "") -> None:
        """Add rows to a table of `log_tables`. What a row lacks is null, or an empty string."""
        types, stored = stored_columns(table), _stored(place, table)
        if stored not in self._stored:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            self._connection.execute(f"CREATE TABLE {stored} ({columns})")
            self._stored.add(stored)
        strings = [n for n, kind in TABLES[table_of(table)].columns.items() if kind == "string"]
        full = [dict(row) | {n: row.get(n) or "" for n in strings} for row in rows]
        self._connection.execute(
            f"INSERT INTO {stored} BY NAME SELECT r.* FROM "  # noqa: S608 (our own names)
            "(SELECT unnest(from_json(CAST(? AS JSON), ?)) AS r)",
            [json.dumps(full), json.dumps([types])],
        )

    def forget(self, place: str) -> None:
        """Drop every table of a place."""
        for stored in [each for each in self._stored if each.startswith(_stored(place, "")[:-1])]:
            self._connection.execute(f"DROP TABLE {stored}")
            self._stored.discard(stored)

    def query(
        self,
        text: str,
        *,
        tables: Sequence[str],
        start: float,
        now: float,
        end: float | None = None,
        places: Mapping[str, str] | None = None,
    ) -> KqlResult:
        """Run a query over the tables that exist by `now` (epoch seconds).

        `tables`: their names in the query; `places`: where each is, unless it is at "". It sees
        the rows that arrived by `now` and were generated after `start` and not after `end`
        (default: whenever), as a scheduled query rule does. Raises KqlError.
        """
        import duckdb

        from sandbox.tenant.monitor.kql_translation import first_line, translated

        query = translated(text, tuple(sorted(tables)))
        moment = _timestamp(now)
        until = "" if end is None else f"AND TimeGenerated <= TIMESTAMP '{_timestamp(end)}' "
        try:
            for table in tables:
                stored = _stored((places or {}).get(table, ""), table)
                self._connection.execute(
                    f'CREATE OR REPLACE TEMP VIEW "{table}" AS SELECT * FROM {stored} '  # noqa: S608
                    f"WHERE TimeGenerated > TIMESTAMP '{_timestamp(start)}' {until}"
                    f"AND {INGESTION_COLUMN} <= TIMESTAMP '{moment}'"
                )
            parameters = {"kqlnow": moment} if query.asks_for_time else None
            cursor = self._connection.execute(query.statement, parameters)
            found = [(str(c[0]), kql_type(str(c[1]))) for c in cursor.description or ()]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise KqlError(first_line(error)) from error
        shown = [(name, kind) for name, kind in found if not _HIDDEN.fullmatch(name)]
        return KqlResult(
            tuple(name for name, _kind in shown),
            tuple(kind for _name, kind in shown),
            tuple(
                {
                    name: value_of(cell, kind)
                    for (name, kind), cell in zip(found, row, strict=True)
                    if not _HIDDEN.fullmatch(name)
                }
                for row in rows
            ),
        )


def borders_of(text: str, tables: tuple[str, ...]) -> frozenset[int] | None:
    """The borders in time by which a query picks rows, in seconds before now.

    None: its answer may change from one moment to the next. Raises KqlError.
    """
    from sandbox.tenant.monitor.kql_translation import translated

    return translated(text, tables).borders


def is_same_without_rows(text: str, tables: tuple[str, ...]) -> bool:
    """Whether a query over empty tables returns the same at any time. Raises KqlError."""
    from sandbox.tenant.monitor.kql_translation import translated

    found = translated(text, tables)
    return found.borders is not None or not found.makes_rows


def result_without_rows(text: str, tables: tuple[str, ...]) -> KqlResult:
    """What a query returns while its tables are empty. Raises KqlError."""
    found = _without_rows(text, tables)
    if isinstance(found, KqlError):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=512)
def _without_rows(text: str, tables: tuple[str, ...]) -> KqlResult | KqlError:
    """The result or the refusal; a rule asks again every few minutes."""
    database = Database()
    for table in tables:
        database.insert(table, [])
    try:
        return database.query(text, tables=tables, start=0.0, now=0.0)
    except KqlError as error:
        return error


def _stored(place: str, table: str) -> str:
    return '"{} {}"'.format(place.replace('"', ""), table_of(table))


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
