"""Runs queries over the workspaces: each over one, and over those that it names.

A workspace that a query names with `workspace()` must exist and be readable for whoever asks;
otherwise its tables do not exist for the query, and a fuzzy union does without them. Source: Kusto
Query Language, "union operator" (`isfuzzy`: sources that exist and are accessible).
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.monitor.kql import (
    Database,
    KqlError,
    KqlResult,
    borders_of,
    is_same_without_rows,
    result_without_rows,
)
from sandbox.tenant.monitor.kql_text import references
from sandbox.tenant.monitor.kql_workspaces import table_of
from sandbox.tenant.monitor.log_store import LogStore
from sandbox.tenant.monitor.log_tables import TABLES, LogTable

MOST_WORKSPACES = 100
"""So many workspaces one query may read."""

_ANSWERS, _ROWS_OF_ANSWER = 256, 1000
"""So many answers of so many rows at most are kept, to be given again while no row has moved."""

Span = tuple[float, float | None, float]
"""Rows generated after the first and up to the second (None: whenever), read at the third."""

Readable = Callable[[Mapping[str, Any]], bool]


def everywhere(workspace: Mapping[str, Any]) -> bool:  # noqa: ARG001
    """Whoever asks may read every workspace."""
    return True


class LogReader:
    """Queries over a store. DuckDB gets the rows when a query is about to read them."""

    def __init__(self, store: LogStore, azure: Azure) -> None:
        self._store = store
        self._azure = azure
        self._answers: dict[tuple[object, ...], tuple[object, KqlResult]] = {}

    def query(self, workspace_id: str, text: str, span: Span, readable: Readable) -> KqlResult:
        """The answer; raises KqlError."""
        if not self._azure.exists(workspace_id.lower()):
            raise KqlError(f"the workspace {workspace_id} does not exist")
        start, end, now = span
        places = self._places(workspace_id, text, now, readable)
        tables = tuple(places)
        read = {*places.values(), workspace_id.lower()}
        empty = not any(self._store.holds_rows(workspace, start, now) for workspace in read)
        if empty and is_same_without_rows(text, tables):
            return result_without_rows(text, tables)
        # A rule asks the same every few minutes: what cannot have changed is not worked out again.
        asked = workspace_id.lower(), text, round(now - start, 3), end and round(now - end, 3)
        state = self._state(text, places, span)
        kept = self._answers.get(asked)
        if state is not None and kept is not None and kept[0] == state:
            return kept[1]
        for workspace in read:
            self._fill(workspace)
        result = self._database.query(
            text, tables=tables, places=places, start=start, now=now, end=end
        )
        if state is not None and len(result.rows) <= _ROWS_OF_ANSWER:
            if len(self._answers) >= _ANSWERS:
                self._answers.clear()
            self._answers[asked] = state, result
        return result

    def refusal(self, workspace_id: str, text: str, now: float) -> str | None:
        """Why a workspace cannot run this text as a query now, or None."""
        try:
            result_without_rows(text, tuple(self._places(workspace_id, text, now, everywhere)))
        except KqlError as error:
            return str(error)
        return None

    def forget(self, workspace: str) -> None:
        """Read a workspace's rows anew: some of them are gone."""
        self._answers.clear()
        self._database.forget(workspace)

    @cached_property
    def _database(self) -> Database:
        """Made when it is first asked: DuckDB takes longer than the rest of a tenant's start."""
        return Database()

    def _places(
        self, workspace_id: str, text: str, now: float, readable: Readable
    ) -> dict[str, str]:
        """The names that the query may use, sorted, each with the workspace that has the table."""
        own = workspace_id.lower()
        places = dict.fromkeys(self._store.tables(own, now), own)
        named = references(text)
        if len({reference.workspace for reference in named}) >= MOST_WORKSPACES:
            raise KqlError(f"a query can read at most {MOST_WORKSPACES} workspaces")
        for alias, named_workspace, table in named:
            found = self._named(named_workspace)
            if found is None or (found["id"].lower() != own and not readable(found)):
                continue
            workspace = found["id"].lower()
            if table in self._store.tables(workspace, now):
                places[alias] = workspace
        return dict(sorted(places.items()))

    def _named(self, name: str) -> Mapping[str, Any] | None:
        """The workspace with this resource id or workspace id in lower case, or None."""
        for workspace in self._azure.of_type(WORKSPACES.full_name):
            if name in (workspace["id"].lower(), workspace["properties"]["customerId"].lower()):
                return workspace
        return None

    def _state(self, text: str, places: Mapping[str, str], span: Span) -> object:
        """Equal twice: the query has the same answer. None: nothing can be said.

        Raises KqlError.
        """
        borders = borders_of(text, tuple(places))
        if borders is None:
            return None
        times = [self._store.times(place, table_of(name)) for name, place in places.items()]
        return (
            tuple(places.items()),
            [each.seen(*span) for each in times],
            [each.split(border, span[2]) for each in times for border in sorted(borders)],
        )

    def _fill(self, workspace: str) -> None:
        """Give the engine every row of a workspace that was stored until now."""
        for name, rows in self._store.take_waiting(workspace).items():
            full = [_as_columns(TABLES[name], row) for row in rows]
            self._database.insert(name, full, place=workspace)


def _as_columns(table: LogTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with values of its columns' types: text columns hold text."""
    return {
        name: _text(value) if table.columns.get(name) == "string" else value
        for name, value in row.items()
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
