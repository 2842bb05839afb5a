"""From the text of a query to SQL that answers as Log Analytics does.

The parser and the translation are duckdb-kql's. Both are loaded at the first query: they take
longer than all the rest of a tenant's start.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import duckdb
import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.lower import lower
from duckdb_kql.translate import clock, to_sql

from sandbox.tenant.monitor.kql_checks import Checks
from sandbox.tenant.monitor.kql_errors import KqlError, KqlSyntaxError, NotSimulatedError
from sandbox.tenant.monitor.kql_static_types import ColumnTypes, decided
from sandbox.tenant.monitor.kql_text import prepared
from sandbox.tenant.monitor.kql_time import borders, makes_rows
from sandbox.tenant.monitor.kql_types import kql_type, stored_columns

_SOME_TIME = datetime(2000, 1, 1)
_POSITION = re.compile(r"at (\d+):(\d+): ")


@dataclass(frozen=True)
class Translation:
    """SQL as DuckDB has read it; its one parameter, where it asks for the time, is `$kqlnow`.

    `borders`: see `kql_time`. `makes_rows`: the answer may have rows though no table has one.
    """

    statement: duckdb.Statement
    asks_for_time: bool
    borders: frozenset[int] | None
    makes_rows: bool


def translated(text: str, tables: tuple[str, ...]) -> Translation:
    """A query over a workspace that has these tables. Raises KqlError."""
    found = _translated(text, tables)
    if isinstance(found, KqlError):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=512)
def _translated(text: str, tables: tuple[str, ...]) -> Translation | KqlError:
    """The translation or the refusal; a rule asks again every few minutes."""
    try:
        return _translate(text, tables)
    except KqlError as error:
        return error


def _translate(text: str, tables: tuple[str, ...]) -> Translation:
    schema = {table: list(stored_columns(table)) for table in tables}
    try:
        with clock(_SOME_TIME):
            parsed = lower(prepared(text))
            types = _Types(tables, schema)
            query = Checks(tables, types).query(parsed)
            [statement] = types.statements(query)
            asks_for_time = "kqlnow" in statement.named_parameters
            found = borders(parsed)
            if not found and asks_for_time:
                found = None
            return Translation(statement, asks_for_time, found, makes_rows(parsed))
    except duckdb_kql.KqlSyntaxError as error:
        place = _POSITION.search(str(error))
        line, position = (int(place[1]), int(place[2])) if place else (1, 0)
        raise KqlSyntaxError(first_line(error), line, position) from error
    except duckdb_kql.KqlError as error:
        raise NotSimulatedError(f"the sandbox cannot run this KQL: {first_line(error)}") from error
    except duckdb.Error as error:
        raise KqlError(first_line(error)) from error
    except (AssertionError, LookupError, AttributeError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__} in its translation"
        raise NotSimulatedError(f"the sandbox cannot run this KQL: {reason}") from error


def first_line(error: Exception) -> str:
    """The first line of an exception's text, without what repeats the query or the grammar."""
    return str(error).partition("\n")[0].partition(" expecting {")[0]


class _Types:
    """What columns of what types a query has, asked of DuckDB over empty tables."""

    def __init__(self, tables: tuple[str, ...], schema: dict[str, list[str]]) -> None:
        # One of its own: tenants ask at the same time, and a connection bears one question.
        self._connection = _empty_tables(tables).cursor()
        self._schema = schema
        self._known = ColumnTypes()

    def __call__(self, query: ir.Query) -> dict[str, str]:
        found = self._columns(decided(str(to_sql(query, self._schema)), self._known))
        self._known.add(found)
        return {name: kql_type(kind) for name, kind in found.items()}

    def statements(self, query: ir.Query) -> list[duckdb.Statement]:
        """The SQL of a query whose every part has been asked for, as DuckDB reads it."""
        whole = str(to_sql(query, self._schema))
        shorter = decided(whole, self._known)
        same = self._columns(shorter) == self._columns(whole)
        return self._connection.extract_statements(shorter if same else whole)

    def _columns(self, sql: str) -> dict[str, str]:
        parameters: dict[str, Any] | None = {"kqlnow": _SOME_TIME} if "$kqlnow" in sql else None
        cursor = self._connection.execute(sql, parameters)
        return {column[0]: str(column[1]) for column in cursor.description or ()}


@lru_cache(maxsize=16)
def _empty_tables(tables: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    for table in tables:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in stored_columns(table).items())
        connection.execute(f'CREATE TABLE "{table}" ({columns})')
    return connection
