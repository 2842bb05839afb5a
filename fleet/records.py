"""The folder `.fleet`: what each run found, its logs, and the last of each kind for `--resume`.

Errors are ``FleetError``. Nothing in it is a secret; it is its owner's all the same, since logs
name accounts.
"""

import os
import tempfile
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fleet.changes import NO_GIT
from fleet.errors import FleetError
from fleet.job import Job, not_started
from fleet.report import CustomerReport, FleetReport, Operation, Problem
from fleet.report_json import ReportError, read_json, write_json

FOLDER: Final = ".fleet"
LAST: Final = "last.json"


class Record:
    """One run's folder; `last.json` beside it is as new as its last finished customer.

    So is `last-up.json`, which a look at the customers meanwhile (`status`) leaves as it is. Raises
    FleetError when no folder can be made.
    """

    def __init__(self, project: Path, operation: Operation, revision: str | None) -> None:
        self._operation: Operation = operation
        self._revision = revision
        base = project / FOLDER
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{operation}-"
        try:
            base.mkdir(mode=0o700, exist_ok=True)
            base.chmod(0o700)  # it may stand there since before it was its owner's alone
            self.folder = Path(tempfile.mkdtemp(prefix=stamp, dir=base))
        except OSError as error:
            raise FleetError(
                f"{base} cannot hold the run's record: {error.strerror}; make room for it, or let"
                " whoever runs this write there"
            ) from None
        self._last = (base / LAST, base / _last_of(operation))

    def report(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """All of them as one report, dated now."""
        return FleetReport(
            made=datetime.now(UTC),
            operation=self._operation,
            revision=self._revision,
            run=os.environ.get("GITHUB_RUN_ID") or os.environ.get("BUILD_BUILDID") or None,
            customers=tuple(customers),
        )

    def keep(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """Write what is known so far: a run that is killed can be resumed, too."""
        report = self.report(customers)
        for path in (self.folder / "report.json", *self._last):
            write_json(report, path)
        return report


class Ledger:
    """What is known of a run while it goes on; each change is written at once, from any thread.

    A run that is killed leaves the truth: who ended, who was being worked on, who was not begun.
    """

    def __init__(
        self, record: Record, jobs: Iterable[Job], known: Iterable[CustomerReport]
    ) -> None:
        """Write what is known, everybody who is still to come as not started."""
        self.trouble = ""
        """The first reason why a change was not written."""
        self._record = record
        self._lock = threading.Lock()
        self._jobs = {job.customer: job for job in jobs}
        self._reports = {name: not_started(job) for name, job in self._jobs.items()}
        self._reports |= {one.customer: one for one in known}
        self.write()

    def begin(self, customer: str) -> None:
        """Somebody is worked on from now on. Raises FleetError."""
        with self._lock:
            self._reports[customer] = _at_work(self._jobs[customer])
        self.write()

    def end(self, report: CustomerReport) -> None:
        """One has ended, or will not be started. Raises FleetError."""
        with self._lock:
            self._reports[report.customer] = report
        self.write()

    def put(self, reports: Iterable[CustomerReport]) -> None:
        """Several at once; they are written with the next change."""
        with self._lock:
            self._reports |= {one.customer: one for one in reports}

    def report(self) -> FleetReport:
        """All that is known, dated now."""
        with self._lock:
            return self._record.report(list(self._reports.values()))

    def write(self) -> None:
        """Raises FleetError."""
        try:
            with self._lock:
                self._record.keep(list(self._reports.values()))
        except FleetError as error:
            self.trouble = self.trouble or str(error)
            raise


def _at_work(job: Job) -> CustomerReport:
    problem = Problem(
        what=f"{job.operation} was under way when this was written; if the run is over, it was"
        " ended in the midst of it",
        todo=f"`breakglass fleet {job.operation} --resume`, when no run works on it any more",
    )
    return not_started(job).model_copy(
        update={"outcome": "cancelled", "started": datetime.now(UTC), "problems": (problem,)}
    )


def last_report(project: Path, operation: Operation) -> FleetReport:
    """The report of the last run of a kind. Raises FleetError when none can be read."""
    path = project / FOLDER / _last_of(operation)
    if not path.is_file():
        raise FleetError(
            f"there is no {operation} to resume: {FOLDER}/{path.name} is not there; run without"
            " --resume",
            exit_code=2,
        )
    try:
        return read_json(path)
    except ReportError as error:
        raise FleetError(f"{error}: run without --resume") from None


def to_resume(
    last: FleetReport, revision: str, chosen: Sequence[str]
) -> tuple[list[Job], list[CustomerReport]]:
    """What is missing of a run, as jobs; and the reports of what it did.

    Raises FleetError when the run was of another commit, or of other uncommitted changes.
    """
    if last.revision != revision:
        raise FleetError(
            f"the last run was of {_short(last.revision)}, here is {_short(revision)}: what is"
            " missing of it would be another program or other settings; bring those back, or run"
            " without --resume",
            exit_code=2,
        )
    done = [one for one in last.customers if one.outcome == "done"]
    missing = [one.customer for one in last.customers if one.outcome != "done"]
    jobs = [Job(name, last.operation, revision) for name in missing if name in chosen]
    left_out = [
        one for one in last.customers if one.customer in missing and one.customer not in chosen
    ]
    return jobs, [*done, *left_out]


def _last_of(operation: Operation) -> str:
    return f"last-{operation}.json"


def _short(revision: str | None) -> str:
    if revision is None or revision.startswith(NO_GIT):
        return revision or NO_GIT
    commit, *changes = revision.split(" ", 1)
    return " ".join((f"commit {commit[:12]}", *changes))
