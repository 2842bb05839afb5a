"""What `breakglass fleet preview`, `up`, `refresh`, `destroy` and `status` do."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.chosen_stack import engine_executable
from cli.failure import CommandFailed
from cli.fleet_agreement import ask_for_each_name, asked, is_interactive, overtaken, sum_done
from cli.fleet_canary import NOBODY, Canary
from cli.fleet_cluster import HERE, ClusterChoice, connection
from cli.fleet_selection import Selection, chosen, fleet_folder
from cli.screen import console
from cli.steady_screen import SteadyScreen
from cli.stopping import terminated_like_interrupted
from fleet.changes import running_revision
from fleet.customers import customer_names, find_customers
from fleet.errors import FleetError
from fleet.job import Job, Options, not_started, run_job, unreadable
from fleet.left_behind import left_behind, without_settings
from fleet.parallelism import default_parallelism
from fleet.problems import changes_pending
from fleet.processes import Processes
from fleet.records import Ledger, Record, last_report, to_resume
from fleet.report import INTERRUPTED, CustomerReport, FleetReport, Operation, changed
from fleet.runner import run_fleet
from fleet.stack import version_of
from fleet.to_mind import before_a_run

if TYPE_CHECKING:
    from fleet.cluster import Cluster


PLAN_STAYS_HERE: Final = (
    "With --cluster nobody compares what is written with what you agree to: only names and the"
    " commit travel. Each worker previews again, and writes what is to be changed by then."
)
BACKEND_IS_ELSEWHERE: Final = (
    "stacks without a settings file were not looked for: with --cluster the state is the workers'"
    " to reach; `breakglass fleet list` looks from here"
)


@dataclass(frozen=True)
class Way:
    """How they are worked on."""

    parallel: int | None = None
    timeout_minutes: float = 60
    canary: Canary = NOBODY
    resume: bool = False
    yes: bool = False
    expect_no_changes: bool = False
    all_stacks: bool = False
    reports: Sequence[Path] = field(default_factory=tuple[Path, ...])
    cluster: ClusterChoice = HERE


def run(operation: Operation, selection: Selection, way: Way) -> int:
    """Do an operation on the chosen customers, show it, and write the reports; the exit code.

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
    if work.trouble:
        raise CommandFailed(
            f"{work.trouble}: what ran came to its end, and the rest was not begun; make room, then"
            f" `breakglass fleet {operation} --resume`"
        )
    # Whom Ctrl-C kept from being started may be all that shows of it.
    return INTERRUPTED if work.stopped and report.exit_code else report.exit_code


