"""A cluster's job on one machine: the right commit, one at a time, and locks of the living left."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from fleet import cluster_job
from fleet.cluster_job import PATIENCE_SECONDS, Keeper, heed
from fleet.job import Job, Options, failed, not_started
from fleet.processes import Processes
from fleet.report import CustomerReport
from tests.fleet.cluster_machines import committed
from tests.fleet.stub import StubProject, stub_project

ENVIRON = {"PATH": os.environ["PATH"]}
LOCKED = "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end"


class Clock:
    """Time that passes while somebody waits for it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at: dict[float, Callable[[], Any]] = {}

    def pause(self, seconds: float) -> None:
        self.now += seconds
        for when in [one for one in self.at if one <= self.now]:
            self.at.pop(when)()

    def __call__(self) -> float:
        return self.now


class Jobs:
    """Stands in for `run_job`: finds the stack locked so many times, by that process."""

    def __init__(self, locked: int, pid: int = 1, host: str = "elsewhere") -> None:
        self.done = 0
        self._locked = locked
        self._owner = f"  file:///l.json: created by me@{host} (pid {pid}) at 2026-01-01T00:00:00Z"

    def __call__(
        self, job: Job, folder: Path, options: Options, processes: Processes
    ) -> CustomerReport:
        self.done += 1
        log = options.run_folder / f"{job.customer}.log"
        log.write_text(f"error: {LOCKED}\n{self._owner}\n", encoding="utf-8")
        if self.done <= self._locked:
            return failed(job, LOCKED, f"wait; read {log}")
        return not_started(job).model_copy(update={"outcome": "done"})


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north")


@pytest.fixture
def commit(project: StubProject) -> str:
    return committed(project.folder)


def keeper(
    project: StubProject, commit: str | None, clock: Clock, processes: Processes | None = None
) -> Keeper:
    folder = project.folder / ".fleet" / "now"
    folder.mkdir(parents=True)
    options = Options(project.pulumi, "3.200.0", folder, 60, ENVIRON)
    job = Job("north", "up", commit)
    return Keeper(job, project.folder, options, processes or Processes(), clock.pause, clock)


def dead_pid() -> int:
    """The id of a process that was, and is no more."""
    process = subprocess.Popen([sys.executable, "-Sc", ""])
    process.wait()
    return process.pid


def test_a_checkout_of_another_commit_is_refused(project: StubProject, commit: str) -> None:
    report = keeper(project, "0" * 40, Clock()).run()
    assert report.outcome == "failed"
    assert f"is at {commit}, the job is of {'0' * 40}" in report.problems[0].what
    assert project.calls() == []


def test_a_checkout_that_was_edited_is_refused(project: StubProject, commit: str) -> None:
    (project.folder / "extra.py").touch()
    report = keeper(project, commit, Clock()).run()
    assert report.outcome == "failed"
    assert "is not as committed: extra.py" in report.problems[0].what
    assert project.calls() == []


def test_a_job_waits_while_the_stack_is_locked(
    project: StubProject, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, clock = Jobs(locked=3), Clock()
    monkeypatch.setattr(cluster_job, "run_job", jobs)
    assert keeper(project, commit, clock).run().outcome == "done"
    assert (jobs.done, clock.now) == (4, 15)
    assert project.calls() == []


def test_a_lock_that_stays_is_reported_with_the_machine_of_its_log(
    project: StubProject, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, clock = Jobs(locked=10**6), Clock()
    monkeypatch.setattr(cluster_job, "run_job", jobs)
    report = keeper(project, commit, clock).run()
    assert report.outcome == "failed"
    assert report.problems[0].what == LOCKED
    assert f"read {socket.gethostname()}:{project.folder}" in report.problems[0].todo
    assert PATIENCE_SECONDS <= clock.now <= PATIENCE_SECONDS + 10
    assert project.calls() == []


@pytest.mark.parametrize(
    ("noted", "here", "dead", "released"),
    [
        (True, True, True, True),
        (False, True, True, False),
        (True, False, True, False),
        (True, True, False, False),
    ],
)
def test_only_a_lock_of_our_own_that_is_surely_dead_is_taken_away(
    project: StubProject, commit: str, monkeypatch: pytest.MonkeyPatch,
    noted: bool, here: bool, dead: bool, released: bool,
) -> None:  # fmt: skip
    pid = dead_pid() if dead else os.getpid()
    jobs = Jobs(1 if released else 10**6, pid, socket.gethostname() if here else "elsewhere")
    monkeypatch.setattr(cluster_job, "run_job", jobs)
    clock = Clock()
    work = keeper(project, commit, clock)
    note = project.folder / ".fleet" / "before" / "north.lock"
    note.parent.mkdir()
    if noted:
        note.touch()
    report = work.run()
    assert (report.outcome == "done") == released
    assert [one["operation"] for one in project.calls()] == (["cancel"] if released else [])
    assert note.exists() == (noted and not released)


def test_a_job_waits_for_the_customers_other_one_in_this_checkout(
    project: StubProject, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs, clock = Jobs(locked=0), Clock()
    monkeypatch.setattr(cluster_job, "run_job", jobs)
    work = keeper(project, commit, clock)
    turns = project.folder / ".fleet" / "turns"
    turns.mkdir()
    other = FileLock(turns / "north")
    other.acquire()
    clock.at = {3.0: other.release}
    assert work.run().outcome == "done"
    assert (jobs.done, clock.now) == (1, 3)


@pytest.mark.parametrize(("interrupted", "outcome"), [(True, "not started"), (False, "failed")])
def test_a_turn_that_does_not_come_is_reported(
    project: StubProject, commit: str, monkeypatch: pytest.MonkeyPatch,
    interrupted: bool, outcome: str,
) -> None:  # fmt: skip
    jobs, clock, processes = Jobs(locked=0), Clock(), Processes()
    monkeypatch.setattr(cluster_job, "run_job", jobs)
    work = keeper(project, commit, clock, processes)
    turns = project.folder / ".fleet" / "turns"
    turns.mkdir()
    if interrupted:
        clock.at = {3.0: processes.interrupt}
    with FileLock(turns / "north"):
        assert work.run().outcome == outcome
    assert jobs.done == 0


@pytest.mark.parametrize(("said", "told"), [(b"", ["i"]), (b"i", ["i"]), (b"k", ["k"])])
def test_a_worker_that_is_gone_is_the_same_as_one_that_says_stop(
    monkeypatch: pytest.MonkeyPatch, said: bytes, told: list[str]
) -> None:
    heard: list[str] = []
    processes = Processes()
    monkeypatch.setattr(processes, "interrupt", lambda: heard.append("i"))
    monkeypatch.setattr(processes, "kill", lambda: heard.append("k"))
    reading, writing = os.pipe()
    os.write(writing, said)
    os.close(writing)
    heed(reading, processes)
    os.close(reading)
    assert heard[: len(told)] == told
    assert heard[-1] == "i"
