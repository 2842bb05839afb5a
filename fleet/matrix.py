"""One run on several machines: customers dealt out to the jobs of a CI, and the reports joined.

GitHub Actions takes `{"include": [...]}` as a job's `strategy.matrix` and starts at most 256 jobs
of one matrix (GitHub, "Running variations of jobs in a workflow"); Azure DevOps takes an object of
named sets of variables, whose names hold letters, digits and underscores alone (Microsoft,
"jobs.job.strategy definition").

    FleetError       a number of shards or a name that no CI would take
      ReportError    a report that does not fit to the others
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

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
        FleetError: `shards` is not between 1 and 256, or a name holds a comma.
    """
    if bad := [name for name in customers if "," in name]:
        raise FleetError(f"{bad[0]!r} holds a comma, which parts the customers of a shard")
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
            revisions, or a customer in two of them.
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
    missing = tuple(_missing(name, first) for name in sorted(set(expected) - of.keys()))
    return FleetReport(
        made=max(report.made for report in reports.values()),
        operation=first.operation,
        revision=first.revision,
        customers=(*(one for report in reports.values() for one in report.customers), *missing),
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
