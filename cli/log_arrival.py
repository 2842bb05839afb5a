"""When rows arrived in a workspace's tables, asked of the query API of Log Analytics.

Source: Microsoft Learn, "Azure Monitor Logs API"; "ingestion_time()". A table does not exist before
its first row, which `union isfuzzy=true` with an empty leg allows for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

from azure.core.exceptions import AzureError, HttpResponseError
from azure.monitor.query import LogsQueryClient, LogsQueryResult

from cli.failure import CommandFailed
from entra.identity import Identity

_CONNECTION_SECONDS, _READ_SECONDS, _TRIES_AGAIN = 4, 60, 2


@dataclass(frozen=True)
class Arrival:
    """Rows of one table: when the first and the last arrived, None when none has."""

    first: datetime | None
    last: datetime | None
    now: datetime
    """By the clock of the service."""


class Logs(Protocol):
    """What is asked of a workspace."""

    def arrival(self, workspace_id: str, table: str) -> Arrival:
        """When rows arrived. Raises CommandFailed in one line."""
        ...


def arrival_query(table: str) -> str:
    """KQL for the arrival of a table's rows: one row, whether the table exists or not."""
    return (
        "union isfuzzy=true (datatable(Arrived:datetime)[]),"
        f" ({table} | project Arrived = ingestion_time())"
        " | summarize First = min(Arrived), Last = max(Arrived) | extend Now = now()"
    )


class WorkspaceLogs:
    """The workspaces' logs as the stack's identity may read them."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._client = LogsQueryClient(
            identity.credential,
            endpoint=identity.endpoints.log_analytics,
            audience=identity.endpoints.log_analytics_audience,
            connection_verify=identity.certificates or True,
            connection_timeout=_CONNECTION_SECONDS,
            read_timeout=_READ_SECONDS,
            retry_total=_TRIES_AGAIN,
        )

    def arrival(self, workspace_id: str, table: str) -> Arrival:
        """When rows of a table arrived. Raises CommandFailed."""
        try:
            answer = self._client.query_resource(workspace_id, arrival_query(table), timespan=None)
        except HttpResponseError as error:
            raise CommandFailed(self._refused(error, workspace_id)) from None
        except AzureError as error:
            raise CommandFailed(
                f"{self._identity.endpoints.log_analytics} does not answer"
                f" ({type(error).__name__}): check the network, or try again later"
            ) from None
        if not isinstance(answer, LogsQueryResult):
            raise CommandFailed("the workspace answered in part only: try again later")
        # Without types: the client calls a cell anything.
        row = cast("Any", answer.tables[0].rows[0])
        return Arrival(row["First"], row["Last"], row["Now"])

    def _refused(self, error: HttpResponseError, workspace_id: str) -> str:
        name = workspace_id.rpartition("/")[2]
        if error.status_code == 404:
            return f"there is no workspace {workspace_id}: was it deleted, and is it the right id?"
        if error.status_code in (401, 403):
            return (
                f"application {self._identity.client_id} may not read the logs of {name}: give it"
                f" the role 'Log Analytics Reader' there (az role assignment create --role 'Log"
                f" Analytics Reader' --scope {workspace_id} --assignee {self._identity.client_id})"
            )
        return f"the logs of {name} cannot be read: status {error.status_code}, try again later"
