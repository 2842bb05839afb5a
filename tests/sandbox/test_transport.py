"""Nobody waits for what does not concern him: locks, hanging clients, the log of requests."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from sandbox.api.routing import Request, Response, Router
from sandbox.api.server import TenantServer
from tests.support.tenant import AT_ONCE, graph, http, object_id, small_document, token

OTHER = "northwind.onmicrosoft.com"
HERE, THERE = object_id("tenant"), object_id("tenant", OTHER)


def test_a_busy_tenant_holds_up_neither_another_nor_a_login() -> None:
    documents = [small_document(), small_document("Northwind", OTHER)]
    with (
        TenantServer(documents, knobs=AT_ONCE) as server,
        graph(server, HERE) as here,
        graph(server, THERE) as there,
        ThreadPoolExecutor(2) as pool,
    ):
        with server.world.tenants[HERE].lock:
            waiting = pool.submit(here.get, "/v1.0/organization")
            for _ in range(5):
                assert there.get("/v1.0/organization").status_code == 200
            assert token(server, server.url, HERE)
            assert not waiting.done()
        assert waiting.result().status_code == 200


def test_a_login_and_its_tenant_are_in_the_log_of_requests(
    tenant_server: TenantServer, control: httpx.Client
) -> None:
    token(tenant_server, tenant_server.url)
    with http(tenant_server) as client:
        client.post("/nobody.example/oauth2/v2.0/token", data={"client_id": "x"})
    known, unknown = control.get("/sandbox/requests").json()["value"]
    assert (known["tenant"], known["status"], known["actor"]) == (HERE, 200, None)
    assert (unknown["tenant"], unknown["status"]) == (None, 400)


def _says(text: str) -> Router:
    router = Router()

    def handler(request: Request) -> Response:
        return Response(body={"said": text, **request.params})

    for template in ("/v1.0/things/{id}", "/v1.0/things/{id}/parts/$ref", "/v1.0/all/{rest*}"):
        router.route("GET", template)(handler)
    return router


def test_a_path_finds_its_route_by_length_with_and_without_a_slash_at_its_end() -> None:
    router = _says("x")
    found = {
        path: match.route.template
        for path in (
            "/v1.0/things/1",
            "/v1.0/things/1/",
            "/v1.0/things/1/parts/%24ref",
            "/v1.0/all/a",
            "/v1.0/all/a/b/c",
        )
        if (match := router.match("GET", path)) is not None
    }
    assert found == {
        "/v1.0/things/1": "/v1.0/things/{id}",
        "/v1.0/things/1/": "/v1.0/things/{id}",
        "/v1.0/things/1/parts/%24ref": "/v1.0/things/{id}/parts/$ref",
        "/v1.0/all/a": "/v1.0/all/{rest*}",
        "/v1.0/all/a/b/c": "/v1.0/all/{rest*}",
    }
    for path in ("/v1.0/things", "/v1.0/things/1/parts", "/v1.0", ""):
        assert router.match("GET", path) is None
        assert router.methods_of(path) == []
    assert router.methods_of("/v1.0/things/1") == ["GET"]


def test_a_route_that_is_registered_later_is_found_too() -> None:
    router = _says("x")
    assert router.match("POST", "/v1.0/things/1") is None
    router.route("POST", "/v1.0/things/{id}")(lambda _request: Response(204))
    assert router.match("POST", "/v1.0/things/1") is not None
