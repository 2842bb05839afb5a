"""What is sent to the scheduler, what is made of its answers, and how a worker minds its job."""

import sys
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fleet import cluster_worker
from fleet.cluster import RETRIES, ClusterExecutor
from fleet.cluster_worker import KeeperDiedError, do_on_worker
from fleet.customers import Customer
from fleet.job import Job, not_started
from fleet.report import CustomerReport
from fleet.runner import run_fleet
from tests.fleet.cluster_machines import eventually

NORTH, SOUTH = Job("north", "up", "c0ffee"), Job("south", "up", "c0ffee")


def done(job: Job) -> CustomerReport:
    return not_started(job).model_copy(update={"outcome": "done"})


class Task:
    """A future of Dask's."""

    def __init__(self, status: str, result: Any) -> None:
        self.status = status
        self._result = result
        self.cancelled = False

    def add_done_callback(self, then: Callable[[Any], None]) -> None:
        if self.status != "pending":
            then(self)

    def result(self) -> Any:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    def cancel(self) -> None:
        self.cancelled = True


class Client:
    """A connection on which each job ends as planned."""

    def __init__(self, **ends: tuple[str, Any]) -> None:
        self._ends = ends
        self.sent: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.tasks: list[Task] = []
        self.heard: Callable[[Any], None] = lambda _: None
        self.stopped: list[tuple[Any, ...]] = []

    def subscribe_topic(self, topic: str, heard: Callable[[Any], None]) -> None:
        self.heard = heard

    def unsubscribe_topic(self, topic: str) -> None:
        raise ValueError(topic)

    def submit(self, *arguments: Any, **options: Any) -> Task:
        self.sent.append((arguments, options))
        self.tasks.append(Task(*self._ends[arguments[1].customer]))
        return self.tasks[-1]

    def run(self, *arguments: Any, **_: Any) -> None:
        self.stopped.append(arguments)

    def begin(self, number: int) -> None:
        """A worker says that it begins with a job."""
        self.heard((0.0, {"key": self.sent[number][1]["key"]}))


def run(client: Client, then: Callable[[CustomerReport], CustomerReport] = lambda it: it) -> Any:
    with ClusterExecutor(client, lambda _: None, then) as executor:
        (report,) = run_fleet([NORTH], executor, do_on_worker, stop=executor)
    return report


def test_a_job_is_sent_once_under_a_key_of_its_own() -> None:
    client = Client(north=("finished", done(NORTH)))
    run(client)
    run(client)
    (first, options), (_, again) = client.sent
    assert first == (do_on_worker, NORTH)
    key = options.pop("key")
    assert key.endswith("/up/north")
    assert key != again["key"]
    assert options == {"pure": False, "retries": RETRIES}


def test_each_report_is_judged_here() -> None:
    client = Client(north=("finished", done(NORTH)))
    judged = run(client, lambda it: it.model_copy(update={"outcome": "failed"}))
    assert judged.outcome == "failed"


def test_a_report_that_was_tampered_with_is_checked() -> None:
    client = Client(north=("finished", done(NORTH).model_copy(update={"tenant_id": "a\x1b[2Jb"})))
    assert run(client).tenant_id == "a [2Jb"


@pytest.mark.parametrize(
    ("status", "result", "told"),
    [
        ("finished", done(SOUTH), "a worker sent the report of another job"),
        ("lost", None, "the scheduler is gone: whether the job was done is not known"),
        ("cancelled", None, "the scheduler is gone"),
        ("error", KeyError("worker lost 4 times"), "KeyError: 'worker lost 4 times'"),
    ],
)
def test_what_went_wrong_in_the_cluster_is_that_customers_failure(
    status: str, result: Any, told: str
) -> None:
    report = run(Client(north=(status, result)))
    assert (report.customer, report.outcome) == ("north", "failed")
    assert told in report.problems[0].what


def test_a_job_that_was_begun_cannot_be_taken_back_and_another_can() -> None:
    begun: list[str] = []
    client = Client(north=("pending", None), south=("pending", None))
    executor = ClusterExecutor(client, begun.append, lambda it: it)
    north, south = (executor.submit(do_on_worker, job) for job in (NORTH, SOUTH))
    client.begin(0)
    client.begin(0)
    assert (north.cancel(), south.cancel()) == (False, True)
    client.begin(1)
    assert wait([south], 5).done == {south}
    assert [one.cancelled for one in client.tasks] == [False, True]
    assert begun == ["north"]


def test_a_job_that_another_worker_takes_over_after_ctrl_c_is_stopped_too() -> None:
    client = Client(north=("pending", None))
    executor = ClusterExecutor(client, lambda _: None, lambda it: it)
    executor.submit(do_on_worker, NORTH)
    executor.interrupt()
    client.begin(0)
    assert eventually(lambda: len(client.stopped) == 2)
    assert {one[2] for one in client.stopped} == {"interrupt"}
    executor.kill()
    assert eventually(lambda: client.stopped[-1][2] == "kill")


class Worker:
    """The worker that a job runs on."""

    def __init__(self, status: str = "running", state: str = "executing") -> None:
        self.address = "tls://192.0.2.7:1"
        self.scheduler = SimpleNamespace(address="tls://192.0.2.1:1")
        self.status = SimpleNamespace(name=status)
        self.state = SimpleNamespace(tasks={"run/up/north": SimpleNamespace(state=state)})
        self.events: list[tuple[str, Any]] = []

    def get_current_task(self) -> str:
        return "run/up/north"

    def log_event(self, topic: str, message: Any) -> None:
        self.events.append((topic, message))


def keeper_that(does: str, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a script in the keeper's place, and a customer in the settings file's."""

    def command(*_: Any) -> tuple[list[str], Path]:
        return [sys.executable, "-Sc", does], Path()

    def read(folder: Path, name: str) -> Customer:
        return Customer(name, folder / f"Pulumi.{name}.yaml", "tenant", "subscription")

    monkeypatch.setattr(cluster_worker, "read_customer", read)
    monkeypatch.setattr("distributed.get_worker", lambda: worker)
    monkeypatch.setattr(cluster_worker, "_command", command)
    monkeypatch.setattr(cluster_worker, "LOOK_SECONDS", 0.02)


def test_a_job_whose_process_died_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker()
    keeper_that("raise SystemExit(3)", worker, monkeypatch)
    with pytest.raises(KeeperDiedError, match="ended with 3"):
        do_on_worker(NORTH)
    assert worker.events == [("run", {"key": "run/up/north"})]


@pytest.mark.parametrize("worker", [Worker(status="closing"), Worker(state="cancelled")])
def test_a_job_that_nobody_waits_for_is_ended(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = done(NORTH).model_dump_json(by_alias=True)
    does = f"import sys; sys.stdin.read(); print({report!r})"
    keeper_that(does, worker, monkeypatch)
    assert do_on_worker(NORTH).outcome == "done"


def test_dasks_own_variables_stay_with_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_INTERNAL_INHERIT_CONFIG", "the key's path")
    does = "import os; raise SystemExit(any(one.startswith('DASK_') for one in os.environ))"
    keeper_that(f"{does} if 'PATH' in os.environ else 2", Worker(), monkeypatch)
    with pytest.raises(ValueError, match="Invalid JSON"):
        do_on_worker(NORTH)


@pytest.mark.parametrize(
    ("customer", "told"),
    [("../north", "is no name for a customer"), ("--help", "is no name for a customer")],
)
def test_a_name_from_afar_is_checked(
    customer: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed.get_worker", Worker)
    report = do_on_worker(Job(customer, "up", "c0ffee"))
    assert report.outcome == "failed"
    assert told in report.problems[0].what
