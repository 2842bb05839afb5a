"""The exclusion at the service's own pace: whole runs of the real engine, in real seconds.

Each run has a tenant process of its own, which takes one Conditional Access request a second and
counts; the runs mostly wait, so they run side by side.
"""

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from sandbox.benchmark.example_stack import ExampleStack
from sandbox.benchmark.measurement import Measurement
from sandbox.benchmark.naive import exclude_naively
from sandbox.benchmark.policy_tenant import GROUP, PolicyTenant, policy_tenant
from sandbox.engine import Engine, ensure_engine

SIZES = (16, 64, 195)
_DISTURBED_SIZE = 64
_NAIVE_LIMIT_SECONDS = 900.0
_TELL_SECONDS = 60.0
_LARGEST_SINGLY_READ = 20
_LISTED_FOR = 12
_READ_AT_MOST = 3

Run = Callable[[], Sequence[Measurement]]


def exclusion() -> Sequence[Measurement]:
    """First runs of every size, the naive way beside them, half of the budget, and what follows."""
    engine = ensure_engine(print)
    with tempfile.TemporaryDirectory() as name:
        runs = _runs(engine, Path(name))
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=len(runs)) as pool:
            results = {title: pool.submit(run) for title, run in runs.items()}
            _tell(results, began)
        return [row for result in results.values() for row in result.result()]


def allowed_requests(pending: int) -> int:
    """Of a whole first run: twice as many as policies up to 20, beyond that a listing a dozen."""
    if pending <= _LARGEST_SINGLY_READ:
        return 2 * pending + 8
    return pending + math.ceil(pending / _LISTED_FOR) + 8


def _runs(engine: Engine, folder: Path) -> dict[str, Run]:
    runs: dict[str, Run] = {}
    for size in SIZES:
        runs[f"{size} policies"] = lambda size=size: _first_run(engine, folder / f"{size}", size)
        runs[f"{size} naively"] = lambda size=size: _naive(folder / f"naive-{size}", size)
    disturbed = f"{_DISTURBED_SIZE} at half"
    runs[disturbed] = lambda: _at_half(engine, folder / "half", _DISTURBED_SIZE)
    return runs


def _tell(results: dict[str, Future[Sequence[Measurement]]], began: float) -> None:
    """One line a minute on who is still at it; failures come when the results are asked for."""
    while True:
        at_work = wait(results.values(), timeout=_TELL_SECONDS).not_done
        if not at_work:
            return
        titles = ", ".join(title for title, result in results.items() if result in at_work)
        print(f"  … {time.monotonic() - began:.0f} s, still at work: {titles}", flush=True)


def _first_run(engine: Engine, folder: Path, size: int) -> list[Measurement]:
    with policy_tenant(folder, size) as tenant:
        stack = ExampleStack(engine, folder / "stack", tenant.served.environment, GROUP)
        seconds = stack.run("up")
        _all_right(tenant, size)
        title = f"{size} policies"
        rows = _rows(title, tenant, seconds, allowed_requests(size), throttled=0, floor=size)
        if size == max(SIZES):
            rows += _afterwards(tenant, stack, title, size)
    return rows


def _afterwards(
    tenant: PolicyTenant, stack: ExampleStack, title: str, size: int
) -> list[Measurement]:
    """Refresh and preview of what is settled, an `up` without differences, one policy healed."""
    rows: list[Measurement] = []
    for operation, expected in (("refresh", ()), ("preview", ("--expect-no-changes",))):
        tenant.forget()
        seconds = stack.run(operation, *expected)
        rows += _rows(f"{title}, {operation}", tenant, seconds, _READ_AT_MOST, throttled=0)
    tenant.forget()
    seconds = stack.run("up", "--expect-no-changes")
    rows += _rows(f"{title}, up without differences", tenant, seconds, None, throttled=0)
    rows.append(Measurement("  writes", tenant.count().writes, "", 0))
    tenant.lose_one()
    tenant.forget()
    seconds = stack.run("up")
    _all_right(tenant, size)
    rows += _rows(f"{title}, one healed", tenant, seconds, allowed_requests(1), throttled=0)
    rows.append(Measurement("  writes", tenant.count().writes, "", 1))
    return rows


def _at_half(engine: Engine, folder: Path, size: int) -> list[Measurement]:
    with policy_tenant(folder, size) as tenant:
        stack = ExampleStack(engine, folder / "stack", tenant.served.environment, GROUP)
        with tenant.half_used():
            seconds = stack.run("up")
        _all_right(tenant, size)
        title = f"{size} policies, another client uses half"
        rows = _rows(title, tenant, seconds, None)
        other = tenant.count("other")
        used = (other.requests - other.throttled) / seconds
        return [*rows, Measurement("  the other client's share", used, "/s")]


def _naive(folder: Path, size: int) -> list[Measurement]:
    with policy_tenant(folder, size) as tenant:
        began = time.monotonic()
        with tenant.client(tenant.served.graph_token()) as client:
            limit = began + _NAIVE_LIMIT_SECONDS
            done = exclude_naively(client, tenant.graph, GROUP, until=limit)
        seconds = time.monotonic() - began
        ending = "" if done == size else f" (ended: {done} of {size} done)"
        return _rows(f"{size} policies, naively{ending}", tenant, seconds, None)


def _rows(
    title: str,
    tenant: PolicyTenant,
    seconds: float,
    allowed: int | None,
    *,
    throttled: int | None = None,
    floor: int | None = None,
) -> list[Measurement]:
    count = tenant.count()
    beside = "" if floor is None else f" (the floor is {floor})"
    return [
        Measurement(f"{title}: requests", count.requests, "", allowed),
        Measurement("  answered 429", count.throttled, "", throttled),
        Measurement(f"  wall time{beside}", seconds, "s"),
    ]


def _all_right(tenant: PolicyTenant, size: int) -> None:
    if (found := tenant.excluded()) != size:
        raise RuntimeError(f"{found} of {size} policies exclude the group: nothing to measure")
