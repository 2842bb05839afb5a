"""How many requests Azure Resource Manager takes, and the headers that every answer has."""

import pytest

from sandbox.tenant.azure.request_limits import RequestLimits
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.errors import ServiceError
from tests.sandbox.arm_manager import GROUP, SETTINGS, SUBSCRIPTION, Manager
from tests.sandbox.seed_tenant import StillClock
from tests.support.tenant import arm, running_tenant

READS = "x-ms-ratelimit-remaining-subscription-reads"


def limits(clock: StillClock, **knobs: int) -> RequestLimits:
    return RequestLimits(clock, Behaviour.model_validate(knobs))


@pytest.mark.parametrize(
    ("method", "size", "refill", "kind"),
    [("GET", 250, 25, "read"), ("PUT", 200, 10, "write"), ("DELETE", 200, 10, "delete")],
)
def test_the_default_buckets_are_those_that_microsoft_documents(
    method: str, size: int, refill: int, kind: str
) -> None:
    clock = StillClock()
    found = limits(clock)
    for left in reversed(range(size)):
        header = found.take("s", "app", method)
        assert header == {f"x-ms-ratelimit-remaining-subscription-{kind}s": str(left)}
    with pytest.raises(ServiceError, match=f"Number of '{kind}' requests for") as refused:
        found.take("s", "app", method)
    assert (refused.value.status, refused.value.code) == (429, "SubscriptionRequestsThrottled")
    assert refused.value.headers["Retry-After"] == "1"
    clock.advance(1)
    for _ in range(refill):
        found.take("s", "app", method)
    with pytest.raises(ServiceError):
        found.take("s", "app", method)


def test_subscriptions_applications_and_methods_do_not_share_a_bucket() -> None:
    found = limits(StillClock(), resourceManagerReadsAtOnce=1)
    found.take("s", "app", "GET")
    assert found.take("s2", "app", "GET") == {READS: "0"}
    assert found.take("s", "app2", "GET") == {READS: "0"}
    assert found.take("", "app", "GET") == {"x-ms-ratelimit-remaining-tenant-reads": "0"}
    assert "x-ms-ratelimit-remaining-subscription-writes" in found.take("s", "app", "POST")
    with pytest.raises(ServiceError):
        found.take("s", "app", "HEAD")
    with pytest.raises(ServiceError, match="for tenant actor"):
        found.take("", "app", "GET")


def test_a_limit_of_nothing_is_none() -> None:
    found = limits(StillClock(), resourceManagerReadsAtOnce=0)
    assert [found.take("s", "app", "GET") for _ in range(1000)] == [{}] * 1000


def test_answers_and_refusals_say_what_is_left() -> None:
    with running_tenant(resourceManagerReadsAtOnce=5) as server, arm(server) as http:
        manager = Manager(http)
        found = manager.ask("GET", SUBSCRIPTION)
        missing = manager.ask("GET", GROUP)
        assert (found.status_code, missing.status_code) == (200, 404)
        assert int(missing.headers[READS]) <= int(found.headers[READS]) <= 4
        assert len({answer.headers["x-ms-request-id"] for answer in (found, missing)}) == 2
        answers = [manager.ask("GET", GROUP) for _ in range(20)]
        throttled = next(answer for answer in answers if answer.status_code == 429)
        assert throttled.json()["error"]["code"] == "SubscriptionRequestsThrottled"
        assert int(throttled.headers["Retry-After"]) >= 1
        assert manager.ask("GET", SETTINGS).status_code == 200
