"""A run that is stopped, or cannot be recorded, ends in order and tells the truth."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli import fleet_run
from fleet import runner
from fleet.job import Job, Options, not_started
from fleet.processes import Processes
from fleet.report import CustomerReport
from fleet.report_json import ReportError, read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.stub import NO_CHANGES, StubProject


def wait_for(path: Path) -> None:
    while not path.exists():  # the stub makes it as soon as it runs
        time.sleep(0.02)


@contextmanager
def running(project: StubProject) -> Generator["subprocess.Popen[bytes]"]:
    """The command in a process of its own, as a step ends (`exec`): one customer is written to."""
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True}})
    command = [sys.executable, "-m", "cli.main", "fleet", "up", "--yes", "--parallel", "1"]

    def heed() -> None:
        # These tests may themselves run under `nohup`, whose children ignore it for good.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    with subprocess.Popen(
        [*command, "--report", "r.json"],
        cwd=project.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=None if sys.platform == "win32" else heed,
    ) as process:
        try:
            wait_for(project.bin / "waiting")
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_run_that_is_terminated_ends_as_after_ctrl_c(project: StubProject, name: str) -> None:
    with running(project) as process:
        under_way = read_json(project.folder / ".fleet" / "last-up.json").customers
        assert [one.outcome for one in under_way] == ["cancelled", "not started"]
        assert "up was under way when this was written" in under_way[0].problems[0].what
        process.send_signal(getattr(signal, name))
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert (project.bin / "heeded").exists()
    north, south = read_json(project.folder / "r.json").customers
    assert (north.outcome, south.outcome) == ("cancelled", "not started")
    assert north.problems[0].what == "stopped by you during up"
    assert project.operations("south") == []
    assert not list((project.folder / ".fleet").rglob("*.lock"))


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize("command", ["up", "preview"])
def test_ctrl_c_when_nobody_happens_to_run_is_no_question_and_no_plain_failure(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    jobs.changes = {"create": 1}
    wait, told = runner.wait, list[bool]()

    def do(one: Job, folder: Path, options: Options, processes: Processes) -> CustomerReport:
        while one.customer == "south" and not processes.stopping:
            time.sleep(0.01)
        return not_started(one) if processes.stopping else jobs(one, folder, options, processes)

    def ctrl_c(*arguments: Any, **named: Any) -> Any:
        found = wait(*arguments, **named)
        if jobs.done and not found.done and not told:
            told.append(True)
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(fleet_run, "run_job", do)
    monkeypatch.setattr(runner, "wait", ctrl_c)
    ended = fleet(command, "--parallel", "1", typed=["yes"])
    assert ended.exit_code == 130
    assert "Go on?" not in ended.output
    assert jobs.done == [("north", "preview")]


def test_a_terminal_that_is_gone_loses_no_report(
    project: StubProject, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("rich.console.Console.print", gone)
    assert fleet("preview", "--report", "r.json").exit_code == 0
    assert len(jobs.done) == 2
    assert len(read_json(project.folder / "r.json").customers) == 2


def test_a_record_that_cannot_be_kept_ends_the_run_and_is_told(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def do(one: Job, folder: Path, options: Options, processes: Processes) -> CustomerReport:
        del folder, options
        if processes.stopping:
            return not_started(one)
        done.append(one.customer)

        def full(*_: object) -> None:
            raise ReportError("report.json could not be written: No space left on device")

        monkeypatch.setattr("fleet.records.write_text", full)
        return not_started(one).model_copy(update={"outcome": "done"})

    monkeypatch.setattr(fleet_run, "run_job", do)
    ended = fleet("preview", "--parallel", "1", "--report", "r.json")
    assert ended.exit_code == 1
    assert done == ["north"]
    last = ended.output.strip().splitlines()[-1]
    assert last.startswith("breakglass: report.json could not be written: No space left on device:")
    assert "`breakglass fleet preview --resume`" in last
    outcomes = {one.customer: one.outcome for one in read_json(project.folder / "r.json").customers}
    assert outcomes == {"north": "done", "south": "not started"}


@pytest.mark.parametrize(("arguments", "most"), [((), 2), (("--parallel", "1"), 1)])
@pytest.mark.usefixtures("project")
def test_so_many_run_at_a_time_as_the_machine_allows_unless_told(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], most: int
) -> None:
    lock, now, seen = threading.Lock(), 0, 0
    both = threading.Barrier(2)

    def do(one: Job, folder: Path, options: Options, processes: Processes) -> CustomerReport:
        del folder, options, processes
        nonlocal now, seen
        with lock:
            now += 1
            seen = max(seen, now)
        if not arguments:
            both.wait(20)
        with lock:
            now -= 1
        return not_started(one).model_copy(update={"outcome": "done"})

    monkeypatch.setattr(fleet_run, "run_job", do)
    monkeypatch.setattr(fleet_run, "default_parallelism", lambda: 2)
    assert fleet("preview", *arguments).exit_code == 0
    assert seen == most
