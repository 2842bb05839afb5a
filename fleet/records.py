"""The folder `.fleet`: what each run found, its logs, and what `--resume` has to know.

A run about some of the customers forgets nobody: those whom it is not about stay in the record as
the runs before it left them, and with other code or settings those whom they left undone.

Errors are ``FleetError``. Nothing in it is a secret; it is its owner's all the same, since logs
name accounts.
"""

import os
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fleet.changes import NO_GIT
from fleet.customers import customer_names
from fleet.errors import FleetError
from fleet.job import Job, not_started
from fleet.report import CustomerReport, FleetReport, Operation, Problem
from fleet.report_json import ReportError, read_json, write_text
from fleet.run_folder import FOLDER, new_run_folder
from fleet.verified import LastProofs

LAST: Final = "last.json"
ALL: Final = "_all.json"
"""A run's own report, beside those of its customers: no customer's name begins so."""

LOOKS: Final = ("preview", "status")
"""They write nothing to a tenant or a state."""
MANY: Final = 30
PAUSE_SECONDS: Final = 2.0
"""For more than so many customers, so long between two times that all of it is written."""


class Record:
    """One run's folder; `last.json` beside it is as new as its last finished customer.

    So is `last-up.json`, which a look at the customers meanwhile (`status`) leaves as it is. It
    also has the others of the same commit, as the runs before left them; of another commit
    `undone-up.json` has those who were not done. A run about everybody begins both anew.

    Raises FleetError when no folder can be made.
    """

    def __init__(self, project: Path, operation: Operation, revision: str | None) -> None:
        self._project = project
        self._operation: Operation = operation
        self._revision = revision
        base = project / FOLDER
        try:
            self.folder = new_run_folder(project, operation)
        except OSError as error:
            raise FleetError(
                f"{base} cannot hold the run's record: {error.strerror}; make room for it, or let"
                " whoever runs this write there"
            ) from None
        self._base = base
        self._proofs = LastProofs(base)
        self._mark: object = None
        self._before = LastRun(revision, operation)
        self._undone: tuple[CustomerReport, ...] | None = None

    def report(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """All of them as one report, dated now."""
        return FleetReport(
            made=datetime.now(UTC),
            operation=self._operation,
            revision=self._revision,
            run=os.environ.get("GITHUB_RUN_ID") or os.environ.get("BUILD_BUILDID") or None,
            customers=tuple(self._proofs.with_last(customers)),
        )

    def keep(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """Write what is known so far: a run that is killed can be resumed, too."""
        report = self.report(self._proofs.keep(customers))
        path = self._base / _last_of(self._operation)
        if _mark(path) != self._mark:  # by runs before, or by one beside this
            self._before, self._undone = _found(self._base, self._operation), None
        same, older = self._others(report)
        # First, so that one who is killed between the two leaves too many undone and not too few.
        if self._undone != tuple(older):
            write_text(_text(self.report(older)), self._base / _undone_of(self._operation))
            self._undone = tuple(older)
        text = _text(report)
        whole = _text(self.report((*report.customers, *same))) if same else text
        write_text(whole, path)
        self._mark = _mark(path)
        for path in (self.folder / ALL, self._base / LAST):
            write_text(text, path)
        return report

    def _others(
        self, report: FleetReport
    ) -> tuple[Sequence[CustomerReport], Sequence[CustomerReport]]:
        """Whom the run is not about: of its own commit, and the undone of others."""
        about = {one.customer for one in report.customers}
        if about.issuperset(customer_names(self._project)):
            return (), ()
        last = [one for one in self._before.customers if one.customer not in about]
        older = [one for one in self._before.undone if one.customer not in about]
        if self._before.revision == self._revision:
            return last, older
        named = {one.customer for one in last}
        older = [one for one in older if one.customer not in named]
        return (), [*older, *(one for one in last if one.outcome != "done")]


class Ledger:
    """What is known of a run while it goes on; changes are written at once, from any thread.

    A run that is killed leaves the truth: who ended, who was being worked on, who was not begun.
    Of many customers the whole is not written with each of them, but once in so many seconds; who
    has just ended may then be told as under way, and is run again. Whoever is to be written to is
    in the record before that begins, however many there are.
    """

    def __init__(
        self, record: Record, jobs: Iterable[Job], known: Iterable[CustomerReport]
    ) -> None:
        """Write what is known, everybody who is still to come as not started."""
        self.trouble = ""
        """The first reason why a change was not written."""
        self._record = record
        self._lock = threading.Lock()
        self._written = 0.0
        self._jobs = {job.customer: job for job in jobs}
        self._reports = {name: not_started(job) for name, job in self._jobs.items()}
        self._reports |= {one.customer: one for one in known}
        self.write()

    def begin(self, customer: str) -> None:
        """Somebody is worked on from now on. Raises FleetError."""
        with self._lock:
            self._reports[customer] = _at_work(self._jobs[customer])
        if self._jobs[customer].operation not in LOOKS or self._is_due():
            self.write()

    def end(self, report: CustomerReport) -> None:
        """One has ended, or will not be started. Raises FleetError."""
        with self._lock:
            self._reports[report.customer] = report
        if self._is_due():
            self.write()

    def put(self, reports: Iterable[CustomerReport]) -> None:
        """Several at once; they are written with the next change."""
        with self._lock:
            self._reports |= {one.customer: one for one in reports}

    def report(self) -> FleetReport:
        """All that is known, dated now."""
        with self._lock:
            return self._record.report(list(self._reports.values()))

    def _is_due(self) -> bool:
        with self._lock:
            few = len(self._reports) <= MANY
            return few or time.monotonic() - self._written > PAUSE_SECONDS

    def write(self) -> None:
        """Write all that is known. Raises FleetError."""
        try:
            with self._lock:
                self._record.keep(list(self._reports.values()))
                self._written = time.monotonic()
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


@dataclass(frozen=True)
class LastRun:
    """What the runs of a kind have left."""

    revision: str | None
    """That of the last one, and of all that `customers` tells."""
    operation: Operation
    customers: tuple[CustomerReport, ...] = ()
    undone: tuple[CustomerReport, ...] = ()
    """Who was not done by runs of other code or settings, and by none since."""


def last_report(project: Path, operation: Operation) -> LastRun:
    """What there is to resume. Raises FleetError when none can be read."""
    path = project / FOLDER / _last_of(operation)
    if not path.is_file():
        raise FleetError(
            f"there is no {operation} to resume: {FOLDER}/{path.name} is not there; run without"
            " --resume",
            exit_code=2,
        )
    try:
        return _read(path.parent, operation)
    except ReportError as error:
        raise FleetError(f"{error}: run without --resume") from None


def to_resume(
    last: LastRun, revision: str, chosen: Sequence[str]
) -> tuple[list[Job], list[CustomerReport]]:
    """What is missing of a run, as jobs; and the reports of what it did.

    Raises FleetError when the run was of another commit, or of other uncommitted changes, and when
    one before it was that has left somebody undone.
    """
    if last.revision != revision:
        raise FleetError(
            f"the last run was of {_short(last.revision)}, here is {_short(revision)}: what is"
            " missing of it would be another program or other settings; bring those back, or run"
            " without --resume",
            exit_code=2,
        )
    if undone := [one.customer for one in last.undone if one.customer in chosen]:
        only = " ".join(f"--only {name}" for name in undone)
        raise FleetError(
            f"{', '.join(undone)}: left undone by a run of other code or settings than here, and"
            f" not run since; `breakglass fleet {last.operation} {only}` does it with what is here"
            f" now; without them: --resume {only.replace('--only', '--except')}",
            exit_code=2,
        )
    done = [one for one in last.customers if one.outcome == "done"]
    missing = [one.customer for one in last.customers if one.outcome != "done"]
    jobs = [Job(name, last.operation, revision) for name in missing if name in chosen]
    left_out = [
        one for one in last.customers if one.customer in missing and one.customer not in chosen
    ]
    return jobs, [*done, *left_out]


def _found(base: Path, operation: Operation) -> LastRun:
    """What the runs before have left; nothing, where nothing can be read."""
    try:
        return _read(base, operation)
    except ReportError:
        return LastRun(None, operation)


def _read(base: Path, operation: Operation) -> LastRun:
    last, undone = read_json(base / _last_of(operation)), base / _undone_of(operation)
    older = read_json(undone).customers if undone.is_file() else ()
    return LastRun(last.revision, operation, last.customers, older)


def _text(report: FleetReport) -> str:
    """Of a record, which is written often and read by programs: without indentation."""
    return report.model_dump_json(by_alias=True) + "\n"


def _mark(path: Path) -> object:
    """What tells one written file from the next in its place; None: there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _last_of(operation: Operation) -> str:
    return f"last-{operation}.json"


def _undone_of(operation: Operation) -> str:
    return f"undone-{operation}.json"


def _short(revision: str | None) -> str:
    if revision is None or revision.startswith(NO_GIT):
        return revision or NO_GIT
    commit, *changes = revision.split(" ", 1)
    return " ".join((f"commit {commit[:12]}", *changes))
