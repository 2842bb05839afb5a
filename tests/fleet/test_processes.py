"""Processes that are ended with all that they started, and locks that stay."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import fleet.job
import fleet.processes
from fleet.job import release, run_job
from fleet.processes import Processes, Started, end_orphans, kill
from tests.fleet.stub import NO_CHANGES, StubProject, job

ENVIRON = {"PATH": os.environ["PATH"]}


class Killed:
    """A process on Windows, as far as its end goes."""

    pid = 4711

    def __init__(self) -> None:
        self.told: list[str] = []
        self.ended_with_all = False

    def kill(self) -> None:
        self.told.append("kill")


@pytest.mark.parametrize("there", [True, False, None])
def test_on_windows_a_process_is_ended_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, there: bool | None
) -> None:
    process = Killed()

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        if there is None:
            raise FileNotFoundError
        process.told.append(" ".join(command))
        return subprocess.CompletedProcess(command, 0 if there else 128)

    monkeypatch.setattr(fleet.processes, "WINDOWS", True)
    monkeypatch.setattr(subprocess, "run", run)
    kill(process)  # pyright: ignore[reportArgumentType]
    assert process.told == [
        *([] if there is None else ["taskkill /T /F /PID 4711"]),
        "kill",
    ]
    # Of one that was gone before nobody knows whom it had started.
    assert end_orphans(process, 1) is bool(there)  # pyright: ignore[reportArgumentType]


def test_a_lock_that_stays_is_told_with_what_to_do(project: StubProject) -> None:
    project.plan(
        north={"preview": NO_CHANGES, "up": {"killed": True}, "cancel": {"exit": 3}},
    )
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    *_, last = report.problems
    assert last.what == "the stack may still be locked: `pulumi cancel` ended with 3"
    assert "`breakglass fleet exec north -- pulumi cancel --yes`" in last.todo


def test_giving_a_lock_back_has_a_limit(
    project: StubProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fleet.job, "RELEASE_SECONDS", 0.2)
    project.plan(north={"cancel": {"wait": True, "deaf": True}})
    with (tmp_path / "log").open("wb") as log:
        left = release(project.options(ENVIRON), job("north"), project.folder, ENVIRON, log)
    assert left is not None
    assert "was not done within 0.2 s" in left.what


def test_ctrl_c_can_end_the_giving_back_of_a_lock(project: StubProject, tmp_path: Path) -> None:
    project.plan(north={"cancel": {"wait": True, "deaf": True}})
    processes = Processes()
    processes.interrupt()

    def end() -> None:
        while not (project.bin / "waiting").exists():  # the stub makes it as soon as it runs
            time.sleep(0.02)
        processes.kill()

    thread = threading.Thread(target=end)
    thread.start()
    with (tmp_path / "log").open("wb") as log:
        left = release(
            project.options(ENVIRON), job("north"), project.folder, ENVIRON, log,
            processes=processes,
        )  # fmt: skip
    thread.join()
    assert left is not None
    assert "ended with -9" in left.what


LEAVES_ONE = """
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
ENDS = (
    "import pathlib, time\ntry:\n print(1, flush=True)\n time.sleep(600)\n"
    "except KeyboardInterrupt: pathlib.Path('ended').touch()"
)
STAYS = (
    "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "print(1, flush=True)\ntime.sleep(600)"
)


@pytest.mark.parametrize(
    ("child", "seconds"), [(ENDS, 30.0), (STAYS, 0.3)], ids=["heeds", "is deaf"]
)
def test_what_a_dead_process_left_at_work_is_ended_cleanly_if_it_heeds(
    tmp_path: Path, child: str, seconds: float
) -> None:
    process = Started(
        [sys.executable, "-c", LEAVES_ONE, child],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    left = int(io.TextIOWrapper(process.stdout).readline())
    assert process.wait() == -signal.SIGKILL
    os.kill(left, 0)
    assert end_orphans(process, seconds)
    state = Path(f"/proc/{left}/stat")
    while state.exists() and state.read_text(encoding="ascii").split()[2] not in "ZX":
        time.sleep(0.02)
    assert (tmp_path / "ended").exists() == (child == ENDS)
