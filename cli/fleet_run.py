"""What `breakglass fleet preview`, `up`, `refresh`, `destroy` and `status` do."""

import signal
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from cli.chosen_stack import engine_executable, project_folder
from cli.failure import CommandFailed
from cli.fleet_cluster import HERE, ClusterChoice, connection
from cli.screen import console
from cli.workspace import sandbox_folder
from fleet.changes import changed_since, revision
from fleet.customers import Customer, choose, find_customers
from fleet.environment import refuse_same_suffix
from fleet.errors import FleetError
from fleet.job import Job, Options, Processes, not_started, run_job
from fleet.parallelism import default_parallelism
from fleet.problems import changes_pending
from fleet.progress import progress_on
from fleet.records import Record, last_report, to_resume
from fleet.report import CustomerReport, FleetReport, Operation
from fleet.runner import run_fleet
from fleet.stack import version_of

if TYPE_CHECKING:
    from fleet.cluster import Cluster

CHANGES = ("create", "update", "replace", "delete")


@dataclass(frozen=True)
class Selection:
    """Which customers a command is about."""

    only: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    changed_since: str | None = None


@dataclass(frozen=True)
class Way:
    """How they are worked on."""

    parallel: int | None = None
    timeout_minutes: float = 60
    canary: int = 0
    resume: bool = False
    yes: bool = False
    expect_no_changes: bool = False
    reports: Sequence[Path] = field(default_factory=tuple[Path, ...])
    cluster: ClusterChoice = HERE


def fleet_folder() -> Path:
    """The folder of Pulumi.yaml that the customers lie beside."""
    return project_folder(sandbox_folder())


def chosen(selection: Selection, folder: Path) -> list[Customer]:
    """The customers, at least one. Raises FleetError."""
    customers = find_customers(folder)
    refuse_same_suffix(one.name for one in customers)
    changed = None
    if selection.changed_since is not None:
        changed = changed_since(folder, selection.changed_since, customers)
    found = choose(customers, selection.only, selection.leave_out, changed)
    if not customers:
        raise FleetError(
            f"there is no customer in {folder}: `breakglass fleet add NAME --tenant …"
            " --subscription …` makes the first",
            exit_code=2,
        )
    return found


def run(operation: Operation, selection: Selection, way: Way) -> FleetReport:
    """Do an operation on the chosen customers, show it, and write the reports.

    Raises CommandFailed.
    """
    from cli.fleet_reports import check_targets, take_away_old, write_reports

    check_targets(way.reports)
    take_away_old(way.reports)
    try:
        work = _Fleet(operation, selection, way)
        with connection(
            way.cluster, work.folder, parallel=way.parallel, minutes=way.timeout_minutes
        ) as cluster:
            report = work.run(cluster)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    write_reports(report, way.reports)
    return report


