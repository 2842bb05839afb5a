"""Bodies, paths and connections that no careful client sends: each has an answer in shape."""

import json
import logging
import socket
import ssl
from typing import Any, cast

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.sandbox.arm_manager import GROUP, SUBSCRIPTION, WORKSPACE
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import graph, http, object_id, small_document

ADA = object_id("users/ada")
EXPORT = f"{SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings/export"
LOG = [{"category": "Administrative", "enabled": True}]
UNITS = "/v1.0/directory/administrativeUnits"


@pytest.fixture
def here() -> Dispatched:
    document = small_document()
    document["apps"][0]["graphPermissions"].append("AdministrativeUnit.ReadWrite.All")
    return Dispatched(document, StillClock())


def _workspace(here: Dispatched) -> str:
    for path in (GROUP, WORKSPACE):
        assert here.ask("PUT", path, {"location": "westeurope"}).status == 201
    return here.ask("GET", WORKSPACE).body["properties"]["customerId"]


@pytest.mark.parametrize("body", [[1], "x", 5, None, True, [{}]], ids=repr)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/sandbox/behaviour"),
        ("POST", "/sandbox/faults"),
        ("POST", "/v1.0/groups"),
        ("PATCH", f"/v1.0/users/{ADA}"),
        ("PUT", GROUP),
        ("POST", "/v1/$batch"),
    ],
)
def test_a_body_that_is_no_object_is_refused(
    here: Dispatched, method: str, path: str, body: Any
) -> None:
    answer = here.ask(method, path, json.dumps(body).encode())
    assert answer.status == 400
    assert "expected a JSON object, found" in answer.body["error"]["message"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "[" * 200_000])
@pytest.mark.parametrize("path", ["/v1.0/groups", "/sandbox/faults", GROUP])
def test_what_is_no_json_is_refused(here: Dispatched, text: str, path: str) -> None:
    method = "PUT" if path == GROUP else "POST"
    body = text if text.startswith("[") else f'{{"displayName": "x", "tags": {text}}}'
    answer = here.ask(method, path, body.encode())
    assert answer.status == 400
    assert "valid JSON" in answer.body["error"]["message"]


@pytest.mark.parametrize("knobs", [{"readLagSeconds": True}, {"replicas": "2"}, {"replicas": 2.5}])
def test_a_knob_takes_its_own_type_only(here: Dispatched, knobs: dict[str, Any]) -> None:
    answer = here.ask("PATCH", "/sandbox/behaviour", knobs)
    assert answer.status == 400
    assert next(iter(knobs)) in answer.body["error"]["message"]


def test_time_does_not_advance_by_true(here: Dispatched) -> None:
    assert here.ask("POST", "/sandbox/clock", {"advanceSeconds": True}).status == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": "print 1", "workspaces": 5},
        {"query": "print 1", "timespan": "P99999999999D"},
        {"query": "print 1", "timespan": "2026-01-01/P99999999999D"},
        {"query": ["print 1"]},
    ],
    ids=repr,
)
def test_an_odd_query_of_logs_is_a_400(here: Dispatched, wrong: dict[str, Any]) -> None:
    path = f"/v1/workspaces/{_workspace(here)}/query"
    assert here.ask("POST", path, wrong).status == 400


@pytest.mark.parametrize("wrong", [{"headers": "x"}, {"body": 5}, {"workspace": [1]}, 5], ids=repr)
def test_an_odd_request_of_a_batch_fails_alone(here: Dispatched, wrong: Any) -> None:
    right = {"id": "1", "workspace": _workspace(here), "body": {"query": "print 1"}}
    bad = {**right, **cast("dict[str, Any]", wrong)} if isinstance(wrong, dict) else wrong
    found = here.ask("POST", "/v1/$batch", {"requests": [right, bad]}).body["responses"]
    assert found[0]["status"] == 200
    assert found[1]["status"] in (400, 404)


def test_a_number_that_json_lacks_is_a_text_in_the_answer_to_a_query(here: Dispatched) -> None:
    body = {"query": "print x = 0.0 / 0.0, y = 1.0 / 0.0"}
    answer = here.ask("POST", f"/v1/workspaces/{_workspace(here)}/query", body)
    assert answer.status == 200
    assert json.loads(json.dumps(answer.body))["tables"][0]["rows"] == [["NaN", "Infinity"]]


