"""Which requests a fault hits: by chance, by tenant, by application; and how far it is seen."""

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.faults import Asked, Faults
from tests.support.tenant import (
    AT_ONCE,
    JSON,
    graph,
    http,
    object_id,
    running_tenant,
    small_document,
    token,
)

OTHER = "northwind.onmicrosoft.com"
ADA = f"/v1.0/users/{object_id('users/ada')}"
HERE, THERE = object_id("tenant"), object_id("tenant", OTHER)
USERS = Asked("GET", "/v1.0/users")


def _hits(faults: Faults, seed: int, requests: int = 200) -> list[bool]:
    return [faults.strike(USERS, seed) is not None for _ in range(requests)]


def _ordered(**fault: object) -> Faults:
    faults = Faults()
    faults.order(fault)
    return faults


def test_a_share_of_the_requests_is_hit_and_the_same_ones_for_the_same_seed() -> None:
    fault: JSON = {"path": "/users", "status": 503, "share": 0.3}
    first = _hits(_ordered(**fault), seed=1)
    assert 40 <= sum(first) <= 80
    assert _hits(_ordered(**fault), seed=1) == first
    assert _hits(_ordered(**fault), seed=2) != first


def test_times_ends_a_fault_by_chance() -> None:
    faults = _ordered(path="/users", status=503, share=0.5, times=3)
    assert sum(_hits(faults, seed=1)) == 3
    assert not faults


@pytest.mark.parametrize(("share", "hit"), [(0, 0), (1, 50)])
def test_a_share_of_none_or_all(share: float, hit: int) -> None:
    assert sum(_hits(_ordered(status=500, share=share), seed=1, requests=50)) == hit


def test_two_faults_by_chance_hit_different_requests() -> None:
    faults = Faults()
    for status in (500, 503):
        faults.order({"status": status, "share": 0.3})
    found = [faults.strike(USERS, 1) for _ in range(100)]
    assert {fault.status for fault in found if fault} == {500, 503}


def test_a_method_fits_in_any_case() -> None:
    faults = _ordered(method="get", status=500)
    assert faults.strike(Asked("POST", "/v1.0/users"), 1) is None
    assert faults.strike(USERS, 1) is not None


def test_a_fault_for_one_application_spares_the_others(tenant_server: TenantServer) -> None:
    app = object_id("app").upper()
    with graph(tenant_server) as client, http(tenant_server) as control:
        control.post("/sandbox/faults", json={"status": 503, "app": "somebody-else"})
        assert client.get(ADA).status_code == 200
        control.post("/sandbox/faults", json={"status": 503, "app": app})
        assert client.get(ADA).status_code == 503


def test_a_login_is_hit_by_the_fault_of_its_tenant_and_application() -> None:
    with TenantServer([small_document(), small_document("Northwind", OTHER)]) as server:
        with http(server) as control:
            fault = {"path": "oauth2", "status": 503, "app": object_id("app", OTHER), "times": 9}
            control.post("/sandbox/faults", json=fault, params={"tenant": THERE})
        assert token(server, server.url, HERE)
        with pytest.raises(httpx.HTTPStatusError, match="503"):
            token(server, server.url, THERE)


def test_tenants_of_one_endpoint_do_not_meet_each_others_faults_nor_requests() -> None:
    documents = [small_document(), small_document("Northwind", OTHER)]
    with (
        TenantServer(documents, knobs=AT_ONCE) as server,
        graph(server, HERE) as here,
        graph(server, THERE) as there,
        http(server) as control,
    ):
        fault = {"path": "/organization", "status": 503, "times": 9}
        made = control.post("/sandbox/faults", json=fault, params={"tenant": OTHER}).json()
        assert made["tenant"] == THERE
        assert here.get("/v1.0/organization").status_code == 200
        assert there.get("/v1.0/organization").status_code == 503
        there.get("/v1.0/nothing")
        for name in ("faults", "requests", "unknown"):
            path = f"/sandbox/{name}"
            of_here = control.get(path, params={"tenant": HERE}).json()["value"]
            of_there = control.get(path, params={"tenant": THERE}).json()["value"]
            everything = control.get(path).json()["value"]
            assert len(of_here) == (2 if name == "requests" else 0), name
            assert len(of_there) == (3 if name == "requests" else 1), name
            assert len(everything) == len(of_here) + len(of_there)
        for name in ("faults", "requests"):
            control.delete(f"/sandbox/{name}", params={"tenant": HERE})
        assert len(control.get("/sandbox/faults").json()["value"]) == 1
        left = control.get("/sandbox/requests").json()["value"]
        assert {entry["tenant"] for entry in left} == {THERE}
        control.delete("/sandbox/faults", params={"tenant": THERE})
        assert there.get("/v1.0/organization").status_code == 200


def test_two_servers_in_one_process_share_nothing() -> None:
    with (
        running_tenant() as one,
        running_tenant() as two,
        graph(one) as of_one,
        graph(two) as of_two,
        http(one) as control_one,
        http(two) as control_two,
    ):
        control_one.post("/sandbox/faults", json={"path": "/users/", "status": 503})
        control_one.post("/sandbox/clock", json={"advanceSeconds": 3000})
        assert of_two.get(ADA).status_code == 200
        assert of_one.get(ADA).status_code == 503
        assert control_two.get("/sandbox/faults").json()["value"] == []
        assert len(control_two.get("/sandbox/requests").json()["value"]) == 2
        assert two.world.clock.offset == 0
        stolen = {"Authorization": of_one.headers["Authorization"]}
        assert of_two.get(ADA, headers=stolen).status_code == 401
        assert one.world.default.id == two.world.default.id
        assert one.environment()["ARM_CLIENT_SECRET"] != two.environment()["ARM_CLIENT_SECRET"]


@pytest.mark.parametrize("others", [{"status": 500}, {"status": 500, "share": 0.5}])
def test_what_is_ordered_for_another_tenant_changes_nothing_here(others: JSON) -> None:
    def hits(*, with_others: bool) -> list[bool]:
        faults, found = Faults(), list[bool]()
        if with_others:
            faults.order(others, THERE)
        faults.order({"status": 503, "share": 0.3}, HERE)
        faults.order({"status": 504, "share": 0.1})
        for _ in range(100):
            if with_others:
                faults.strike(Asked("GET", "/v1.0/users", THERE), 1)
            found.append(faults.strike(Asked("GET", "/v1.0/users", HERE), 1) is not None)
        return found

    assert hits(with_others=True) == hits(with_others=False)


@pytest.mark.parametrize("tenant", [None, HERE])
def test_after_all_faults_are_forgotten_the_same_order_hits_the_same_requests(
    tenant: str | None,
) -> None:
    faults = Faults()
    asked = Asked("GET", "/v1.0/users", HERE)

    def hits() -> list[bool]:
        faults.order({"status": 503, "share": 0.3}, tenant)
        found = [faults.strike(asked, 1) is not None for _ in range(100)]
        faults.clear(tenant)
        return found

    assert hits() == hits()
