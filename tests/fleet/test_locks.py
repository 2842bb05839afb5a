"""A stack's lock: given back when it was surely ours, told when nobody knows, else left alone."""

import dataclasses
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import fleet.processes
from fleet import lock_note
from fleet.job import run_job
from fleet.processes import Processes
from fleet.report import CustomerReport, Operation
from tests.fleet.stub import NO_CHANGES, StubProject, job, stub_project

ENVIRON = {"PATH": os.environ["PATH"]}
PERHAPS = "the stack may still be locked: "
CANCEL = "`breakglass fleet exec north -- pulumi cancel --yes`"


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north", "south")


def note_of(project: StubProject) -> Path:
    return project.folder / "run" / "north.lock"


def wait_for(path: Path) -> None:
    while not path.exists():  # the stub makes it as soon as it runs
        time.sleep(0.02)


class Run:
    """A job under way whose engine has told nothing yet."""

    def __init__(self, project: StubProject, operation: Operation = "up") -> None:
        self.processes = Processes()
        self._project = project
        self._reports: list[CustomerReport] = []
        options = project.options(ENVIRON)
        self._thread = threading.Thread(
            target=lambda: self._reports.append(
                run_job(job("north", operation), project.folder, options, self.processes)
            )
        )
        self._thread.start()
        wait_for(project.bin / "waiting")

    def end(self) -> CustomerReport:
        self._thread.join()
        return self._reports[0]


def test_one_that_is_killed_while_it_takes_the_lock_says_so_and_takes_nobodys_away(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet.processes, "LOCK_SECONDS", 0.2)
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True, "late": True}})
    run = Run(project)
    run.processes.interrupt()
    run.processes.kill()
    report = run.end()
    assert report.outcome == "cancelled"
    stopped, locked = report.problems
    assert stopped.what == "stopped by you and ended at once, without a report"
    assert "memory" not in stopped.todo
    assert locked.what == f"{PERHAPS}the run was ended while it was taking the lock"
    assert CANCEL in locked.todo
    assert "cancel" not in project.operations("north")
    assert lock_note.is_asked(note_of(project)), "a cluster's next job may find its owner dead"


def test_a_second_ctrl_c_waits_until_it_is_known_whose_the_lock_is(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True, "late": True, "deaf": True}})
    run = Run(project)
    run.processes.interrupt()
    run.processes.kill()
    (project.bin / "go").touch()
    report = run.end()
    assert report.outcome == "cancelled"
    assert not [one for one in report.problems if "locked" in one.what]
    assert project.operations("north")[-1] == "cancel"
    assert not note_of(project).exists()


def test_an_engine_that_dies_before_it_tells_anything_may_leave_a_lock(
    project: StubProject,
) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"killed": "silently"}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    died, locked = report.problems
    assert "signal 9" in died.what
    assert locked.what.startswith(PERHAPS)
    assert "cancel" not in project.operations("north")


@pytest.mark.parametrize(
    ("operation", "version", "told"),
    [
        ("refresh", "3.200.0", True),
        ("destroy", "3.200.0", True),
        ("up", "3.200.0", False),
    ],
)
def test_a_preview_of_an_old_cli_may_leave_a_lock(
    project: StubProject, operation: Operation, version: str, told: bool
) -> None:
    preview = "preview" if operation == "up" else f"preview-{operation}"
    project.plan(north={preview: {"killed": True}})
    options = project.options(ENVIRON)
    assert options.pulumi_version == version
    report = run_job(job("north", operation), project.folder, options)
    assert [one.what.startswith(PERHAPS) for one in report.problems] == [False, *([True] * told)]
    assert "cancel" not in project.operations("north")


@pytest.mark.parametrize("step", [NO_CHANGES, {"errors": ["no"]}])
def test_a_step_that_came_to_its_end_leaves_no_note(
    project: StubProject, step: dict[str, Any]
) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": step})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert not [one for one in report.problems if "locked" in one.what]
    assert not note_of(project).exists()


def test_on_windows_the_lock_of_an_engine_that_may_live_is_left(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_knows(*_: object) -> bool:
        return False

    monkeypatch.setattr("fleet.job.end_orphans", nobody_knows)
    project.plan(north={"preview": NO_CHANGES, "up": {"orphaned": True, "wait": True}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    (project.bin / "go").touch()  # else the one that nobody ended would stay for ever
    _, locked = report.problems
    assert locked.what == f"{PERHAPS}the job's process ended, and its `pulumi` may be at work"
    assert "cancel" not in project.operations("north")


@pytest.mark.parametrize(
    ("ends", "stopping", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGINT)", True, "stopped by you before it began"),
        ("os.kill(os.getpid(), signal.SIGINT)", False, "the process of up was killed (signal 2)"),
        ("sys.exit(3)", True, "stopped by you and ended at once, without a report"),
    ],
)
def test_ctrl_c_before_a_job_can_heed_it_is_no_lack_of_memory(
    project: StubProject, ends: str, stopping: bool, told: str
) -> None:
    (project.folder / "begins.py").write_text(
        "import os, pathlib, signal, sys, time\n"
        f"signal.signal(signal.SIGINT, signal.{'SIG_IGN' if '3' in ends else 'SIG_DFL'})\n"
        f"pathlib.Path({str(project.bin / 'waiting')!r}).touch()\n"
        f"while not pathlib.Path({str(project.bin / 'go')!r}).exists(): time.sleep(0.02)\n{ends}\n",
        encoding="utf-8",
    )
    processes = Processes()
    options = dataclasses.replace(project.options(ENVIRON), program="begins")
    reports: list[CustomerReport] = []
    thread = threading.Thread(
        target=lambda: reports.append(
            run_job(job("north", "up"), project.folder, options, processes)
        )
    )
    thread.start()
    wait_for(project.bin / "waiting")
    if stopping:
        processes.interrupt()
    (project.bin / "go").touch()
    thread.join()
    (problem,) = reports[0].problems
    assert problem.what == told
    assert ("memory" in problem.todo) is not stopping


def test_a_note_that_is_not_whole_is_no_proof(tmp_path: Path) -> None:
    note = tmp_path / "north.lock"

    def told() -> tuple[bool, bool]:
        return lock_note.is_asked(note), lock_note.is_held(note)

    assert told() == (False, False)
    note.touch()  # a disk that was full
    assert told() == (False, False)
    lock_note.ask(note)
    assert told() == (True, False)
    lock_note.hold(note)
    assert told() == (False, True)
