"""From the text of a query to SQL that answers as Log Analytics does.

The parser and the translation are duckdb-kql's. Both are loaded at the first query: they take
longer than all the rest of a tenant's start.
"""

import re
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
from sandbox.tenant.monitor.kql_text import prepared
from sandbox.tenant.monitor.kql_types import kql_type, stored_columns

_SOME_TIME = datetime(2000, 1, 1)
_POSITION = re.compile(r"at (\d+):(\d+): ")


@lru_cache(maxsize=512)
def translated(text: str, tables: tuple[str, ...]) -> str:
    """SQL, with the one parameter `$kqlnow` where the query asks for the time.

    `tables` are those that the workspace has. Raises KqlError.
    """
    schema = {table: list(stored_columns(table)) for table in tables}
    try:
        with clock(_SOME_TIME):
            query = Checks(tables, _Types(tables, schema)).query(lower(prepared(text)))
            return str(to_sql(query, schema))
    except duckdb_kql.KqlSyntaxError as error:
        found = _POSITION.search(str(error))
        line, position = (int(found[1]), int(found[2])) if found else (1, 0)
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
        self._connection = _empty_tables(tables)
        self._schema = schema

    def __call__(self, query: ir.Query) -> dict[str, str]:
        sql = str(to_sql(query, self._schema))
        parameters: dict[str, Any] | None = {"kqlnow": _SOME_TIME} if "$kqlnow" in sql else None
        cursor = self._connection.execute(sql, parameters)
        return {column[0]: kql_type(str(column[1])) for column in cursor.description or ()}


@lru_cache(maxsize=16)
def _empty_tables(tables: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    for table in tables:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in stored_columns(table).items())
        connection.execute(f'CREATE TABLE "{table}" ({columns})')
    return connection
