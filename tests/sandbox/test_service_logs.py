"""The rows that requests themselves leave: Graph's activity, sign-ins of applications."""

import json
import time
from typing import Any

import pytest

from sandbox.api.incoming import Incoming
from sandbox.api.routing import Response
from sandbox.api.server import TenantServer
from sandbox.api.service_logs import record_graph_request
from tests.sandbox.arm_manager import SETTINGS, Manager, setting
from tests.support.tenant import graph, http, object_id, token

GRAPH_ROWS, LOGIN_ROWS = "MicrosoftGraphActivityLogs", "AADServicePrincipalSignInLogs"


@pytest.fixture
def exporting(tenant_server: TenantServer, estate: Manager) -> TenantServer:
    """A tenant whose setting sends both categories, at once."""
    tenant_server.world.default.behaviour.turn({"logDelaySeconds": 0})
    estate.make(f"{SETTINGS}/export", setting(GRAPH_ROWS, "ServicePrincipalSignInLogs"))
    return tenant_server


def rows(server: TenantServer, table: str) -> list[dict[str, Any]]:
    return server.world.default.logs.rows(table)


def test_every_request_to_graph_leaves_a_row(exporting: TenantServer) -> None:
    with graph(exporting) as client:
        client.get("/v1.0/users?$top=1", headers={"client-request-id": "mine"})
        client.get("/beta/users/nobody")
    first, second = rows(exporting, GRAPH_ROWS)
    assert first["RequestUri"] == f"{exporting.url}/v1.0/users?$top=1"
    assert (first["RequestMethod"], first["ResponseStatusCode"]) == ("GET", 200)
    assert (first["AppId"], first["ClientRequestId"]) == (object_id("app"), "mine")
    assert (second["ApiVersion"], second["ResponseStatusCode"]) == ("beta", 404)
    assert "User.ReadWrite.All" in first["Roles"]


def test_a_request_without_a_good_token_leaves_none(exporting: TenantServer) -> None:
    with http(exporting) as client:
        assert client.get("/v1.0/users").status_code == 401
    assert rows(exporting, GRAPH_ROWS) == []


@pytest.mark.usefixtures("estate")
def test_without_a_setting_nothing_is_kept(tenant_server: TenantServer) -> None:
    emitted: list[str] = []
    tenant_server.world.default.logs.listen(lambda category, _row: emitted.append(category))
    with graph(tenant_server) as client:
        client.get("/v1.0/users").raise_for_status()
    assert emitted == []


def test_a_sign_in_of_an_application_leaves_a_row(exporting: TenantServer) -> None:
    token(exporting, exporting.url)
    (row,) = rows(exporting, LOGIN_ROWS)
    assert (row["ServicePrincipalId"], row["ResultType"]) == (object_id("app/object"), "0")
    assert row["ResourceDisplayName"] == "Microsoft Graph"


def test_a_wrong_secret_leaves_the_number_of_its_error_and_no_secret(
    exporting: TenantServer,
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": object_id("app"),
        "client_secret": "guessed-secret",
        "scope": f"{exporting.url}/.default",
    }
    with http(exporting) as client:
        client.post(f"/{object_id('tenant')}/oauth2/v2.0/token", data=form)
    (row,) = rows(exporting, LOGIN_ROWS)
    assert (row["ResultType"], row["ResultSignature"]) == ("7000215", "FAILURE")
    told = json.dumps(row)
    assert "guessed-secret" not in told
    assert exporting.environment()["ARM_CLIENT_SECRET"] not in told


def test_keeping_ten_thousand_requests_leaves_room_for_a_thousand_a_second(
    exporting: TenantServer,
) -> None:
    tenant = exporting.world.default
    incoming = Incoming("GET", "/v1.0/users", "", {}, b"")
    started = time.process_time()
    for _ in range(10_000):
        record_graph_request(
            tenant, incoming, Response(200, {"value": []}), object_id("app"), exporting.url
        )
    assert time.process_time() - started < 5
    assert len(rows(exporting, GRAPH_ROWS)) == 10_000
