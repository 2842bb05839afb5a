"""One job: an operation on one customer's stack, in a process of its own.

The Automation API gives every `pulumi` the whole environment of the process that calls it. So each
customer has a process (``fleet.work``), and that gets this customer's variables and no other's. It
leads a process group of its own: Ctrl-C reaches it once, from here, and not from the terminal too.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from fleet.customers import Customer, read_customer
from fleet.environment import customer_environment, with_tenant
from fleet.errors import FleetError
from fleet.report import CustomerReport, Operation, Outcome, Problem

WINDOWS: Final = os.name == "nt"
GRACE_SECONDS: Final = 120.0
"""So long an operation that took too long may take to finish what it began and save its state."""


@dataclass(frozen=True)
class Job:
    """All that travels to whoever does it."""

    customer: str
    operation: Operation
    revision: str | None


@dataclass(frozen=True)
class Options:
    """How this machine does jobs."""

    pulumi: Path
    """The Pulumi CLI."""
    pulumi_version: str
    """Looked up once, see ``fleet.stack.version_of``."""
    run_folder: Path
    """Where each customer's log and report go."""
    timeout_seconds: float = 3600.0
    """For one customer, preview and operation together."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Processes:
    """The jobs' processes that run here, so that all can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()
        self._killing = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether somebody stopped the run."""
        return self._stopping.is_set()

    def start(
        self, command: list[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> "subprocess.Popen[bytes] | None":
        """Start a process as a group of its own; None when no new one may start any more."""
        with self._lock:
            if self.stopping:
                return None
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=not WINDOWS,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            self._running.add(process)
            return process

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Forget one."""
        with self._lock:
            self._running.discard(process)

    def interrupt(self) -> None:
        """Let every process finish what it began and save its state; start no new one."""
        with self._lock:
            if not self.stopping:
                self._stopping.set()
                for process in self._running:
                    interrupt(process)

    def kill(self) -> None:
        """End them at once."""
        with self._lock:
            self._stopping.set()
            for process in self._running:
                kill(process)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C to a process, which passes it on to what it started as soon as that can bear it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.send_signal(signal.CTRL_BREAK_EVENT)  # pyright: ignore
        else:
            process.send_signal(signal.SIGINT)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def run_job(
    job: Job, folder: Path, options: Options, processes: Processes | None = None
) -> CustomerReport:
    """Do a job here, and say how it ended. Nothing that goes wrong with it is raised.

    `folder`: of Pulumi.yaml. `processes`: where to enter the process for Ctrl-C.
    """
    processes = processes or Processes()
    started, clock = datetime.now(UTC), time.monotonic()
    try:
        customer = read_customer(folder, job.customer)
    except FleetError as error:
        problem = Problem(what=str(error), todo="correct the settings file, then run again")
        return _report(job, None, "failed", started, clock, problem)
    environment = with_tenant(customer_environment(job.customer, options.environ), customer)
    report_file = options.run_folder / f"{job.customer}.json"
    held = options.run_folder / f"{job.customer}.lock"
    command = [
        *(sys.executable, "-m", "fleet.work", job.customer, job.operation, str(report_file)),
        *("--held", str(held), "--pulumi", str(options.pulumi)),
        *("--pulumi-version", options.pulumi_version),
    ]
    # The preview that was agreed to, or an earlier attempt, has left its own here.
    report_file.unlink(missing_ok=True)
    with (options.run_folder / f"{job.customer}.log").open("wb") as log:
        process = processes.start(command, folder, environment, log)
        if process is None:
            return not_started(job, customer)
        try:
            late = _wait(process, options.timeout_seconds)
        finally:
            processes.ended(process)
        if held.exists():
            release(options, job, folder, environment, log)
            held.unlink(missing_ok=True)
    report = _written(report_file, job, process.returncode)
    if report is None:
        report = _report(
            job, customer, "cancelled" if processes.stopping else "failed", started, clock,
            _died(job, process.returncode, options),
        )  # fmt: skip
    if late:
        report = _too_late(report, job, options)
    return report


def _written(file: Path, job: Job, code: int) -> CustomerReport | None:
    """The report that the job's process left; None for none, or one that is not this job's."""
    try:
        report = CustomerReport.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None
    ended_otherwise = report.outcome == "done" and code != 0
    if (report.customer, report.operation) != (job.customer, job.operation) or ended_otherwise:
        return None
    return report


def not_started(job: Job, customer: Customer | None = None) -> CustomerReport:
    """The report of a job that nobody began."""
    return CustomerReport(
        customer=job.customer,
        tenant_id=customer.tenant_id if customer else "",
        subscription_id=customer.subscription_id if customer else "",
        operation=job.operation,
        outcome="not started",
    )


def failed(job: Job, what: str, todo: str) -> CustomerReport:
    """The report of a job that could not be done at all."""
    return not_started(job).model_copy(
        update={"outcome": "failed", "problems": (Problem(what=what, todo=todo),)}
    )


def _wait(process: "subprocess.Popen[bytes]", limit: float) -> bool:
    """Wait for its end; whether it took too long, was interrupted and then killed."""
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        interrupt(process)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)
            process.wait()
        return True
    return False


def release(
    options: Options, job: Job, folder: Path, environment: Mapping[str, str], log: IO[bytes]
) -> None:
    """Take away the lock that a killed process of ours held: it had begun, so it was its own."""
    subprocess.run(
        [str(options.pulumi), "cancel", "--yes", "--stack", job.customer, "--non-interactive"],
        cwd=folder,
        env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        check=False,
    )


def _died(job: Job, code: int, options: Options) -> Problem:
    how = f"was killed (signal {-code})" if code < 0 else f"ended with {code} and no report"
    log = options.run_folder / f"{job.customer}.log"
    return Problem(
        what=f"the process of {job.operation} {how}",
        todo=f"read {log}; when memory ran out, take a smaller --parallel; then run again"
        f" (`breakglass fleet {job.operation} --resume`)",
    )


def _too_late(report: CustomerReport, job: Job, options: Options) -> CustomerReport:
    minutes = f"{options.timeout_seconds / 60:g} minutes"
    problem = Problem(
        what=f"it was not done within {minutes} and was stopped",
        todo=f"run again (`breakglass fleet {job.operation} --resume`), with a longer --timeout",
    )
    outcome: Outcome = "failed"
    return report.model_copy(update={"outcome": outcome, "problems": (problem, *report.problems)})


def _report(
    job: Job,
    customer: Customer | None,
    outcome: Outcome,
    started: datetime,
    clock: float,
    problem: Problem,
) -> CustomerReport:
    return not_started(job, customer).model_copy(
        update={
            "outcome": outcome,
            "started": started,
            "seconds": time.monotonic() - clock,
            "problems": (problem,),
        }
    )
