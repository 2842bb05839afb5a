"""A cluster's job on one machine: `python -m fleet.cluster_job CUSTOMER OPERATION …`.

Started by a worker (``fleet.cluster_worker``) that holds its stdin. An `i` there lets the job come
to a clean end, a `k` ends it at once; a closed stdin is a worker that is gone, and the same as `i`.
The report goes to stdout.

None of a customer's jobs runs beside another: those of one checkout wait for each other, and those
of several machines for the stack's lock in the state backend. A lock is taken away only when it is
surely a dead one's: an earlier job of this checkout left a note that it held one, and every process
that the backend names is of this machine and no more.
"""

import argparse
import contextlib
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from fleet.changes import revision, uncommitted
from fleet.customers import read_customer
from fleet.environment import customer_environment, with_tenant
from fleet.errors import FleetError
from fleet.first_few import first_few
from fleet.job import GRACE_SECONDS, Job, Options, failed, not_started, release, run_job
from fleet.problems import LOCKED
from fleet.processes import WINDOWS, Processes
from fleet.report import CustomerReport
from fleet.run_folder import FOLDER, new_run_folder

PATIENCE_SECONDS: Final = 2 * GRACE_SECONDS
"""So long a job waits for the customer's earlier one: a lost worker's ends in half of it."""
TURN_SECONDS: Final = 0.5
LOCK_SECONDS: Final = 5.0
"""Between two looks: at a file here, and at the state backend with a preview each."""
_OWNER: Final = re.compile(r"created by \S*@(?P<host>\S+) \(pid (?P<pid>\d+)\)")
"""As `pulumi` tells of a lock in a state backend of one's own (`backend/diy/lock.go`)."""


class Keeper:
    """Does one job here, alone, however the worker ends."""

    def __init__(
        self, job: Job, folder: Path, options: Options, processes: Processes,
        pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._job = job
        self._folder = folder
        self._options = options
        self._processes = processes
        self._pause = pause
        self._clock = clock
        self._deadline = clock() + PATIENCE_SECONDS

    def run(self) -> CustomerReport:
        """Do it when it is this customer's turn; nothing that goes wrong is raised."""
        with self._turn() as mine:
            if not mine:
                return self._no_turn()
            # Looked at last: somebody may have updated the checkout while this waited.
            wrong = wrong_checkout(self._job.revision, self._folder)
            if wrong is not None:
                todo = f"check that commit out there, whole, then {self._again}"
                return failed(self._job, wrong, todo)
            report = self._once()
            if self._is_locked(report) and self._release_dead():
                report = self._once()
            while self._is_locked(report) and self._may_wait(LOCK_SECONDS):
                report = self._once()
        return self._told_from_here(report)

    @property
    def _again(self) -> str:
        return f"run again (`breakglass fleet {self._job.operation} --resume`)"

    @contextmanager
    def _turn(self) -> Generator[bool]:
        """Hold the customer's lock of this checkout; False when that cannot be had in time."""
        folder = self._folder / FOLDER / "turns"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / self._job.customer)
        while True:
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                break
            if not self._may_wait(TURN_SECONDS):
                yield False
                return
        try:
            yield True
        finally:
            lock.release()

    def _may_wait(self, seconds: float) -> bool:
        if self._processes.stopping or self._clock() > self._deadline:
            return False
        self._pause(seconds)
        return not self._processes.stopping

    def _no_turn(self) -> CustomerReport:
        if self._processes.stopping:
            return not_started(self._job)
        what = f"another job of this customer runs in {socket.gethostname()}:{self._folder}"
        return failed(self._job, what, f"wait for it, then {self._again}")

    def _once(self) -> CustomerReport:
        return run_job(self._job, self._folder, self._options, self._processes)

    def _is_locked(self, report: CustomerReport) -> bool:
        return report.outcome == "failed" and any(
            re.search(LOCKED, one.what, re.IGNORECASE) for one in report.problems
        )

    def _release_dead(self) -> bool:
        """Take away the lock of a job of this checkout that was killed with its keeper."""
        customer = self._job.customer
        notes = list((self._folder / FOLDER).glob(f"*/{customer}.lock"))
        log = self._options.run_folder / f"{customer}.log"
        owners = _OWNER.findall(log.read_text(encoding="utf-8", errors="replace"))
        if not notes or not owners or any(is_living(host, int(pid)) for host, pid in owners):
            return False
        environment = with_tenant(
            customer_environment(customer, self._options.environ),
            read_customer(self._folder, customer),
        )
        with log.open("ab") as stream:
            left = release(
                self._options, self._job, self._folder, environment, stream,
                processes=self._processes,
            )  # fmt: skip
        if left is not None:
            return False
        for note in notes:
            note.unlink(missing_ok=True)
        return True

    def _told_from_here(self, report: CustomerReport) -> CustomerReport:
        """Name the machine on which a log lies: whoever reads the report is on another."""
        folder = str(self._options.run_folder)
        there = f"{socket.gethostname()}:{folder}"
        problems = tuple(
            one.model_copy(update={"todo": one.todo.replace(folder, there)})
            for one in report.problems
        )
        return report.model_copy(update={"problems": problems})


def wrong_checkout(wanted: str | None, folder: Path) -> str | None:
    """Why this folder is not what the job is of, in words; None: it is."""
    here = f"this worker's checkout ({socket.gethostname()}:{folder})"
    found = revision(folder)
    if found is None or found != wanted:
        return f"{here} is at {found or 'no commit'}, the job is of {wanted}"
    try:
        changed = uncommitted(folder)
    except FleetError as error:
        return f"{here} cannot be looked at: {error}"
    if changed:
        return f"{here} is not as committed: {first_few(changed, 1)}"
    return None


def is_living(host: str, pid: int) -> bool:
    """Whether that process may still be there; on another machine nobody can tell from here."""
    if WINDOWS or host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def heed(descriptor: int, processes: Processes) -> None:
    """Do as the worker says, until it says nothing more because it is gone."""
    while said := os.read(descriptor, 1):
        if said == b"k":
            processes.kill()
        else:
            processes.interrupt()
    processes.interrupt()
    timer = threading.Timer(GRACE_SECONDS, processes.kill)
    timer.daemon = True
    timer.start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job and print its report."""
    parser = argparse.ArgumentParser(prog="fleet.cluster_job", description=__doc__)
    parser.add_argument("customer")
    parser.add_argument("operation")
    parser.add_argument("--revision", required=True)
    parser.add_argument("--pulumi", type=Path, required=True)
    parser.add_argument("--pulumi-version", required=True)
    call = parser.parse_args(arguments)
    processes = Processes()
    threading.Thread(target=heed, args=(sys.stdin.fileno(), processes), daemon=True).start()
    job = Job(call.customer, call.operation, call.revision)
    run_folder = new_run_folder(Path.cwd(), job.operation)
    options = Options(call.pulumi, call.pulumi_version, run_folder)
    report = Keeper(job, Path.cwd(), options, processes).run()
    sys.stdout.write(report.model_dump_json(by_alias=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
