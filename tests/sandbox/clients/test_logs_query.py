"""azure-monitor-query: the logs of a workspace, asked for as Microsoft's client does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsBatchQuery, LogsQueryClient, LogsQueryStatus

from sandbox.api.server import TenantServer
from sandbox.api.tokens import LOG_ANALYTICS_AUDIENCE
from sandbox.tenant.directory.applications import AzureRole
from tests.sandbox.clients.azure_clients import Clients, secret_credential
from tests.sandbox.watched_tenant import setting_body
from tests.support.tenant import arm, http, object_id, token

QUERY = "SigninLogs | project UserId, Status, DurationMs, TimeGenerated | order by UserId asc"


@dataclass(frozen=True)
class Asking:
    """A client of the query API, and the workspace that has rows of the users a and b."""

    server: TenantServer
    client: LogsQueryClient
    workspace: Any

    def ask(self, text: str = QUERY, **options: Any) -> Any:
        options.setdefault("timespan", None)
        return self.client.query_workspace(self.workspace.customer_id, text, **options)

    def refusal(self, text: str, **options: Any) -> dict[str, Any]:
        with pytest.raises(HttpResponseError) as refused:
            self.ask(text, **options)
        answer: Any = refused.value.response
        return {"status": refused.value.status_code, **answer.json()["error"]}


def logs_client(server: TenantServer) -> LogsQueryClient:
    return LogsQueryClient(
        secret_credential(server),
        endpoint=server.url,
        audience=LOG_ANALYTICS_AUDIENCE,
        connection_verify=str(server.ca_path),
    )


def filled(clients: Clients) -> Any:
    """A workspace with two rows, one of them an hour old."""
    server, workspace = clients.server, clients.make_workspace()
    with arm(server) as manager:
        path = "/providers/microsoft.aadiam/diagnosticSettings/export?api-version=2017-04-01"
        manager.put(path, json=setting_body(workspace=workspace.id)).raise_for_status()
    tenant = server.world.default
    row = {"UserId": "a", "Status": {"errorCode": 0}, "DurationMs": 7, "ResultType": "0"}
    tenant.logs.emit("SignInLogs", row)
    server.world.advance(3600)
    tenant.logs.emit("SignInLogs", {"UserId": "b", "ResultType": "50126"})
    server.world.advance(600)
    return workspace


@pytest.fixture
def asking(clients: Clients) -> Iterator[Asking]:
    with logs_client(clients.server) as client:
        yield Asking(clients.server, client, filled(clients))


def test_a_workspace_answers_with_typed_columns(asking: Asking) -> None:
    result = asking.ask()
    assert result.status is LogsQueryStatus.SUCCESS
    (table,) = result.tables
    assert (table.name, table.columns_types) == (
        "PrimaryResult",
        ["string", "dynamic", "long", "datetime"],
    )
    first, second = table.rows
    assert (first["UserId"], first["Status"], first["DurationMs"]) == ("a", '{"errorCode":0}', 7)
    assert (second["UserId"], second["Status"], second["DurationMs"]) == ("b", None, None)
    assert first["TimeGenerated"].tzinfo is not None


@pytest.mark.parametrize("unit", ["duration", "start and end", "start and duration"])
def test_a_timespan_limits_what_is_read(asking: Asking, unit: str) -> None:
    now = datetime.fromtimestamp(asking.server.world.clock.now(), UTC)
    half_an_hour = timedelta(minutes=30)
    timespan = {
        "duration": half_an_hour,
        "start and end": (now - half_an_hour, now),
        "start and duration": (now - half_an_hour, half_an_hour),
    }[unit]
    assert [row["UserId"] for row in asking.ask(timespan=timespan).tables[0].rows] == ["b"]
    before = (now - timedelta(hours=3), now - timedelta(hours=1))
    assert [row["UserId"] for row in asking.ask(timespan=before).tables[0].rows] == ["a"]


def test_a_resource_is_queried_by_its_id(asking: Asking) -> None:
    result: Any = asking.client.query_resource(
        asking.workspace.id, "SigninLogs | count", timespan=None
    )
    assert result.tables[0].rows[0]["Count"] == 2


def test_statistics_and_visualization_come_when_asked_for(asking: Asking) -> None:
    plain = asking.ask()
    assert (plain.statistics, plain.visualization) == (None, None)
    full = asking.ask(include_statistics=True, include_visualization=True, server_timeout=60)
    assert full.statistics["query"]["datasetStatistics"][0]["tableRowCount"] == 2
    assert full.visualization["visualization"] is None


def test_a_batch_answers_each_query_by_itself(asking: Asking) -> None:
    workspace = asking.workspace.customer_id
    found: list[Any] = asking.client.query_batch(
        [
            LogsBatchQuery(workspace, "SigninLogs | count", timespan=None),
            LogsBatchQuery(workspace, "SigninLogs | where Nope == 1", timespan=None),
            LogsBatchQuery(workspace, "SigninLogs | count", timespan=timedelta(minutes=30)),
        ]
    )
    assert [item.status.value for item in found] == ["Success", "Failure", "Success"]
    assert found[0].tables[0].rows[0]["Count"] == 2
    assert "'Nope'" in found[1].message
    assert found[2].tables[0].rows[0]["Count"] == 1


def test_syntax_errors_say_where(asking: Asking) -> None:
    error = asking.refusal("SigninLogs | where")
    assert (error["status"], error["code"]) == (400, "BadArgumentError")
    assert error["innererror"]["code"] == "SyntaxError"
    assert error["innererror"]["innererror"]["line"] == 1


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("SigninLogs | where userid == 'a'", "SEM0100", "userid"),
        ("AuditLogs | count", "SEM0100", "AuditLogs"),
        ("SigninLogs | summarize count() by Status.errorCode", "SEM0001", "dynamic"),
    ],
)
def test_semantic_errors_name_what_is_wrong(
    asking: Asking, text: str, code: str, name: str
) -> None:
    error = asking.refusal(text)
    assert (error["status"], error["innererror"]["code"]) == (400, "SemanticError")
    assert error["innererror"]["innererror"]["code"] == code
    assert name in error["innererror"]["innererror"]["message"]


def test_what_the_sandbox_cannot_run_is_not_answered(asking: Asking) -> None:
    error = asking.refusal("SigninLogs | evaluate pivot(ResultType)")
    assert (error["status"], error["code"]) == (501, "NotSimulated")
    assert "Evaluate" in error["message"]


def test_too_many_rows_are_a_partial_error(asking: Asking) -> None:
    asking.server.world.default.behaviour.turn({"logQueryRowLimit": 1})
    result = asking.ask()
    assert result.status is LogsQueryStatus.PARTIAL
    assert result.partial_error.code == "PartialError"
    assert [row["UserId"] for row in result.partial_data[0].rows] == ["a"]


def test_an_unknown_workspace_is_not_found(asking: Asking) -> None:
    with pytest.raises(HttpResponseError, match="could not be found") as refused:
        asking.client.query_workspace(object_id("nowhere"), QUERY, timespan=None)
    assert refused.value.status_code == 404


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        (("Log Analytics Reader",), True),
        (("Reader",), True),
        (("Contributor",), True),
        (("User of nothing",), False),
        ((), False),
    ],
)
def test_only_a_role_on_the_workspace_opens_its_logs(
    clients: Clients, roles: tuple[str, ...], allowed: bool
) -> None:
    workspace = filled(clients)
    (app,) = clients.server.world.default.apps.all()
    app.azure_roles = [AzureRole(scope=workspace.id, role=role) for role in roles]
    with logs_client(clients.server) as client:
        if allowed:
            assert client.query_workspace(workspace.customer_id, QUERY, timespan=None)
            return
        with pytest.raises(HttpResponseError) as refused:
            client.query_workspace(workspace.customer_id, QUERY, timespan=None)
    assert refused.value.status_code == 403
    assert "InsufficientAccessError" in str(refused.value)


def test_a_token_for_another_service_is_refused(asking: Asking) -> None:
    path = f"/v1/workspaces/{asking.workspace.customer_id}/query"
    with http(asking.server) as client:
        bare = client.get(path, params={"query": "SigninLogs"})
        client.headers["Authorization"] = f"Bearer {token(asking.server, asking.server.url)}"
        wrong = client.get(path, params={"query": "SigninLogs"})
    assert (bare.status_code, bare.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert wrong.status_code == 403
    assert wrong.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


def test_get_takes_the_query_and_its_span_from_the_address(asking: Asking) -> None:
    with http(asking.server) as client:
        bearer = token(asking.server, LOG_ANALYTICS_AUDIENCE)
        client.headers["Authorization"] = f"Bearer {bearer}"
        path = f"/v1/workspaces/{asking.workspace.customer_id}/query"
        found = client.get(path, params={"query": "SigninLogs | count", "timespan": "PT30M"})
        wrong = client.get(path, params={"query": "SigninLogs", "timespan": "an hour"})
        unknown = client.get("/v1/workspaces/x/metadata")
    assert found.json()["tables"][0]["rows"] == [[1]]
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "BadArgumentError")
    assert unknown.status_code == 404


def test_metadata_names_the_audience(tenant_server: TenantServer) -> None:
    with http(tenant_server) as client:
        found = client.get("/metadata/endpoints?api-version=2022-09-01").json()
    assert found["logAnalyticsResourceId"] == LOG_ANALYTICS_AUDIENCE


@pytest.mark.parametrize("may_read", [True, False])
def test_a_query_reads_another_workspace_when_its_asker_may(asking: Asking, may_read: bool) -> None:
    other = asking.workspace.id.replace("log-watch", "log-other")
    with arm(asking.server) as manager:
        made = manager.put(f"{other}?api-version=2023-09-01", json={"location": "westeurope"})
        made.raise_for_status()
    (app,) = asking.server.world.default.apps.all()
    scopes = [other, asking.workspace.id] if may_read else [other]
    app.azure_roles = [AzureRole(scope=scope, role="Reader") for scope in scopes]
    customer = made.json()["properties"]["customerId"]
    text = f'workspace("{asking.workspace.customer_id}").{QUERY}'
    if may_read:
        answer: Any = asking.client.query_workspace(customer, text, timespan=None)
        assert [row["UserId"] for row in answer.tables[0].rows] == ["a", "b"]
        return
    with pytest.raises(HttpResponseError, match="Failed to resolve table"):
        asking.client.query_workspace(customer, text, timespan=None)