@pytest.mark.parametrize("wrong", ["x", 5, [], None], ids=repr)
def test_a_scoped_role_needs_an_object_that_says_whose_it_is(here: Dispatched, wrong: Any) -> None:
    unit = here.ask("POST", UNITS, {"displayName": "North"}).body["id"]
    body = {"roleId": "729827e3-9c14-49f7-bb1b-9608f156bbb8", "roleMemberInfo": wrong}
    answer = here.ask("POST", f"{UNITS}/{unit}/scopedRoleMembers", body)
    assert answer.status == 400
    assert "roleMemberInfo" in answer.body["error"]["message"]


@pytest.mark.parametrize("sink", [[1], 5, {}, True], ids=repr)
@pytest.mark.parametrize("name", ["workspaceId", "storageAccountId"])
def test_a_sink_of_a_subscription_is_a_text(here: Dispatched, name: str, sink: Any) -> None:
    answer = here.ask("PUT", EXPORT, {"properties": {name: sink, "logs": LOG}})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/v1.0/foo", "foo"),
        ("/v1.0/foo/bar", "foo"),
        (f"/v1.0/users/{ADA}/foo", "foo"),
        (f"/beta/users/{ADA}/foo/bar", "foo"),
        ("/v1.0/identity", "identity"),
        ("/v1.0/users/delta", "delta"),
        ("/v1.0/users/delta()", "delta()"),
        ("/v1.0/groups/delta?$select=id", "delta"),
        ("/v1.0/groups/microsoft.graph.delta", "microsoft.graph.delta"),
        (f"/v1.0/groups/{object_id('groups/it')}/members/microsoft.graph.device", "microsoft.grap"),
        ("/v1.0/directoryObjects/delta", "delta"),
    ],
)
def test_graph_names_the_segment_that_it_does_not_know_and_the_call_is_recorded(
    here: Dispatched, path: str, segment: str
) -> None:
    answer = here.ask("GET", path)
    error = answer.body["error"]
    assert (answer.status, error["code"]) == (400, "BadRequest")
    assert error["message"].startswith(f"Resource not found for the segment '{segment}")
    unknown = here.ask("GET", "/sandbox/unknown").body["value"]
    assert [call["path"] for call in unknown] == [path.partition("?")[0]]


def test_an_unknown_id_is_still_a_404_that_is_not_recorded(here: Dispatched) -> None:
    assert here.ask("GET", "/v1.0/users/nobody").status == 404
    assert here.ask("GET", "/v1.0/users/$count").status == 200
    assert here.ask("GET", "/sandbox/unknown").body["value"] == []


def test_a_secret_in_a_login_s_address_is_in_no_log(
    tenant_server: TenantServer, control: httpx.Client
) -> None:
    tenant = object_id("tenant")
    with http(tenant_server) as client:
        client.post(f"/{tenant}/oauth2/v2.0/token?client_secret=hunter2&client_id=x")
        client.get("/nothing/here?client_secret=hunter2")
    told = [control.get(f"/sandbox/{name}").json()["value"] for name in ("requests", "unknown")]
    assert "hunter2" not in json.dumps(told)
    assert told[0][0]["query"] == "client_secret=redacted&client_id=redacted"
    assert told[1][0]["query"] == "client_secret=redacted"


def test_a_body_whose_encoding_is_not_what_it_says_is_a_400(graph_client: httpx.Client) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = graph_client.post("/v1.0/groups", content=b"{no gzip}", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert graph_client.get("/v1.0/organization").status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_a_413_in_shape_and_in_the_log(
    tenant_server: TenantServer,
    control: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    chunked: bool,
) -> None:
    monkeypatch.setattr("sandbox.api.reception.LARGEST_BODY", 10_000)
    with graph(tenant_server) as client:
        body = iter([b"x" * 5_000] * 3) if chunked else b"x" * 15_000
        answer = client.post("/v1.0/groups", content=body)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "RequestEntityTooLarge"
        assert client.get("/v1.0/organization").status_code == 200
    statuses = [entry["status"] for entry in control.get("/sandbox/requests").json()["value"]]
    assert statuses[-2:] == [413, 200]


def test_what_is_no_http_is_a_400_and_no_traceback(
    tenant_server: TenantServer, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(cafile=str(tenant_server.ca_path))
    with (
        caplog.at_level(logging.INFO),
        socket.create_connection(("localhost", tenant_server.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.0 400") or wire.recv(1000)
    assert [record.message for record in caplog.records] == []


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_fault_does_not_choose_where_its_answer_ends(control: httpx.Client, name: str) -> None:
    fault = {"path": "/users", "status": 503, "headers": {name: "999999"}}
    answer = control.post("/sandbox/faults", json=fault)
    assert answer.status_code == 400
    assert name in answer.json()["error"]["message"]
    assert "cutShort" in answer.json()["error"]["message"]
