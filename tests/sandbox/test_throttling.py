"""Microsoft Graph's limits of one application, in time that stands still."""

import httpx
import pytest

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.throttling import Throttling, is_write, units
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import object_id

USER = "users/0f6a"


class Limited:
    """The limits of a tenant of some users, and its clock."""

    def __init__(self, users: int = 10, **knobs: float) -> None:
        self.clock = StillClock()
        self.throttling = Throttling(self.clock, Behaviour.model_validate(knobs))
        self.users = users

    def ask(self, method: str = "GET", path: str = USER, app: str = "app") -> dict[str, str]:
        return self.throttling.admit(app, "tenant", self.users, (method, path, {}))

    def refused(self, method: str = "GET", path: str = USER, app: str = "app") -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.ask(method, path, app)
        return caught.value

    def until_refused(self, method: str = "GET", path: str = USER) -> int:
        """How many requests are taken before the first that is not."""
        for number in range(20_000):
            try:
                self.ask(method, path)
            except ServiceError:
                return number
        raise AssertionError("no limit")


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        ("GET", "users", {}, 2),
        ("GET", "users/ada@fabrikam.example", {}, 1),
        ("GET", "groups/1/members", {}, 3),
        ("GET", "groups/1/members", {"$select": "id"}, 2),
        ("GET", "groups/1/members", {"$select": "id", "$top": "5"}, 1),
        ("GET", "groups/1/members", {"$top": "20"}, 3),
        ("GET", "groups/1/transitiveMembers", {"$expand": "x"}, 6),
        ("GET", "users/1", {"$select": "id", "$top": "1"}, 1),
        ("GET", "users/1/memberOf", {}, 2),
        ("GET", "Users/", {}, 2),
        ("GET", "subscribedSkus", {}, 3),
        ("GET", "domains/fabrikam.example/domainNameReferences", {}, 4),
        ("POST", "directoryObjects/getByIds", {}, 3),
        ("POST", "users/1/checkMemberGroups", {}, 4),
        ("PATCH", "users/1", {}, 1),
    ],
)
def test_a_request_costs_what_microsoft_documents(
    method: str, path: str, query: dict[str, str], cost: int
) -> None:
    assert units(method, path, query) == cost


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("GET", "users", False),
        ("POST", "users", True),
        ("PATCH", "users/1", True),
        ("DELETE", "groups/1/members/2/$ref", True),
        ("POST", "directoryObjects/getByIds", False),
        ("POST", "users/1/getMemberGroups", False),
    ],
)
def test_reads_that_are_posted_are_no_writes(method: str, path: str, write: bool) -> None:
    assert is_write(method, path) is write


@pytest.mark.parametrize(
    ("users", "limit"), [(49, 3500), (50, 5000), (500, 5000), (501, 8000), (10_000, 8000)]
)
def test_a_tenant_of_more_users_takes_more(users: int, limit: int) -> None:
    assert Limited(users).until_refused() == limit


def test_a_refusal_names_the_limit_and_the_time_after_which_it_is_over() -> None:
    limited = Limited(directoryUnitsPerTenSeconds=10)
    assert limited.until_refused(path="groups/1/members") == 3
    error = limited.refused(path="groups/1/transitiveMembers")
    assert error.status == 429
    assert error.headers == {
        "Retry-After": "4",
        "x-ms-throttle-scope": "Tenant_Application/ReadWrite/app/tenant",
        "x-ms-throttle-information": "ResourceUnitLimitExceeded",
    }
    limited.clock.advance(4)
    assert limited.ask(path="groups/1/transitiveMembers")["x-ms-resource-unit"] == "5"


def test_each_answer_tells_its_cost_and_from_four_fifths_on_how_much_is_used() -> None:
    limited = Limited(directoryUnitsPerTenSeconds=10)
    headers = [limited.ask() for _ in range(10)]
    assert {found["x-ms-resource-unit"] for found in headers} == {"1"}
    told = [found.get("x-ms-throttle-limit-percentage") for found in headers]
    assert told == [None] * 8 + ["0.90", "1.00"]


