"""One run on several machines: customers dealt out to the jobs of a CI, and the reports joined.

GitHub Actions takes `{"include": [...]}` as a job's `strategy.matrix` and starts at most 256 jobs
of one matrix (GitHub, "Running variations of jobs in a workflow"); Azure DevOps takes an object of
named sets of variables, whose names hold letters, digits and underscores alone (Microsoft,
"jobs.job.strategy definition").

    FleetError       a number of shards, or a name, that must not get into a pipeline
      ReportError    a report that does not fit to the others
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from fleet.customers import check_name
from fleet.errors import FleetError
from fleet.report import CustomerReport, FleetReport, Problem
from fleet.report_json import ReportError, read_json
from fleet.report_words import moment_text

Form = Literal["github", "azure", "names"]
MOST_SHARDS: Final = 256
"""Of one matrix on GitHub Actions."""
MOST_APART: Final = timedelta(hours=12)
"""Between two reports of one run: a job of the pipelines ends within six hours, after it waited for
another one's stacks. A file that an earlier run left is as old as the pause between two runs."""


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
    """Join the shards' reports into one.

    A customer of `expected` that no report names is added as not started: the report of a machine
    that died would else be missed by nobody.

    Raises:
        ReportError: no report at all, one that cannot be read, reports of different operations or
            revisions, made more than 12 hours apart, or a customer in two of them.
    """
    if not paths:
        raise ReportError("no report to merge: name the shards' reports, FILE.json")
    reports = {path: read_json(path) for path in paths}
    first_path, first = next(iter(reports.items()))
    of: dict[str, Path] = {}
    for path, report in reports.items():
        for what in ("operation", "revision"):
            here, there = getattr(report, what), getattr(first, what)
            if here != there:
                raise ReportError(
                    f"{path} is of {what} {here}, {first_path} of {there}: merge the reports of one"
                    " run alone"
                )
        for one in report.customers:
            if other := of.get(one.customer):
                raise ReportError(
                    f"{one.customer} is in {other} and in {path}: a customer belongs to one shard"
                )
            of[one.customer] = path
    _refuse_other_days(reports)
    missing = tuple(_missing(name, first) for name in sorted(set(expected) - of.keys()))
    return FleetReport(
        made=max(report.made for report in reports.values()),
        operation=first.operation,
        revision=first.revision,
        customers=(*(one for report in reports.values() for one in report.customers), *missing),
    )


def _refuse_other_days(reports: Mapping[Path, FleetReport]) -> None:
    made = {path: report.made for path, report in reports.items()}
    oldest, newest = min(made, key=made.__getitem__), max(made, key=made.__getitem__)
    if made[newest] - made[oldest] > MOST_APART:
        hours = MOST_APART.total_seconds() / 3600
        raise ReportError(
            f"{oldest} was made on {moment_text(made[oldest])}, {newest} on"
            f" {moment_text(made[newest])}: more than {hours:g} hours apart, so they tell of no one"
            " run; run all of its jobs again, not only those that failed"
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
