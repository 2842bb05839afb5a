"""The tenant's logs: which rows reach which workspace, and when they can be read there.

A row goes where the diagnostic settings of its moment send it: nothing is sent later that happened
before a setting existed. Rows are kept for as long as the workspace retains them. Source: Microsoft
Learn, "Diagnostic settings in Azure Monitor" and "Log data ingestion time in Azure Monitor".
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.tenant.azure.resources import Azure
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.monitor.kql import KqlResult
from sandbox.tenant.monitor.log_reader import LogReader, Readable, everywhere
from sandbox.tenant.monitor.log_store import LogStore, Rows, moment
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN, TABLE_OF_CATEGORY, TABLES, LogTable

_DAY = 86400.0
RowListener = Callable[[str, Mapping[str, Any]], None]


class Logs:
    """What happens in the directory, on its way into the workspaces."""

    def __init__(self, clock: Clock, azure: Azure, behaviour: Behaviour) -> None:
        self._clock = clock
        self._azure = azure
        self._behaviour = behaviour
        self._store = LogStore()
        self._reader = LogReader(self._store, azure)
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
                logs._store.add(workspace, TABLES[table], rows)
                logs._emitted += len(rows)
        return logs

    def to_document(self) -> dict[str, Any]:
        """The key `logRows`."""
        return {"logRows": self._store.to_document()}

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
            self._store.add(workspace["id"], table, [stamped | size | own])
            self._tidy(workspace)

    def workspaces(self) -> set[str]:
        """The ids of the workspaces that exist, and of deleted ones that hold rows, lower case."""
        existing = self._azure.of_type(WORKSPACES.full_name)
        return self._store.workspaces() | {workspace["id"].lower() for workspace in existing}

    def rows(self, table: str, workspace: str | None = None, now: float | None = None) -> Rows:
        """The rows of a table that can be read by `now`, of one workspace or of all of them."""
        visible = moment(self._clock.now() if now is None else now)
        return [
            {name: value for name, value in row.items() if name != INGESTION_COLUMN}
            for identity in self._store.workspaces()
            if workspace is None or identity == workspace.lower()
            for row in self._store.rows(identity, table)
            if row[INGESTION_COLUMN] <= visible
        ]

    def query(
        self,
        workspace_id: str,
        text: str,
        *,
        start: float,
        now: float,
        end: float | None = None,
        readable: Readable = everywhere,
    ) -> KqlResult:
        """Run KQL over a workspace as it is at `now`: rows generated after `start`, up to `end`.

        `readable`: which other workspaces `workspace()` may reach. Raises KqlError.
        """
        return self._reader.query(workspace_id, text, (start, end, now), readable)

    def refusal_of_query(self, workspace_id: str, text: str) -> str | None:
        """Why a workspace cannot run this text as a query now, or None."""
        return self._reader.refusal(workspace_id, text, self._clock.now())

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
        if rows := self._store.rows(workspace, table.name):
            first = datetime.fromisoformat(rows[0]["TimeGenerated"]).timestamp()
        else:
            first = now
        return max(now + delay, first + self._behaviour.first_rows_delay_seconds)

    def _tidy(self, workspace: Mapping[str, Any]) -> None:
        """Once a day, and when a table is full, forget what the workspace no longer retains."""
        identity, now = workspace["id"].lower(), self._clock.now()
        if (
            not self._store.is_full(identity)
            and now < self._tidied.setdefault(identity, now) + _DAY
        ):
            return
        self._tidied[identity] = now
        days = float(workspace["properties"].get("retentionInDays") or 30)
        self._store.forget(identity, now - days * _DAY)
        self._reader.forget(identity)
