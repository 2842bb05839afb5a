"""The pace of Conditional Access: one request a second, and the two shapes of its refusal."""

from typing import Any

import pytest

from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.errors import ServiceError
from tests.sandbox.seed_tenant import StillClock, conditional_access


def refusal(area: ConditionalAccess) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        area.admit_request()
    return caught.value


def test_one_request_a_second_is_admitted() -> None:
    clock = StillClock()
    area = conditional_access(clock, rate=1.0)
    area.admit_request()
    assert refusal(area).status == 429
    clock.advance(0.5)
    refusal(area)
    clock.advance(0.5)
    area.admit_request()
    refusal(area)


def refusals(count: int = 200, **knobs: Any) -> list[tuple[str, str, dict[str, str]]]:
    area = ConditionalAccess(StillClock(), Behaviour(**knobs))
    area.admit_request()
    found = [refusal(area) for _ in range(count)]
    assert {error.status for error in found} == {429}
    return [(error.code, error.message, dict(error.headers)) for error in found]


def test_a_429_comes_in_two_shapes_and_names_no_time_to_wait() -> None:
    found = refusals()
    assert {(code, bool(message)) for code, message, _ in found} == {
        ("TooManyRequests", True),
        ("UnknownError", False),
    }
    assert 60 < sum(code == "UnknownError" for code, _, _ in found) < 140
    assert not any(headers for _, _, headers in found)
    assert found == refusals()
    assert found != refusals(random_seed=2)


@pytest.mark.parametrize(("share", "code"), [(0.0, "TooManyRequests"), (1.0, "UnknownError")])
def test_the_shape_of_a_429_can_be_chosen(share: float, code: str) -> None:
    found = refusals(conditional_access_unknown_error_share=share)
    assert {shape for shape, _, _ in found} == {code}


def test_a_429_can_name_a_time_to_wait() -> None:
    found = refusals(conditional_access_retry_after_seconds=7)
    assert all(headers == {"Retry-After": "7"} for _, _, headers in found)


def test_a_request_that_the_network_hurried_a_little_is_admitted_but_the_pace_stays() -> None:
    clock = StillClock()
    area = conditional_access(clock, rate=1.0)
    admitted = 0
    for _ in range(200):
        try:
            area.admit_request()
        except ServiceError:
            pass
        else:
            admitted += 1
        clock.advance(0.95)
    assert admitted <= 191


@pytest.mark.parametrize("rate", [0, 100, 1000])
def test_no_rate_or_a_large_one_switches_the_limit_off(rate: float) -> None:
    area = conditional_access(rate=rate)
    for _ in range(50):
        area.admit_request()
