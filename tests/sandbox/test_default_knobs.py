"""A tenant as it is without a word: every default that hurts a careless client is there."""

import pytest

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.throttling import Throttling
from tests.sandbox.arm_manager import GROUP, SETTINGS, WORKSPACE, setting
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import object_id, small_document

POLICIES = "/v1.0/identity/conditionalAccess/policies"


@pytest.fixture
def tenant() -> Dispatched:
    return Dispatched(small_document(), StillClock(), knobs={})


def _at(tenant: Dispatched, seconds: float, path: str) -> int:
    """The status of a GET so many seconds later."""
    tenant.world.clock.advance(seconds)
    return tenant.ask("GET", path).status


def test_a_second_conditional_access_request_within_the_second_is_refused(
    tenant: Dispatched,
) -> None:
    assert _at(tenant, 0, POLICIES) == 200
    assert _at(tenant, 0.5, POLICIES) == 429
    assert _at(tenant, 0.5, POLICIES) == 200


def test_what_was_just_written_is_missed_by_some_readers_and_known_to_all_soon(
    tenant: Dispatched,
) -> None:
    body = {
        "accountEnabled": True,
        "displayName": "New",
        "mailNickname": "new",
        "userPrincipalName": "new@fabrikam.example",
        "passwordProfile": {"password": "Correct-Horse-4711!"},
    }
    made = tenant.ask("POST", "/v1.0/users", body)
    path = f"/v1.0/users/{made.body['id']}"
    assert 404 in {_at(tenant, 0, path) for _ in range(20)}
    tenant.world.clock.advance(2.5)
    assert {_at(tenant, 0, path) for _ in range(20)} == {200}


def test_a_new_diagnostic_setting_is_not_found_at_first(tenant: Dispatched) -> None:
    for path, body in (
        (GROUP, {"location": "westeurope"}),
        (WORKSPACE, {"location": "westeurope"}),
    ):
        assert tenant.ask("PUT", path, body).status == 201
    path = f"{SETTINGS}/export"
    assert tenant.ask("PUT", path, setting()).status in (200, 201)
    assert _at(tenant, 0, path) == 404
    assert _at(tenant, 3, path) == 200


def _refusal(throttling: Throttling, app: str, writes: int) -> ServiceError:
    """The refusal of the write that follows on so many that are taken."""
    request = ("PATCH", "users/x", dict[str, str]())
    for _ in range(writes):
        throttling.admit(app, object_id("tenant"), 10, request)
    with pytest.raises(ServiceError) as refused:
        throttling.admit(app, object_id("tenant"), 10, request)
    return refused.value


def test_one_application_may_write_three_thousand_times() -> None:
    refused = _refusal(Throttling(StillClock(), Behaviour()), "a", 3000)
    assert refused.status == 429
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant_Application/Write/a/")


def test_all_applications_may_write_eighteen_thousand_times() -> None:
    throttling = Throttling(StillClock(), Behaviour())
    for number in range(6):
        _refusal(throttling, f"app {number}", 3000)
    refused = _refusal(throttling, "one more", 0)
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant/Write/")
