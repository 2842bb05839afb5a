"""Runs Kusto Query Language over the rows of one workspace, on DuckDB in memory, in virtual time.

DuckDB is kept from files and from loading extensions. What this KQL cannot do is an error that
names it; there is no query that quietly returns nothing.

Exception
└── KqlError    a query that Log Analytics refuses, or that this engine cannot run
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import duckdb
import duckdb_kql

from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLES

_TYPES = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "bool": "BOOLEAN",
    "long": "BIGINT",
    "dynamic": "JSON",
}
_QUIET: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "threads": "1",
}
_TOKEN = re.compile(
    r"""(?P<quoted>@?"(?:\\.|[^"\\\n])*"|@?'(?:\\.|[^'\\\n])*'|//[^\n]*)"""
    r"""|(?P<arrival>\bingestion_time\s*\(\s*\))"""
    r"""|(?P<member>\.\s*[A-Za-z_]\w*)"""
    r"""|(?P<name>\b[A-Za-z_]\w*\b)(?P<after>\s*(?:\(|=(?![=~>]))?)"""
)

# The translation of `in` over a value bound by `let` gives wrong answers, so it is refused.
_IN_LET = re.compile(r"\b(?:in|in~|has_any|has_all)\s*\(\s*([A-Za-z_]\w*)\s*\)")


class KqlError(Exception):
    """A query cannot be run; the message names the construct, the table or the column."""


@dataclass(frozen=True)
class KqlResult:
    """What a query returned: rows by column name, datetimes as aware UTC datetimes."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]


class Database:
    """The tables of one workspace. A table exists once it has had a row. Times are UTC text."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config=_QUIET)
        self._connection.execute("SET TimeZone='UTC'")
        self._stored: set[str] = set()

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to a table of `log_tables`; columns that a row lacks are null."""
        types = _duckdb_columns(table)
        if table not in self._stored:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            self._connection.execute(f'CREATE TABLE "stored_{table}" ({columns})')
            self._stored.add(table)
        self._connection.execute(
            f'INSERT INTO "stored_{table}" BY NAME SELECT r.* FROM '  # noqa: S608 (our own names)
            "(SELECT unnest(from_json(CAST(? AS JSON), ?)) AS r)",
            [json.dumps(list(rows)), json.dumps([types])],
        )

    def query(self, text: str, *, tables: Sequence[str], start: float, now: float) -> KqlResult:
        """Run a query over the tables that exist by `now` (epoch seconds).

        It sees the rows that arrived by `now` and were generated after `start`, as a scheduled
        query rule does. Raises KqlError.
        """
        translated = _translate(text, tuple(sorted(tables)))
        moment = _timestamp(now)
        try:
            for table in tables:
                self._connection.execute(
                    f'CREATE OR REPLACE TEMP VIEW "{table}" AS SELECT * FROM "stored_{table}" '  # noqa: S608
                    f"WHERE TimeGenerated > TIMESTAMP '{_timestamp(start)}' "
                    f"AND {INGESTION_COLUMN} <= TIMESTAMP '{moment}'"
                )
            parameters = {"kqlnow": moment} if "$kqlnow" in translated else None
            cursor = self._connection.execute(translated, parameters)
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise KqlError(_first_line(error)) from error
        return KqlResult(
            tuple(name for name in names if name != INGESTION_COLUMN),
            tuple(
                {n: _value(v) for n, v in zip(names, row, strict=True) if n != INGESTION_COLUMN}
                for row in rows
            ),
        )


def result_without_rows(text: str, tables: tuple[str, ...]) -> KqlResult:
    """What a query returns while its tables are empty. Raises KqlError."""
    found = _without_rows(text, tables)
    if isinstance(found, str):
        raise KqlError(found)
    return found


@lru_cache(maxsize=512)
def _without_rows(text: str, tables: tuple[str, ...]) -> KqlResult | str:
    """The result or the refusal; a rule asks again every few minutes."""
    database = Database()
    for table in tables:
        database.insert(table, [])
    try:
        return database.query(text, tables=tables, start=0.0, now=0.0)
    except KqlError as error:
        return str(error)


def depends_on_rows_only(text: str) -> bool:
    """Whether a query over empty tables returns the same at any time."""
    return not any((match["name"] or "") in _ROW_SOURCES for match in _TOKEN.finditer(text))


@lru_cache(maxsize=512)
def _translate(text: str, tables: tuple[str, ...]) -> str:
    """SQL with the one parameter `$kqlnow` where the query asks for the time."""
    schema = {table: list(_duckdb_columns(table)) for table in tables}
    prepared, moment = _prepare(text), datetime(2000, 1, 1)
    try:
        sql = duckdb_kql.to_sql(prepared, schema=schema, allow_write=False, query_now=moment)
    except duckdb_kql.KqlUnsupportedError as error:
        raise KqlError(f"the sandbox cannot run this KQL: {_first_line(error)}") from error
    except duckdb_kql.KqlError as error:
        raise KqlError(_first_line(error)) from error
    return str(sql)


def _prepare(text: str) -> str:
    """The text for an engine that has no `ingestion_time()` and folds the case of names.

    Kusto's names are case-sensitive: a column in the wrong case fails there, so it fails here.
    """
    known = {name.lower(): name for table in TABLES.values() for name in table.columns}
    known |= {name.lower(): name for name in TABLES}
    exact = set(known.values())
    assigned = {match["name"] for match in _TOKEN.finditer(text) if _assigns(match)}
    if (listed := _IN_LET.search(text)) and listed[1] in assigned:
        raise KqlError(f"the sandbox cannot run 'in ({listed[1]})': write the values themselves")

    def replace(match: re.Match[str]) -> str:
        if match["arrival"]:
            return INGESTION_COLUMN
        name = match["name"]
        if name and name not in exact | assigned and not match["after"].strip():
            meant = known.get(name.lower())
            if meant and name not in _KEYWORDS:
                raise KqlError(
                    f"Failed to resolve column or table named '{name}': "
                    f"KQL is case-sensitive, the name is '{meant}'"
                )
        return match[0]

    return _TOKEN.sub(replace, text)


# Words of the language that are also, in another case, names of columns.
_KEYWORDS = frozenset({"type", "id"})
# Operators that make rows, or series of times, out of nothing.
_ROW_SOURCES = frozenset({"datatable", "print", "range", "make", "series", "externaldata"})


def _assigns(match: re.Match[str]) -> bool:
    return bool(match["name"]) and match["after"].strip() == "="


def _duckdb_columns(table: str) -> dict[str, str]:
    columns = {name: _TYPES[kind] for name, kind in TABLES[table].columns.items()}
    return {**columns, INGESTION_COLUMN: "TIMESTAMP"}


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _value(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
