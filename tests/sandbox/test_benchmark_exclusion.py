"""What the benchmark of the exclusion takes for allowed, counts, and does in the naive way."""

import ssl
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import httpx
import psutil
import pytest

from sandbox.benchmark import exclusion, policy_tenant
from sandbox.benchmark.measurement import Measurement
from sandbox.benchmark.naive import exclude_naively
from sandbox.benchmark.policy_tenant import GROUP, PolicyTenant, policy_document
from sandbox.benchmark.served import Served
from tests.support.tenant import running_tenant

CONDITIONAL_ACCESS = "identity/conditionalAccess"


@contextmanager
def tenant(policies: int = 3, **knobs: object) -> Generator[PolicyTenant]:
    with running_tenant(policy_document(policies), **knobs) as server:
        context = ssl.create_default_context(cafile=str(server.ca_path))
        yield PolicyTenant(Served(psutil.Process(), 0.0, server.environment(), context))


def client(found: PolicyTenant) -> httpx.Client:
    return found.client(found.served.graph_token())


def refuse(found: PolicyTenant, path: str, times: int, headers: bytes = b"") -> None:
    order = b'{"method": "PATCH", "path": "%s", "nth": 1, "times": %d, "status": 429%s}'
    body = order % (path.encode(), times, headers)
    found.served.call("POST", "/sandbox/faults", body, "application/json")


@pytest.mark.parametrize(
    ("pending", "allowed"), [(0, 8), (1, 10), (16, 40), (20, 48), (21, 31), (64, 78), (195, 220)]
)
def test_what_a_first_run_may_ask(pending: int, allowed: int) -> None:
    assert exclusion.allowed_requests(pending) == allowed


@pytest.mark.parametrize(("value", "verdict"), [(0, "met"), (1, "MISSED")])
def test_a_target_of_nothing_is_met_by_nothing_only(value: float, verdict: str) -> None:
    assert Measurement("429", value, "", 0).verdict == verdict


def test_the_naive_way_reads_writes_and_reads_every_policy() -> None:
    with tenant(policies=3) as found, client(found) as http:
        assert found.excluded() == 0
        until = time.monotonic() + 60
        assert exclude_naively(http, found.graph, GROUP, until=until) == 3
        count = found.count()
        assert (count.requests, count.throttled, count.writes) == (1 + 3 * 3, 0, 3)
        assert found.excluded() == 3
        found.forget()
        assert found.count().requests == 0
        found.lose_one()
        assert found.excluded() == 2
        assert found.count().requests == 0, "what an administrator does is not ours"


def test_the_naive_way_pauses_as_the_graph_sdk_does() -> None:
    with tenant(policies=1) as found, client(found) as http:
        refuse(found, CONDITIONAL_ACCESS, times=5)
        pauses: list[float] = []
        until = time.monotonic() + 60
        done = exclude_naively(http, found.graph, GROUP, until=until, sleep=pauses.append)
        assert done == 1
        assert found.count().throttled == 5
        # three pauses, then the SDK's failure and a new start without one, then the next pause
        for pause, least in zip(pauses, (3.25, 3.5, 4.0, 3.25), strict=True):
            assert least <= pause <= least + 1


def test_the_naive_way_ends_when_its_time_is_over_and_says_how_far_it_came() -> None:
    with tenant(policies=2) as found, client(found) as http:
        refuse(found, CONDITIONAL_ACCESS, times=1000)
        now = [0.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        def clock() -> float:
            return now[0]

        assert exclude_naively(http, found.graph, GROUP, until=30, sleep=sleep, clock=clock) == 0
        assert 30 <= now[0] < 40


def test_the_other_client_is_counted_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_tenant, "_OTHER_PERIOD_SECONDS", 0.01)
    with tenant(policies=1) as found:
        with found.half_used():
            end = time.monotonic() + 30
            while not (asked := found.count("other").requests) and time.monotonic() < end:
                continue
        assert asked
        assert found.count().requests == 0


def test_a_run_that_did_not_exclude_all_is_not_measured() -> None:
    all_right = exclusion._all_right  # pyright: ignore[reportPrivateUsage]
    with tenant(policies=2) as found, pytest.raises(RuntimeError, match="0 of 2"):
        all_right(found, 2)


def test_a_run_that_fails_ends_the_benchmark_with_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails() -> Sequence[Measurement]:
        raise RuntimeError("pulumi up ended with 1")

    def runs(*_: object) -> dict[str, exclusion.Run]:
        return {"a run": fails}

    monkeypatch.setattr(exclusion, "ensure_engine", print)
    monkeypatch.setattr(exclusion, "_runs", runs)
    with pytest.raises(RuntimeError, match="pulumi up ended"):
        exclusion.exclusion()