class _Fleet:
    def __init__(self, operation: Operation, selection: Selection, way: Way) -> None:
        self._operation: Operation = operation
        self._way = way
        self.folder = fleet_folder()
        self._customers = chosen(selection, self.folder)
        self._revision = revision(self.folder)
        self._screen = console()
        self._cluster: Cluster | None = None

    def run(self, cluster: "Cluster | None") -> FleetReport:
        self._cluster = cluster
        names = [one.name for one in self._customers]
        jobs, kept = self._jobs(names)
        if self._way.resume and not jobs:
            self._say("Nothing is missing of the last run.")
        elif not jobs:
            self._say("No customer has changed.")
        self._refuse_without_a_person(jobs)
        # A cluster's workers have a `pulumi` each.
        pulumi = engine_executable() if cluster is None else Path("pulumi")
        version = version_of(pulumi) if jobs and cluster is None else ""
        record = Record(self.folder, self._operation, self._revision)
        options = Options(pulumi, version, record.folder, self._way.timeout_minutes * 60)
        reports: list[CustomerReport] = []
        if self._operation == "up" and jobs and not self._way.yes:
            jobs, reports = self._agreed(jobs, options)
        elif self._operation == "destroy":
            self._ask_for_each_name(jobs)
        self._keep(record, [*kept, *reports], jobs)
        done = [*kept, *reports]
        reports += self._wave(jobs, options, record, done)
        report = record.keep([*kept, *reports])
        self._close(report)
        return report

    def _jobs(self, names: Sequence[str]) -> tuple[list[Job], list[CustomerReport]]:
        if not self._way.resume:
            return [Job(name, self._operation, self._revision) for name in names], []
        return to_resume(last_report(self.folder, self._operation), self._revision, names)

    def _refuse_without_a_person(self, jobs: Sequence[Job]) -> None:
        if not jobs or self._operation not in ("up", "destroy") or is_interactive():
            return
        if self._operation == "up" and self._way.yes:
            return
        cure = (
            "say --yes when a person has agreed to a preview"
            if self._operation == "up"
            else "only somebody at a terminal can destroy, by typing each customer's name"
        )
        raise FleetError(f"nobody is here to ask: {cure}", exit_code=2)

    def _agreed(
        self, jobs: Sequence[Job], options: Options
    ) -> tuple[list[Job], list[CustomerReport]]:
        """Preview all, show the sum, ask once: what to go on with, and what failed."""
        previews = self._wave([Job(one.customer, "preview", one.revision) for one in jobs], options)
        good = {one.customer for one in previews if one.outcome == "done"}
        bad = [
            one.model_copy(update={"operation": self._operation})
            for one in previews
            if one.customer not in good
        ]
        if not good or any(one.outcome == "cancelled" for one in previews):
            left = [one for one in previews if one.customer in good]
            not_done = {"operation": self._operation, "outcome": "not started"}
            return [], [*bad, *(one.model_copy(update=not_done) for one in left)]
        self._say(sum_of([one for one in previews if one.customer in good]))
        if bad:
            self._say(f"Left out, because their preview failed: {_names(bad)}.")
        if input("Go on? Only 'yes' does: ").strip() != "yes":
            raise FleetError("nothing was changed: you did not say yes")
        return [job for job in jobs if job.customer in good], bad

    def _ask_for_each_name(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            typed = input(f"Destroy everything of {job.customer}? Type its name: ").strip()
            if typed != job.customer:
                raise FleetError(f"nothing was destroyed: {typed!r} is not {job.customer}")

    def _wave(
        self,
        jobs: Sequence[Job],
        options: Options,
        record: Record | None = None,
        before: Sequence[CustomerReport] = (),
    ) -> list[CustomerReport]:
        if not jobs:
            return []
        processes = Processes()
        so_far = {one.customer: one for one in before}
        with _terminated_like_interrupted(), progress_on(self._screen, len(jobs)) as progress:

            def do(job: Job) -> CustomerReport:
                if not processes.stopping:
                    progress.begin(job.customer)
                return self._judged(run_job(job, self.folder, options, processes))

            def on_change(report: CustomerReport) -> None:
                progress.end(report)
                so_far[report.customer] = report
                if record is not None:
                    self._keep(record, so_far.values(), jobs)

            canary = self._way.canary
            if self._cluster is None:
                with self._executor() as executor:
                    return run_fleet(
                        jobs, executor, do, stop=processes, on_change=on_change, canary=canary
                    )
            from fleet.cluster_worker import do_on_worker

            with self._cluster.executor(progress.begin, self._judged) as executor:
                return run_fleet(
                    jobs, executor, do_on_worker,
                    stop=executor, on_change=on_change, canary=canary,
                )  # fmt: skip

    def _executor(self) -> Executor:
        number = default_parallelism() if self._way.parallel is None else self._way.parallel
        return ThreadPoolExecutor(max_workers=number)

    def _judged(self, report: CustomerReport) -> CustomerReport:
        pending = [f"{report.changes[one]} {one}" for one in CHANGES if report.changes.get(one)]
        if not (self._way.expect_no_changes and pending and report.outcome == "done"):
            return report
        problem = changes_pending(pending, report.customer)
        return report.model_copy(
            update={"outcome": "failed", "problems": (*report.problems, problem)}
        )

    def _keep(self, record: Record, reports: Iterable[CustomerReport], jobs: Sequence[Job]) -> None:
        """Write what is known, everybody who is still to come as not started."""
        known = {one.customer: one for one in reports}
        record.keep([*known.values(), *(not_started(j) for j in jobs if j.customer not in known)])

    def _close(self, report: FleetReport) -> None:
        counts = Counter(one.outcome for one in report.customers)
        told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        self._say(f"{self._operation}: {told or 'nobody'}.")
        if any(one.outcome != "done" for one in report.customers) and self._operation != "status":
            self._say(f"`breakglass fleet {self._operation} --resume` runs only what is missing.")

    def _say(self, line: str) -> None:
        self._screen.print(line, markup=False, soft_wrap=True)


def sum_of(previews: Sequence[CustomerReport]) -> str:
    """What an `up` would change at all of them, in words."""
    total: Counter[str] = Counter()
    for one in previews:
        total.update({kind: one.changes.get(kind, 0) for kind in CHANGES})
    touched = sum(any(one.changes.get(kind) for kind in CHANGES) for one in previews)
    counted = ", ".join(f"{total[kind]} to {kind}" for kind in CHANGES if total[kind])
    whom = f"{len(previews)} customer{'' if len(previews) == 1 else 's'}"
    if not counted:
        return f"{whom}: no changes."
    return f"{whom}, {touched} of them with changes: {counted}."


def is_interactive() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _names(reports: Iterable[CustomerReport]) -> str:
    return ", ".join(one.customer for one in reports)


class _terminated_like_interrupted:  # noqa: N801  (read as a word of the `with` line)
    """A pipeline that is cancelled sends SIGTERM: the run ends as cleanly as after Ctrl-C."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._interrupt)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt
