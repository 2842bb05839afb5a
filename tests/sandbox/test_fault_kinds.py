"""How an answer goes wrong: chosen, broken, cut, late, slow, or never there."""

import json
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import (
    AT_ONCE,
    JSON,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
)

ADA = f"/v1.0/users/{object_id('users/ada')}"


@contextmanager
def _ordered(**fault: Any) -> Generator[tuple[httpx.Client, httpx.Client]]:
    """A Graph client and the control face of a tenant in which one fault waits."""
    with running_tenant() as server, graph(server) as client, http(server) as control:
        control.post("/sandbox/faults", json=fault).raise_for_status()
        yield client, control


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ({"error": {"code": "Odd", "nested": [1]}}, "application/json", '{"error": {"code": "Odd'),
        (["a", "list"], "application/json", '["a", "list"]'),
        ("<html>Sign in to the Wi-Fi</html>", "text/plain", "<html>Sign in"),
        (None, None, ""),
    ],
)
def test_a_fault_answers_with_chosen_status_headers_and_body(
    body: object, kind: str | None, text: str
) -> None:
    with _ordered(status=502, body=body, headers={"Retry-After": "7", "X-Odd": "yes"}) as (
        client,
        _,
    ):
        answer = client.get(ADA)
    assert answer.status_code == 502
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["X-Odd"] == "yes"
    assert answer.text.startswith(text)
    if kind is not None:
        assert answer.headers["Content-Type"].startswith(kind)
    else:
        assert answer.content == b""


def test_a_chosen_content_type_replaces_our_own() -> None:
    with _ordered(status=200, body="<p>", headers={"content-type": "text/html"}) as (client, _):
        answer = client.get(ADA)
    assert (answer.status_code, answer.text) == (200, "<p>")
    assert answer.headers.get_list("content-type") == ["text/html"]


def test_headers_alone_are_laid_over_the_real_answer() -> None:
    with _ordered(headers={"Deprecation": "true"}) as (client, _):
        answer = client.get(ADA)
        assert "Deprecation" not in client.get(ADA).headers
    assert answer.headers["Deprecation"] == "true"
    assert answer.json()["displayName"] == "Ada"


def test_broken_json_is_a_whole_answer_that_is_no_json() -> None:
    with _ordered(brokenJson=True) as (client, _):
        broken, whole = client.get(ADA), client.get(ADA)
    assert broken.status_code == 200
    assert int(broken.headers["Content-Length"]) == len(broken.content)
    assert whole.content.startswith(broken.content[:40])
    with pytest.raises(json.JSONDecodeError):
        broken.json()


def test_an_answer_that_is_cut_short_breaks_off_and_has_had_its_effect() -> None:
    with _ordered(method="POST", cutShort=True) as (client, _):
        body = {"displayName": "Made", "mailEnabled": False, "mailNickname": "made"}
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/v1.0/groups", json=body | {"securityEnabled": True})
        names = [group["displayName"] for group in client.get("/v1.0/groups").json()["value"]]
    assert "Made" in names


def test_a_hanging_request_has_no_answer_until_the_client_gives_up() -> None:
    with _ordered(path="/users/", hang=True) as (client, control):
        with pytest.raises(httpx.ReadTimeout):
            client.get(ADA, timeout=0.2)
        entry = control.get("/sandbox/requests").json()["value"][-1]
        assert client.get(ADA).status_code == 200
    assert (entry["status"], entry["path"]) == (0, ADA)


@pytest.mark.parametrize(("when", "name"), [("before", "Ada"), ("after", "Changed")])
def test_a_request_hangs_before_or_after_its_effect(when: str, name: str) -> None:
    with _ordered(method="PATCH", hang=True, when=when) as (client, _):
        with pytest.raises(httpx.ReadTimeout):
            client.patch(ADA, json={"displayName": "Changed"}, timeout=0.2)
        assert client.get(ADA).json()["displayName"] == name


def test_hanging_requests_hold_up_neither_others_nor_the_end_of_the_server() -> None:
    many = 20
    server = TenantServer([small_document()], knobs=AT_ONCE)
    server.start()
    with graph(server) as client, http(server) as control, ThreadPoolExecutor(many) as pool:
        fault = {"path": "/users/", "hang": True, "times": many}
        control.post("/sandbox/faults", json=fault)
        hanging = [pool.submit(client.get, ADA, timeout=60) for _ in range(many)]
        while control.get("/sandbox/faults").json()["value"]:
            assert not any(request.done() for request in hanging)
        assert client.get(ADA).status_code == 200
        began = time.monotonic()
        server.stop()
        for request in hanging:
            assert isinstance(request.exception(), httpx.TransportError)
    assert time.monotonic() - began < 10


def test_hang_seconds_pass_before_the_answer_comes() -> None:
    with _ordered(hangSeconds=0.3) as (client, _):
        began = time.monotonic()
        answer = client.get(ADA)
        assert time.monotonic() - began >= 0.3
    assert answer.json()["displayName"] == "Ada"


def test_a_dripping_answer_comes_in_pieces_and_is_whole() -> None:
    with _ordered(dripSeconds=0.4) as (client, _):
        began = time.monotonic()
        with client.stream("GET", ADA) as answer:
            pieces = list(answer.iter_raw())
        assert time.monotonic() - began >= 0.3
    assert len(pieces) > 5
    assert json.loads(b"".join(pieces))["displayName"] == "Ada"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({}, "one of status, drop, hang"),
        ({"hang": True, "cutShort": True}, "hang and cutShort exclude each other"),
        ({"status": 500, "nth": 2, "share": 0.5}, "nth and share exclude each other"),
        ({"drop": True, "body": {}}, "body needs a status"),
        ({"hang": True, "retryAfter": 1}, "retryAfter needs a status"),
        ({"status": 500, "body": {}, "code": "x"}, "a body excludes code and message"),
        ({"status": 204}, "204 is no failure by itself"),
        ({"drop": True, "dripSeconds": 1}, "drop gives no answer"),
        ({"status": 500, "share": 1.5}, "share: "),
        ({"status": 500, "headers": {"X": "a\r\nSet-Cookie: b"}}, "headers: "),
        ({"hangSeconds": 99_999}, "hangSeconds: "),
    ],
)
def test_a_fault_whose_keys_do_not_fit_together_is_refused(
    control: httpx.Client, fault: JSON, message: str
) -> None:
    answer = control.post("/sandbox/faults", json=fault)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
