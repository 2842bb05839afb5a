"""One run on several machines: customers dealt out to the jobs of a CI, and the reports joined.

GitHub Actions takes `{"include": [...]}` as a job's `strategy.matrix` and starts at most 256 jobs
of one matrix (GitHub, "Running variations of jobs in a workflow"); Azure DevOps takes an object of
named sets of variables, whose names hold letters, digits and underscores alone (Microsoft,
"jobs.job.strategy definition").

    FleetError       a number of shards, or a name, that must not get into a pipeline
      ReportError    a report that does not fit to the others
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from fleet.customers import check_name
from fleet.errors import FleetError
from fleet.report import CustomerReport, FleetReport, Problem
from fleet.report_json import ReportError, read_json

Form = Literal["github", "azure", "names"]
MOST_SHARDS: Final = 256
"""Of one matrix on GitHub Actions."""


def deal(customers: Sequence[str], shards: int) -> list[list[str]]:
    """Deal the customers out one by one, so that no shard has two more than another; none is empty.

    Raises:
        FleetError: `shards` is not between 1 and 256.
    """
    if not 1 <= shards <= MOST_SHARDS:
        raise FleetError(f"--shards {shards}: 1 to {MOST_SHARDS} is expected", exit_code=2)
    names = sorted(customers)
    return [names[first::shards] for first in range(min(shards, len(names)))]


def matrix(customers: Sequence[str], shards: int, form: Form) -> str:
    """The JSON, in one line, that a CI takes as its matrix; `customers` is what `--only` takes.

    `names` is no JSON but all of the customers, as `merge --expect` takes them.

    Raises:
        FleetError: `shards` is not between 1 and 256, or a name is none: in a pipeline it becomes
            a word of a shell and a pattern, so that `*` would be everybody, once more.
    """
    for name in customers:
        try:
            check_name(name)
        except FleetError as error:
            raise FleetError(f"{error}; rename its settings file", exit_code=2) from None
    dealt = [",".join(names) for names in deal(customers, shards)]
    if form == "names":
        return ",".join(dealt)
    if form == "github":
        rows = [{"shard": number, "customers": names} for number, names in enumerate(dealt, 1)]
        return json.dumps({"include": rows}, separators=(",", ":"))
    named = {f"shard_{number}": {"customers": names} for number, names in enumerate(dealt, 1)}
    return json.dumps(named, separators=(",", ":"))


def merge(paths: Sequence[Path], expected: Sequence[str] = ()) -> FleetReport:
    """Join the shards' reports into one; of a customer in two of them the later one counts.

    That is a job that ran again, of the same run of the pipeline: its earlier report lies beside.
    A customer of `expected` that no report names is added as not started: the report of a machine
    that died would else be missed by nobody.

    Raises:
        ReportError: no report at all, one that cannot be read, reports of different operations,
            revisions or runs of a pipeline.
    """
    if not paths:
        raise ReportError("no report to merge: name the shards' reports, FILE.json")
    reports = {path: read_json(path) for path in paths}
    first_path, first = next(iter(reports.items()))
    of: dict[str, CustomerReport] = {}
    for path, report in sorted(reports.items(), key=lambda one: one[1].made):
        for what in ("operation", "revision", "run"):
            here, there = getattr(report, what), getattr(first, what)
            if here != there:
                raise ReportError(
                    f"{path} is of {what} {here}, {first_path} of {there}: merge the reports of one"
                    " run alone"
                )
        of |= {one.customer: one for one in report.customers}
    missing = tuple(_missing(name, first) for name in sorted(set(expected) - of.keys()))
    return FleetReport(
        made=max(report.made for report in reports.values()),
        operation=first.operation,
        revision=first.revision,
        run=first.run,
        customers=(*of.values(), *missing),
    )


def _missing(name: str, report: FleetReport) -> CustomerReport:
    return CustomerReport(
        customer=name,
        tenant_id="",
        subscription_id="",
        operation=report.operation,
        outcome="not started",
        problems=(
            Problem(
                what="No machine reported on this customer.",
                todo="Look at the log of the job that had it; run it again with"
                f" `breakglass fleet {report.operation} --only {name}`.",
            ),
        ),
    )