class _Fleet:
    def __init__(self, operation: Operation, selection: Selection, way: Way) -> None:
        self._operation: Operation = operation
        if way.all_stacks and way.cluster != HERE:
            raise FleetError(
                "--all-stacks asks the state backend from here, and with --cluster the state is the"
                " workers' to reach: leave it out; `breakglass fleet list` names such stacks",
                exit_code=2,
            )
        self._selection, self._way = selection, way
        self.folder = fleet_folder()
        self.trouble = ""
        """Why the run's record could not be kept."""
        self.stopped = False
        """Whether somebody ended it before it was over."""
        customers = chosen(selection, self.folder)
        way.canary.refuse_unclear(customer_names(self.folder))
        self._names = [one.name for one in customers]
        self._good = [one for one in customers if not one.trouble]
        self._bad = [unreadable(one, operation) for one in customers if one.trouble]
        looks = operation in ("preview", "status") and selection.is_everybody and not way.resume
        self._all_stacks = way.all_stacks or looks
        self._revision = running_revision(self.folder)
        self._screen = SteadyScreen(console())
        self._cluster: Cluster | None = None
        self._has_written = False

    def run(self, cluster: "Cluster | None") -> FleetReport:
        self._cluster = cluster
        jobs, known = self._jobs()
        if self._way.resume and not (jobs or self._all_stacks):
            self._screen.say("Nothing is missing of the last run.")
        elif not (jobs or self._bad or self._way.resume):
            self._screen.say(self._selection.nobody)
        for line in self._selection.gone(self.folder):
            self._screen.say(line)
        self._refuse_without_a_person(jobs)
        # A cluster's workers have a `pulumi` each.
        pulumi = engine_executable() if cluster is None else Path("pulumi")
        version = version_of(pulumi) if jobs and cluster is None else ""
        record = Record(self.folder, self._operation, self._revision)
        options = Options(pulumi, version, record.folder, self._way.timeout_minutes * 60)
        self._warn(jobs)
        ledger = Ledger(record, jobs, known)
        with ThreadPoolExecutor(max_workers=1) as beside:
            others = beside.submit(self._others, pulumi)
            self._go_on(jobs, options, ledger)
            ledger.put(self._left_behind(others))
        return self._closed(ledger)

    def _go_on(self, jobs: Sequence[Job], options: Options, ledger: Ledger) -> None:
        first = self._first(jobs)
        fallen = [one.customer for one in self._bad if one.customer in first]
        if fallen and jobs:
            self._screen.say(
                f"Nobody is started: {', '.join(fallen)} was to go first, and the settings file"
                " cannot be read."
            )
            return
        if jobs and self._way.canary.patterns and not first:
            named = ", ".join(self._way.canary.patterns)
            self._screen.say(f"Nobody goes first: this run has nothing to do for {named}.")
        if self._operation == "up" and jobs and not self._way.yes:
            jobs, reports = self._agreed(jobs, options, first)
            ledger.put(reports)
        elif self._operation == "destroy":
            refused = ask_for_each_name(jobs)
            ledger.put(refused)
            jobs = [] if refused else jobs
        self._has_written = bool(jobs)
        ledger.put(self._wave(jobs, options, ledger, first))

    def _first(self, jobs: Sequence[Job]) -> set[str]:
        """Who goes first, of all that are to be done: those too for whom nothing can be done."""
        due = {*(job.customer for job in jobs), *(one.customer for one in self._bad)}
        return self._way.canary.of([name for name in self._names if name in due])

    def _jobs(self) -> tuple[list[Job], list[CustomerReport]]:
        """What is to be done, and what is known without it."""
        names = [one.name for one in self._good]
        if not self._way.resume:
            return [Job(name, self._operation, self._revision) for name in names], self._bad
        last = last_report(self.folder, self._operation)
        jobs, kept = to_resume(last, self._revision, names)
        told = {one.customer for one in last.customers}
        bad = {one.customer: one for one in self._bad if one.customer in told}
        still = {*customer_names(self.folder)}
        if any(one.customer not in still for one in kept) and self._cluster is None:
            # Of these the backend knows whether somebody has taken their stacks away since.
            self._all_stacks = True
            kept = [one for one in kept if one.customer in still]
        return jobs, [bad.get(one.customer, one) for one in kept]

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

    def _warn(self, jobs: Sequence[Job]) -> None:
        if self._operation not in ("preview", "up") or self._cluster is not None:
            return
        named = {job.customer for job in jobs}
        ours = [one for one in self._good if one.name in named]
        for line in before_a_run(ours, find_customers(self.folder), self.folder, os.environ):
            self._screen.say(line)

    def _agreed(
        self, jobs: Sequence[Job], options: Options, first: AbstractSet[str]
    ) -> tuple[list[Job], list[CustomerReport]]:
        """Preview all, show the sum, ask once: what to go on with, and what is over already."""
        looks = [Job(one.customer, "preview", one.revision) for one in jobs]
        previews = self._wave(looks, options)
        if self._cluster is not None:
            self._screen.say(PLAN_STAYS_HERE)
        answer = asked(previews, first, self._screen.say)
        if answer.go_on and running_revision(self.folder) != self._revision:
            # The plans are compared without their values: another receiver would look the same.
            answer = overtaken(previews, answer, self._screen.say)
        return [job for job in jobs if job.customer in answer.go_on], answer.over

    def _wave(
        self,
        jobs: Sequence[Job],
        options: Options,
        ledger: Ledger | None = None,
        first: AbstractSet[str] = frozenset(),
    ) -> list[CustomerReport]:
        if not jobs:
            return []
        processes = Processes()
        with terminated_like_interrupted(), self._screen.progress(len(jobs)) as progress:

            def begin(customer: str) -> None:
                progress.begin(customer)
                if ledger is not None:
                    ledger.begin(customer)

            def do(job: Job) -> CustomerReport:
                if not processes.stopping:
                    try:
                        begin(job.customer)
                    except FleetError:
                        return not_started(job)  # the runner hears of it, and stops
                return self._judged(run_job(job, self.folder, options, processes))

            def on_stop() -> None:
                self.stopped = True

            def on_change(report: CustomerReport) -> None:
                progress.end(report)
                if ledger is not None:
                    ledger.end(report)

            run = partial(run_fleet, jobs, on_change=on_change, on_stop=on_stop, canary=first)
            if self._cluster is None:
                with self._executor() as executor:
                    return run(executor, do, stop=processes)
            from fleet.cluster_worker import do_on_worker

            with self._cluster.executor(begin, self._judged) as executor:
                return run(executor, do_on_worker, stop=executor)

    def _executor(self) -> Executor:
        number = default_parallelism() if self._way.parallel is None else self._way.parallel
        return ThreadPoolExecutor(max_workers=number)

    def _judged(self, report: CustomerReport) -> CustomerReport:
        pending = [f"{number} {kind}" for kind, number in changed(report).items()]
        if not (self._way.expect_no_changes and pending and report.outcome == "done"):
            return report
        problem = changes_pending(pending, report.customer)
        return report.model_copy(
            update={"outcome": "failed", "problems": (*report.problems, problem)}
        )

    def _others(self, pulumi: Path) -> list[str]:
        if not self._all_stacks:
            return []
        if self._cluster is not None:
            raise FleetError(BACKEND_IS_ELSEWHERE)
        return left_behind(pulumi, self.folder, os.environ)

    def _left_behind(self, names: "Future[list[str]]") -> list[CustomerReport]:
        try:
            found = [without_settings(name, self._operation) for name in names.result()]
        except (FleetError, KeyboardInterrupt) as error:
            self._screen.say(str(error) or "stacks without a settings file were not looked for")
            return []
        self._tell(found)
        return found

    def _tell(self, reports: Iterable[CustomerReport]) -> None:
        """Of customers for whom nothing is run."""
        told = list(reports)
        with self._screen.progress(len(told)) as progress:
            for one in told:
                progress.end(one)

    def _closed(self, ledger: Ledger) -> FleetReport:
        with contextlib.suppress(FleetError):  # the ledger keeps the first
            ledger.write()
        self.trouble = ledger.trouble
        report = ledger.report()
        self._tell(one for one in report.customers if one in self._bad)
        done = sum_done(report.customers)
        if done and self._operation == "up" and (self._way.yes or self._has_written):
            self._screen.say(done)
        counts = Counter(one.outcome for one in report.customers)
        told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        self._screen.say(f"{self._operation}: {told or 'nobody'}.")
        if any(one.outcome != "done" for one in report.customers):
            again = f"`breakglass fleet {self._operation} --resume` runs only what is missing."
            self._screen.say(again)
        return report
