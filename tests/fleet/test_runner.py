"""Many jobs side by side: who runs when, what a failure and Ctrl-C do, what is run again."""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fleet.errors import FleetError
from fleet.job import Job, not_started
from fleet.parallelism import BYTES_PER_RUN, default_parallelism, free_memory, usable_cores
from fleet.records import Record, last_report, to_resume
from fleet.report import CustomerReport, Outcome
from fleet.runner import run_fleet

JOBS = [Job(name, "up", "c0ffee") for name in ("a", "b", "c", "d")]


def report(job: Job, outcome: Outcome = "done") -> CustomerReport:
    return not_started(job).model_copy(update={"outcome": outcome})


class Stop:
    """Notes what it is told, and does something then."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.told: list[str] = []
        self._then = then

    def interrupt(self) -> None:
        self.told.append("interrupt")
        self._then()

    def kill(self) -> None:
        self.told.append("kill")
        self._then()


class Alone(Executor):
    """Runs each job at once, in the caller's thread."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  (as a pool does)
            future.set_exception(error)
        return future


def outcomes(reports: list[CustomerReport]) -> dict[str, str]:
    return {one.customer: one.outcome for one in reports}


def test_one_failure_stops_nobody_else() -> None:
    heard: list[str] = []

    def do(job: Job) -> CustomerReport:
        if job.customer == "b":
            raise ConnectionError("the worker\nis gone")
        return report(job, "failed" if job.customer == "a" else "done")

    with ThreadPoolExecutor(2) as executor:
        found = run_fleet(
            JOBS, executor, do, stop=Stop(), on_change=lambda one: heard.append(one.customer)
        )
    assert outcomes(found) == {"a": "failed", "b": "failed", "c": "done", "d": "done"}
    assert found[1].problems[0].what == "the job did not run: ConnectionError: the worker is gone"
    assert sorted(heard) == ["a", "b", "c", "d"]


def test_a_pool_that_is_broken_fails_jobs_and_not_the_run() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    found = run_fleet(JOBS[:1], executor, report, stop=Stop())
    assert outcomes(found) == {"a": "failed"}


def test_no_more_run_at_once_than_there_are_workers() -> None:
    lock, running, most = threading.Lock(), 0, 0
    barrier = threading.Barrier(2, timeout=20)

    def do(job: Job) -> CustomerReport:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait()
        with lock:
            running -= 1
        return report(job)

    with ThreadPoolExecutor(2) as executor:
        run_fleet(JOBS, executor, do, stop=Stop())
    assert most == 2


def test_the_canaries_go_first_and_alone() -> None:
    order: list[str] = []

    def do(job: Job) -> CustomerReport:
        order.append(job.customer)
        return report(job)

    found = run_fleet(JOBS, Alone(), do, stop=Stop(), canary={"b", "d"})
    assert order == ["b", "d", "a", "c"]
    assert list(outcomes(found).items()) == [(one, "done") for one in "abcd"]


def test_the_rest_is_not_started_when_a_canary_fails() -> None:
    def do(job: Job) -> CustomerReport:
        assert job.customer in "ab", "the rest must not be touched"
        return report(job, "failed" if job.customer == "a" else "done")

    found = run_fleet(JOBS, Alone(), do, stop=Stop(), canary={"a", "b"})
    assert outcomes(found) == {"a": "failed", "b": "done", "c": "not started", "d": "not started"}


@contextmanager
def interrupting(monkeypatch: pytest.MonkeyPatch, times: int) -> Generator[threading.Event]:
    """Ctrl-C, as often as said, once the first job runs: a `wait` that is interrupted raises it."""
    import fleet.runner as module

    begun, left, real = threading.Event(), [times], module.wait

    def wait(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            begun.wait(20)
            left[0] -= 1
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(module, "wait", wait)
    yield begun


@pytest.mark.parametrize(("times", "told"), [(1, ["interrupt"]), (2, ["interrupt", "kill"])])
def test_ctrl_c_lets_what_runs_end_and_starts_nothing_more(
    monkeypatch: pytest.MonkeyPatch, times: int, told: list[str]
) -> None:
    ending = threading.Event()
    stop = Stop()

    def then() -> None:
        if stop.told == told:
            ending.set()

    stop = Stop(then)
    with interrupting(monkeypatch, times) as begun:

        def do(job: Job) -> CustomerReport:
            begun.set()
            ending.wait(20)
            return report(job, "cancelled")

        with ThreadPoolExecutor(1) as executor:
            found = run_fleet(JOBS, executor, do, stop=stop)
    assert stop.told == told
    assert outcomes(found) == {
        "a": "cancelled",
        "b": "not started",
        "c": "not started",
        "d": "not started",
    }


def test_ctrl_c_among_the_canaries_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()
    with interrupting(monkeypatch, 1) as begun:

        def do(job: Job) -> CustomerReport:
            begun.set()
            ending.wait(20)
            return report(job)

        with ThreadPoolExecutor(1) as executor:
            found = run_fleet(JOBS, executor, do, stop=Stop(ending.set), canary={"a"})
    assert outcomes(found)["a"] == "done"
    assert set(outcomes(found).values()) == {"done", "not started"}


def test_only_what_is_missing_is_resumed(tmp_path: Path) -> None:
    first = Record(tmp_path, "up", "c0ffee")
    done, bad, left = report(JOBS[0]), report(JOBS[1], "failed"), not_started(JOBS[2])
    first.keep([done, bad, left])
    jobs, kept = to_resume(last_report(tmp_path, "up"), "c0ffee", ["a", "b", "c", "d"])
    assert jobs == [JOBS[1], JOBS[2]]
    assert kept == [done]
    only_b, rest = to_resume(last_report(tmp_path, "up"), "c0ffee", ["b"])
    assert only_b == [JOBS[1]]
    assert rest == [done, left]


def test_a_run_of_another_commit_is_not_resumed(tmp_path: Path) -> None:
    Record(tmp_path, "up", "c0ffee").keep([report(JOBS[0])])
    with pytest.raises(FleetError, match="of commit c0ffee, here is no git, files a1:"):
        to_resume(last_report(tmp_path, "up"), "no git, files a1", ["a"])


@pytest.mark.parametrize(
    ("variables", "run"),
    [({"GITHUB_RUN_ID": "11"}, "11"), ({"BUILD_BUILDID": "12"}, "12"), ({}, None)],
)
def test_a_report_of_a_pipeline_names_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], run: str | None
) -> None:
    for name in ("GITHUB_RUN_ID", "BUILD_BUILDID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Record(tmp_path, "up", "c0ffee").keep([report(JOBS[0])]).run == run


def test_a_look_meanwhile_leaves_what_can_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="there is no up to resume"):
        last_report(tmp_path, "up")
    kept = Record(tmp_path, "up", "c0ffee").keep([report(JOBS[0], "failed")])
    Record(tmp_path, "status", "c0ffee").keep([])
    assert last_report(tmp_path, "up").customers == kept.customers


def test_what_a_run_leaves_is_its_owners_alone(tmp_path: Path) -> None:
    folder = Record(tmp_path, "up", None).folder
    assert folder.parent == tmp_path / ".fleet"
    assert {one.stat().st_mode & 0o777 for one in (folder, folder.parent)} == {0o700}


@pytest.mark.parametrize(
    ("cores", "memory", "number"),
    [(8, 16 * BYTES_PER_RUN, 8), (8, 3 * BYTES_PER_RUN + 1, 3), (8, 1, 1), (1, 10**12, 1)],
)
def test_so_many_at_a_time_as_cores_and_memory_allow(cores: int, memory: int, number: int) -> None:
    assert default_parallelism(cores, memory) == number


def test_this_machines_figures_are_plausible() -> None:
    assert usable_cores() >= 1
    memory = free_memory()
    assert memory is None or memory > 1_000_000