def test_writes_have_a_limit_of_their_own_and_reads_go_on() -> None:
    limited = Limited(directoryWritesPer150Seconds=5)
    assert limited.until_refused("PATCH") == 5
    error = limited.refused("DELETE")
    assert error.headers["x-ms-throttle-scope"] == "Tenant_Application/Write/app/tenant"
    assert error.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert error.headers["Retry-After"] == "30"
    limited.ask("GET")
    limited.ask("PATCH", app="another")


def test_all_applications_share_the_tenants_writes() -> None:
    limited = Limited(tenantWritesPer300Seconds=3)
    for app in ("a", "b", "c"):
        limited.ask("PATCH", app=app)
    assert limited.refused("PATCH", app="d").headers["x-ms-throttle-scope"].startswith("Tenant/")


def test_one_application_does_not_use_up_what_another_has() -> None:
    limited = Limited(directoryUnitsPerTenSeconds=3)
    assert limited.until_refused() == 3
    limited.ask(app="another")


def test_a_refused_request_costs_nothing() -> None:
    limited = Limited(directoryUnitsPerTenSeconds=2)
    assert limited.until_refused() == 2
    for _ in range(50):
        limited.refused()
    limited.clock.advance(5)
    limited.ask()


def test_conditional_access_has_its_own_limit_elsewhere() -> None:
    limited = Limited(directoryUnitsPerTenSeconds=1)
    for _ in range(5):
        assert limited.ask(path="identity/conditionalAccess/policies") == {}


def test_reports_are_five_in_ten_seconds_and_cost_no_units() -> None:
    limited = Limited()
    assert limited.until_refused(path="auditLogs/signIns") == 5
    assert limited.refused(path="auditLogs/directoryAudits").headers == {"Retry-After": "2"}
    assert "x-ms-resource-unit" in limited.ask()


def test_zero_switches_a_limit_off() -> None:
    limited = Limited(
        directoryUnitsPerTenSeconds=0,
        directoryWritesPer150Seconds=0,
        tenantWritesPer300Seconds=0,
        reportRequestsPerTenSeconds=0,
    )
    for _ in range(5000):
        limited.ask("PATCH")
        limited.ask(path="auditLogs/signIns")


@pytest.mark.parametrize(
    ("share", "shape"),
    [(0.0, ("TooManyRequests", "Too many requests.")), (1.0, ("UnknownError", ""))],
)
def test_a_429_has_one_of_two_shapes(share: float, shape: tuple[str, str]) -> None:
    limited = Limited(directoryUnitsPerTenSeconds=1, directoryUnknownErrorShare=share)
    limited.ask()
    error = limited.refused()
    assert (error.code, error.message) == shape


def test_both_shapes_come_and_in_the_same_order_for_the_same_seed() -> None:
    def codes(seed: int) -> list[str]:
        limited = Limited(directoryUnitsPerTenSeconds=1, randomSeed=seed)
        limited.ask()
        return [limited.refused().code for _ in range(20)]

    assert set(codes(1)) == {"TooManyRequests", "UnknownError"}
    assert codes(1) == codes(1)
    assert codes(1) != codes(2)


def test_graph_answers_with_the_headers_and_its_error_envelope(
    control: httpx.Client, graph_client: httpx.Client
) -> None:
    path = f"/v1.0/users/{object_id('users/ada')}"
    assert graph_client.get(path).headers["x-ms-resource-unit"] == "1"
    assert graph_client.get("/v1.0/users/nobody").headers["x-ms-resource-unit"] == "1"
    control.patch(
        "/sandbox/behaviour",
        json={"directoryUnitsPerTenSeconds": 1, "directoryUnknownErrorShare": 0},
    )
    refused = graph_client.get(path)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert int(refused.headers["Retry-After"]) >= 1
    scope = f"Tenant_Application/ReadWrite/{object_id('app')}/{object_id('tenant')}"
    assert refused.headers["x-ms-throttle-scope"] == scope
    assert control.get("/sandbox/requests").json()["value"][-1]["throttled"] is True
