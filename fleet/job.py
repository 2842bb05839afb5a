"""One job: an operation on one customer's stack, in a process of its own.

The Automation API gives every `pulumi` the whole environment of the process that calls it. So each
customer has a process (``fleet.work``), and that gets this customer's variables and no other's.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from fleet.agreement import plan_file
from fleet.customers import Customer, read_customer
from fleet.environment import with_tenant
from fleet.errors import FleetError
from fleet.federation import own_environment
from fleet.lock_note import is_held
from fleet.processes import Processes, Started, end_orphans, interrupt, kill
from fleet.report import CustomerReport, Operation, Problem

CORRECT: Final = "correct the settings file, then run again"
GRACE_SECONDS: Final = 120.0
"""So long an operation that took too long may take to finish what it began and save its state."""
INTERRUPTED: Final = (-signal.SIGINT, 0xC000013A)
"""How a process ends by Ctrl-C that does not heed it yet, here and on Windows."""
RELEASE_SECONDS: Final = 120.0
"""So long the state backend may take to give a lock back."""


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
    program: str = "fleet.work"
    """The module that does a job."""


def run_job(
    job: Job, folder: Path, options: Options, processes: Processes | None = None
) -> CustomerReport:
    """Do a job here, and say how it ended. Nothing that goes wrong with it is raised.

    `folder`: of Pulumi.yaml. `processes`: where to enter the process for Ctrl-C.
    """
    processes = processes or Processes()
    try:
        customer = read_customer(folder, job.customer)
    except FleetError as error:
        return failed(job, str(error), CORRECT)
    try:
        with own_environment(customer, options.environ) as environment:
            named = with_tenant(environment, customer)
            return _done(job, customer, folder, options, processes, named)
    except FleetError as error:
        again = f"run again (`breakglass fleet {job.operation} --resume`)"
        return _known(failed(job, str(error), again), customer)


def _done(
    job: Job,
    customer: Customer,
    folder: Path,
    options: Options,
    processes: Processes,
    environment: Mapping[str, str],
) -> CustomerReport:
    """Start the job's process, wait for its end, and tidy up what it could not."""  # fmt: skip
    started, clock = datetime.now(UTC), time.monotonic()
    report_file = options.run_folder / f"{job.customer}.json"
    held = options.run_folder / f"{job.customer}.lock"
    command = [
        *(sys.executable, "-m", options.program, job.customer, job.operation, str(report_file)),
        *("--held", str(held), "--pulumi", str(options.pulumi)),
        *("--pulumi-version", options.pulumi_version),
    ]
    agreed = plan_file(report_file)
    if job.operation == "up" and agreed.exists():
        command += ["--agreed", str(agreed)]
    # The preview that was agreed to, or an earlier attempt, has left its own here.
    report_file.unlink(missing_ok=True)
    left: Problem | None = None
    with _log(options.run_folder / f"{job.customer}.log") as log:
        process = processes.start(command, folder, environment, log, held)
        if process is None:
            return not_started(job, customer)
        try:
            late = _wait(process, options.timeout_seconds)
        finally:
            processes.ended(process)
        if held.exists():
            nothing_left = end_orphans(process, GRACE_SECONDS)
            if is_held(held) and nothing_left:
                left = release(options, job, folder, environment, log, processes=processes)
                held.unlink(missing_ok=True)
            else:
                left = _perhaps_locked(job, nothing_left=nothing_left)
    report = _written(report_file, job, process.returncode)
    if report is None:
        report = not_started(job, customer).model_copy(
            update={
                "outcome": "cancelled" if processes.stopping else "failed",
                "started": started,
                "seconds": time.monotonic() - clock,
                "problems": (_died(job, process.returncode, options, stopped=processes.stopping),),
            }
        )
    if late:
        report = _too_late(report, job, options)
    if left is not None:
        report = report.model_copy(update={"problems": (*report.problems, left)})
    return report


def _log(path: Path) -> IO[bytes]:
    """Its owner's alone from the first byte: it names accounts."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


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
    report = CustomerReport(
        customer=job.customer,
        tenant_id="",
        subscription_id="",
        operation=job.operation,
        outcome="not started",
    )
    return report if customer is None else _known(report, customer)


def _known(report: CustomerReport, customer: Customer) -> CustomerReport:
    ids = {"tenant_id": customer.tenant_id, "subscription_id": customer.subscription_id}
    return report.model_copy(update=ids)


def unreadable(customer: Customer, operation: Operation) -> CustomerReport:
    """The report of a customer whose settings file stands in the way."""
    return failed(Job(customer.name, operation, None), customer.trouble, CORRECT)


def failed(job: Job, what: str, todo: str) -> CustomerReport:
    """The report of a job that could not be done at all."""
    return not_started(job).model_copy(
        update={"outcome": "failed", "problems": (Problem(what=what, todo=todo),)}
    )


def _wait(process: Started, limit: float) -> bool:
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
    options: Options,
    job: Job,
    folder: Path,
    environment: Mapping[str, str],
    log: IO[bytes],
    *,
    processes: Processes | None = None,
) -> Problem | None:
    """Take away the lock that a killed process of ours held: it had begun, so it was its own.

    What has to be done by hand when that fails.
    """  # fmt: skip
    processes = processes or Processes()
    command = [str(options.pulumi), "cancel", "--yes", "--stack", job.customer, "--non-interactive"]
    quiet = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    process = processes.start_tidying(command, folder, quiet, log)
    try:
        code = process.wait(RELEASE_SECONDS)
    except subprocess.TimeoutExpired:
        kill(process)
        process.wait()
        code = None
    finally:
        processes.ended(process)
    if code == 0:
        return None
    why = f"was not done within {RELEASE_SECONDS:g} s" if code is None else f"ended with {code}"
    return _still_locked(job, f"`pulumi cancel` {why}")


def _perhaps_locked(job: Job, *, nothing_left: bool) -> Problem:
    """Of a lock that is not taken away: it may be another run's, or of an engine at work."""
    if nothing_left:
        return _still_locked(job, "the run was ended while it was taking the lock")
    return _still_locked(job, "the job's process ended, and its `pulumi` may be at work")


def _still_locked(job: Job, why: str) -> Problem:
    return Problem(
        what=f"the stack may still be locked: {why}",
        todo="see that no run works on it, then"
        f" `breakglass fleet exec {job.customer} -- pulumi cancel --yes`",
    )


def _died(job: Job, code: int, options: Options, *, stopped: bool) -> Problem:
    if stopped:
        how = "before it began" if code in INTERRUPTED else "and ended at once, without a report"
        again = f"`breakglass fleet {job.operation} --resume` goes on"
        return Problem(what=f"stopped by you {how}", todo=again)
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
    return report.model_copy(update={"outcome": "failed", "problems": (problem, *report.problems)})
