import os
import ssl
import stat
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api.credentials import certificate_authority, server_context
from sandbox.api.server import TenantServer
from sandbox.tenant.errors import DocumentError
from tests.support.tenant import (
    AT_ONCE,
    JSON,
    arm,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
    without_permission,
)

OTHER = "northwind.onmicrosoft.com"


def _new_user(name: str = "sky") -> JSON:
    return {
        "accountEnabled": True,
        "displayName": name.title(),
        "mailNickname": name,
        "userPrincipalName": f"{name}@fabrikam.onmicrosoft.com",
        "passwordProfile": {"password": "Correct-horse-7"},
    }


@pytest.mark.parametrize("header", [None, "Bearer", "Basic abc", "Bearer not.a.token"])
def test_graph_answers_401_without_a_good_token(control: httpx.Client, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = control.get("/v1.0/users", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert set(answer.json()["error"]["innerError"]) == {
        "date",
        "request-id",
        "client-request-id",
    }


def test_resource_manager_takes_no_graph_token(
    tenant_server: TenantServer, graph_client: httpx.Client
) -> None:
    subscription = tenant_server.environment()["ARM_SUBSCRIPTION_ID"]
    answer = graph_client.get(f"/subscriptions/{subscription}?api-version=2022-12-01")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


def test_a_token_of_another_server_is_refused(graph_client: httpx.Client) -> None:
    with running_tenant() as other, http(other) as client:
        headers = {"Authorization": graph_client.headers["Authorization"]}
        assert client.get("/v1.0/users", headers=headers).status_code == 401


def test_an_application_without_the_permission_is_denied() -> None:
    document = without_permission(small_document(), "User.ReadWrite.All")
    with running_tenant(document) as server, graph(server) as client:
        answer = client.post("/v1.0/users", json=_new_user())
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "Authorization_RequestDenied"
        assert client.get("/v1.0/users").status_code == 200


def test_the_tokens_tenant_chooses_the_directory_and_arm_refuses_the_other_subscription() -> None:
    documents = [small_document(), small_document("Northwind", OTHER)]
    other_tenant = object_id("tenant", OTHER)
    with TenantServer(documents, knobs=AT_ONCE) as server:
        with graph(server) as first, graph(server, other_tenant) as second:
            names = [
                client.get("/v1.0/organization").json()["value"][0]["displayName"]
                for client in (first, second)
            ]
            assert names == ["Fabrikam", "Northwind"]
            stranger = object_id("users/ada", OTHER)
            assert first.get(f"/v1.0/users/{stranger}").status_code == 404
        with arm(server) as client:
            wrong = client.get(
                f"/subscriptions/{object_id('subscription', OTHER)}?api-version=2022-12-01"
            )
            right = client.get(f"/subscriptions/{object_id('subscription')}?api-version=2022-12-01")
    assert wrong.status_code == 401
    assert wrong.json()["error"]["code"] == "InvalidAuthenticationTokenTenant"
    assert right.status_code == 200


def test_a_secret_of_one_tenant_opens_no_other() -> None:
    documents = [small_document(), small_document("Northwind", OTHER)]
    with TenantServer(documents) as server, http(server) as client:
        crossed = server.environment(object_id("tenant", OTHER))
        crossed["ARM_CLIENT_SECRET"] = server.environment()["ARM_CLIENT_SECRET"]
        answer = client.post(
            f"/{crossed['ARM_TENANT_ID']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": crossed["ARM_CLIENT_ID"],
                "client_secret": crossed["ARM_CLIENT_SECRET"],
                "scope": f"{server.url}/.default",
            },
        )
    assert answer.status_code == 401
    assert answer.json()["error_codes"] == [7000215]


def test_an_unknown_path_is_answered_with_its_segment_and_recorded(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    answer = graph_client.get("/v1.0/teamwork?$top=1")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BadRequest")
    assert error["message"] == "Resource not found for the segment 'teamwork'."
    assert graph_client.get("/v1.0/teamwork").status_code == 400
    assert graph_client.put("/v1.0/users").status_code == 405
    tenant = object_id("tenant")
    assert control.get("/sandbox/unknown").json()["value"] == [
        {
            "method": "GET",
            "path": "/v1.0/teamwork",
            "query": "$top=1",
            "tenant": tenant,
            "count": 2,
        },
        {"method": "PUT", "path": "/v1.0/users", "query": "", "tenant": tenant, "count": 1},
    ]


def test_a_body_that_is_not_json_is_a_400(graph_client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = graph_client.post("/v1.0/users", content=b"{oops", headers=headers)
    assert answer.status_code == 400
    assert "Unable to read JSON" in answer.json()["error"]["message"]


def test_the_request_log_has_no_headers_and_no_bodies(
    graph_client: httpx.Client, control: httpx.Client
) -> None:
    control.delete("/sandbox/requests")
    graph_client.post("/v1.0/users", json=_new_user(), headers={"X-Private": "whisper"})
    graph_client.get("/v1.0/users", params={"$filter": "displayName eq 'Sky'"})
    entries = control.get("/sandbox/requests").json()["value"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in entries] == [
        ("POST", "/v1.0/users", 201),
        ("GET", "/v1.0/users", 200),
    ]
    assert entries[1]["number"] == entries[0]["number"] + 1
    assert entries[0]["tenant"] == object_id("tenant")
    assert entries[0]["actor"] == "app"
    assert entries[0]["app"] == object_id("app")
    assert set(entries[0]) == {
        *("number", "method", "path", "query", "status", "ms"),
        *("throttled", "tenant", "actor", "app"),
    }
    for secret in ("whisper", "Correct-horse-7", "Bearer"):
        assert secret not in str(entries)


def test_conditional_access_is_throttled_without_retry_after_and_the_log_says_so() -> None:
    with (
        running_tenant(conditionalAccessRequestsPerSecond=0.01) as server,
        graph(server) as client,
        http(server) as control,
    ):
        path = "/v1.0/identity/conditionalAccess/policies"
        assert client.get(path).status_code == 200
        refused = client.get(path)
        assert refused.status_code == 429
        assert "Retry-After" not in refused.headers
        entries = control.get("/sandbox/requests").json()["value"]
    assert [entry["throttled"] for entry in entries if entry["path"] == path] == [False, True]


def test_tls_before_1_2_is_not_spoken(tmp_path: Path) -> None:
    context = server_context(certificate_authority(tmp_path))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_that_does_not_know_the_ca_gets_no_connection(
    tenant_server: TenantServer,
) -> None:
    with httpx.Client(base_url=tenant_server.url) as client, pytest.raises(httpx.ConnectError):
        client.get("/sandbox/health")


def test_a_taken_port_is_replaced_by_a_free_one(tenant_server: TenantServer) -> None:
    with TenantServer([small_document()], port=tenant_server.port) as second:
        assert second.port != tenant_server.port
        with http(second) as client:
            assert client.get("/sandbox/health").json()["ready"] is True


def test_stopping_frees_the_port_and_ends_the_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    with TenantServer([small_document()]) as server, http(server) as client:
        client.get("/sandbox/health")
        port = server.port
    assert threading.active_count() == before
    with TenantServer([small_document()], port=port) as again:
        assert again.port == port


def test_state_certificate_and_secret_survive_a_restart(tmp_path: Path) -> None:
    data, folder = tmp_path / "tenant.json", tmp_path / "certificates"
    seed = small_document()
    with TenantServer([seed], data=data, certificate_folder=folder) as server:
        first = server.environment()
        ca = server.ca_path.read_bytes()
        with graph(server) as client, http(server) as control:
            made = client.post("/v1.0/users", json=_new_user()).json()["id"]
            control.post("/sandbox/clock", json={"advanceSeconds": 7200})
            before = control.get("/sandbox/tenant").json()
            now = control.get("/sandbox/health").json()["now"]
    with TenantServer([seed], data=data, certificate_folder=folder) as server:
        assert server.environment()["ARM_CLIENT_SECRET"] == first["ARM_CLIENT_SECRET"]
        assert server.ca_path.read_bytes() == ca
        with graph(server) as client, http(server) as control:
            assert client.get(f"/v1.0/users/{made}").json()["displayName"] == "Sky"
            assert control.get("/sandbox/tenant").json() == before
            assert control.get("/sandbox/health").json()["now"] >= now
    saved = data.read_text("utf-8")
    assert first["ARM_CLIENT_SECRET"] not in saved
    assert "Correct-horse-7" not in saved


def test_keys_and_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    TenantServer([small_document()], certificate_folder=tmp_path).stop()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    # Windows has no such modes; there the folder's access list protects the files.
    expected = 0o666 if os.name == "nt" else 0o600
    assert modes["ca.key"] == expected
    assert modes["client-secrets.json"] == expected


def test_a_change_is_saved_while_the_server_runs(tmp_path: Path) -> None:
    data = tmp_path / "tenant.json"
    with TenantServer([small_document()], data=data) as server, graph(server) as client:
        client.post("/v1.0/users", json=_new_user())
        server.save()
        assert "sky@fabrikam.onmicrosoft.com" in data.read_text("utf-8")


def test_two_tenants_may_not_share_a_subscription() -> None:
    second = small_document("Northwind", OTHER)
    second["subscriptions"][0]["subscriptionId"] = object_id("subscription")
    with pytest.raises(DocumentError, match="belongs to tenant"):
        TenantServer([small_document(), second])


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("tenant",), {}, r"tenant\.id is missing"),
        (("users", 3, "displayName"), "", r"users\[3\]\.displayName"),
        (("users", 1, "id"), object_id("users/ada"), "is there twice"),
        (("users", 1, "userPrincipalName"), "ADA@fabrikam.onmicrosoft.com", "is there twice"),
        (("users", 0, "password"), "x", "clear password"),
        (("domains", 0, "isInitial"), False, "exactly one needs isInitial"),
        (("apps", 0, "directoryRoles"), ["Boss"], "unknown directory role 'Boss'"),
        (("apps",), [], "needs one application"),
        (("apps", 0, "secret"), "x", r"apps\[0\]\.secret"),
    ],
)
def test_a_document_that_is_no_tenant_is_refused_in_one_line(
    path: tuple[str | int, ...], value: object, message: str
) -> None:
    document = small_document()
    part: Any = document
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(DocumentError, match=message) as caught:
        TenantServer([document])
    assert "\n" not in str(caught.value)


def test_a_defect_is_a_500_that_quotes_no_body(
    tenant_server: TenantServer, graph_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_name: str) -> bool:
        raise RuntimeError("Correct-horse-7")

    monkeypatch.setattr(tenant_server.world.default.directory, "has_domain", broken)
    answer = graph_client.post("/v1.0/users", json=_new_user())
    assert answer.status_code == 500
    assert "RuntimeError at test_server.py" in answer.json()["error"]["message"]
    assert "Correct-horse-7" not in answer.text
