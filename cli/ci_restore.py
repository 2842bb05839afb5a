"""`breakglass ci restore`: puts back lost exclusions, each customer with its own variables.

Nothing but an exclusion that the state knows and the tenant has lost is written; see
``cli.exclusion_restore``. A run that is stopped leaves no state half written, for it writes none.
Each customer has a process of its own (``cli.restore_work``), run as the fleet's are.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cli.chosen_stack import engine_executable
from cli.failure import CommandFailed
from cli.fleet_reports import write_reports
from cli.fleet_selection import Selection, chosen, fleet_folder
from cli.screen import console
from cli.stopping import terminated_like_interrupted
from fleet.changes import running_revision
from fleet.errors import FleetError
from fleet.job import Job, Options, not_started, run_job, unreadable
from fleet.parallelism import default_parallelism
from fleet.processes import Processes
from fleet.progress import progress_on
from fleet.records import FOLDER
from fleet.report import CustomerReport, FleetReport, Problem
from fleet.runner import run_fleet

PROGRAM: Final = "cli.restore_work"
_STOPPED: Final = Problem(
    what="the run was stopped: what it had lost may or may not be back",
    todo="run `breakglass ci restore` again",
)


def restore_all(
    selection: Selection,
    *,
    parallel: int | None = None,
    timeout_minutes: float = 15,
    reports: Sequence[Path] = (),
    environ: Mapping[str, str] = os.environ,
) -> FleetReport:
    """All customers, side by side; a failure does not stop the others.

    Stopped (Ctrl-C, or a pipeline's SIGTERM) it lets whoever is at work come to an end, and tells
    of all: the `reports` are as new as the last customer that was done. Raises CommandFailed.
    """
    folder = fleet_folder()
    try:
        customers = chosen(selection, folder)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    bad = {one.name: unreadable(one, "up") for one in customers if one.trouble}
    jobs = [Job(one.name, "up", None) for one in customers if not one.trouble]
    found = {one.customer: not_started(one) for one in jobs} | bad
    revision = running_revision(folder)

    def report(done: Iterable[CustomerReport]) -> FleetReport:
        """So far; written, too."""
        found.update((one.customer, one) for one in done)
        so_far = FleetReport(
            made=datetime.now(UTC),
            operation="up",
            revision=revision,
            customers=tuple(found.values()),
        )
        write_reports(so_far, reports)
        return so_far

    report(())
    options = Options(
        engine_executable() if jobs else Path("pulumi"),
        "",
        _run_folder(folder),
        timeout_seconds=timeout_minutes * 60,
        environ=environ,
        program=PROGRAM,
    )
    processes = Processes()
    number = default_parallelism() if parallel is None else parallel
    with terminated_like_interrupted(), progress_on(console(), len(customers)) as progress:
        for one in bad.values():
            progress.end(one)

        def do(job: Job) -> CustomerReport:
            if not processes.stopping:
                progress.begin(job.customer)
            return _in_our_words(run_job(job, folder, options, processes))

        def on_change(one: CustomerReport) -> None:
            progress.end(one)
            report([one])

        with ThreadPoolExecutor(max_workers=number) as executor:
            return report(run_fleet(jobs, executor, do, stop=processes, on_change=on_change))


def _run_folder(project: Path) -> Path:
    """Where logs and reports of this run's processes go; its owner's, as all of `.fleet`."""
    base = project / FOLDER
    base.mkdir(mode=0o700, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-restore-"
    return Path(tempfile.mkdtemp(prefix=stamp, dir=base))


def _in_our_words(report: CustomerReport) -> CustomerReport:
    """What the fleet tells of one that was stopped or gave no report, for this command."""
    first = (_STOPPED,) if report.outcome == "cancelled" else ()
    problems = (
        Problem(what=one.what, todo=one.todo.replace("fleet up --resume", "ci restore"))
        for one in report.problems
    )
    return report.model_copy(update={"problems": (*first, *problems)})
