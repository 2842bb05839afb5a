"""`breakglass fleet`: what the options are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.failure import CommandFailed
from cli.fleet_add import add
from cli.fleet_canary import CanaryOption, canary_of
from cli.fleet_cluster import Address, Authority, Certificate, ClusterChoice, Key
from cli.fleet_exec import execute
from cli.options import plain_errors

if TYPE_CHECKING:
    from cli.fleet_selection import Selection
    from fleet.report import Operation

fleet_app = typer.Typer(
    no_args_is_help=True, help="Many customers at once; each Pulumi.<customer>.yaml is one."
)

fleet_app.command()(add)
fleet_app.command("exec")(execute)

Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Customers by name or pattern ('north-*'); may be repeated."),
]
LeaveOut = Annotated[
    list[str] | None, typer.Option("--except", help="Not these; a name or pattern, as --only.")
]
Changed = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REF",
        help="Whose settings changed since this branch or commit (all when shared code did).",
    ),
]
Parallel = Annotated[
    int | None,
    typer.Option(min=1, max=200, help="So many at a time; by default what cores and memory allow."),
]
Timeout = Annotated[
    float, typer.Option(min=1, help="Minutes that one customer may take, preview included.")
]
Report = Annotated[
    list[Path] | None,
    typer.Option(help="Write the report to FILE.json, FILE.md or FILE.html; may be repeated."),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Only what is missing of the last run of this kind.")
]
NoChanges = Annotated[
    bool, typer.Option("--expect-no-changes", help="A customer with changes counts as failed.")
]
AllStacks = Annotated[
    bool,
    typer.Option(
        "--all-stacks",
        help="Name stacks in the state backend without a settings file, too; so without --only.",
    ),
]


@fleet_app.command("list")
@plain_errors
def list_customers(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show the customers, whose credentials they run with, and where their state lies."""
    from cli.fleet_list import show_customers

    show_customers(selection(only, leave_out, changed), as_json=as_json)


@fleet_app.command()
@plain_errors
def preview(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    parallel: Parallel = None,
    canary: CanaryOption = None,
    resume: Resume = False,
    expect_no_changes: NoChanges = False,
    all_stacks: AllStacks = False,
    timeout: Timeout = 60,
    report: Report = None,
    cluster: Address = None,
    cluster_ca: Authority = None,
    cluster_cert: Certificate = None,
    cluster_key: Key = None,
) -> None:
    """Say what `up` would change. Changes nothing."""
    _operate(
        "preview", selection(only, leave_out, changed), parallel=parallel, canary=canary,
        resume=resume, timeout=timeout, report=report, expect_no_changes=expect_no_changes,
        all_stacks=all_stacks,
        cluster=ClusterChoice(cluster, cluster_ca, cluster_cert, cluster_key),
    )  # fmt: skip


@fleet_app.command()
@plain_errors
def up(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    parallel: Parallel = None,
    canary: CanaryOption = None,
    resume: Resume = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nobody; each customer is previewed all the same.")
    ] = False,
    timeout: Timeout = 60,
    report: Report = None,
    cluster: Address = None,
    cluster_ca: Authority = None,
    cluster_cert: Certificate = None,
    cluster_key: Key = None,
) -> None:
    """Preview all, show the sum of changes, ask once, then make each as its settings say."""
    _operate(
        "up", selection(only, leave_out, changed), parallel=parallel, canary=canary,
        resume=resume, timeout=timeout, report=report, yes=yes,
        cluster=ClusterChoice(cluster, cluster_ca, cluster_cert, cluster_key),
    )  # fmt: skip


@fleet_app.command()
@plain_errors
def refresh(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    parallel: Parallel = None,
    canary: CanaryOption = None,
    resume: Resume = False,
    timeout: Timeout = 60,
    report: Report = None,
    cluster: Address = None,
    cluster_ca: Authority = None,
    cluster_cert: Certificate = None,
    cluster_key: Key = None,
) -> None:
    """Write what is really there into each customer's state. Changes no tenant."""
    _operate(
        "refresh", selection(only, leave_out, changed), parallel=parallel, canary=canary,
        resume=resume, timeout=timeout, report=report,
        cluster=ClusterChoice(cluster, cluster_ca, cluster_cert, cluster_key),
    )  # fmt: skip


@fleet_app.command()
@plain_errors
def destroy(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    parallel: Parallel = None,
    canary: CanaryOption = None,
    resume: Resume = False,
    timeout: Timeout = 60,
    report: Report = None,
    cluster: Address = None,
    cluster_ca: Authority = None,
    cluster_cert: Certificate = None,
    cluster_key: Key = None,
) -> None:
    """Take the stacks down; asks for the name of each. What is protected stays."""
    if not only and not resume:
        raise CommandFailed("destroy wants the customers named: --only NAME", exit_code=2)
    _operate(
        "destroy", selection(only, leave_out, changed), parallel=parallel, canary=canary,
        resume=resume, timeout=timeout, report=report,
        cluster=ClusterChoice(cluster, cluster_ca, cluster_cert, cluster_key),
    )  # fmt: skip


@fleet_app.command()
@plain_errors
def status(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    parallel: Parallel = None,
    canary: CanaryOption = None,
    resume: Resume = False,
    all_stacks: AllStacks = False,
    timeout: Timeout = 60,
    report: Report = None,
    cluster: Address = None,
    cluster_ca: Authority = None,
    cluster_cert: Certificate = None,
    cluster_key: Key = None,
) -> None:
    """Look at every customer's policies, logs and alarms. Changes nothing."""
    _operate(
        "status", selection(only, leave_out, changed), parallel=parallel, canary=canary,
        resume=resume, timeout=timeout, report=report, all_stacks=all_stacks,
        cluster=ClusterChoice(cluster, cluster_ca, cluster_cert, cluster_key),
    )  # fmt: skip


@fleet_app.command()
@plain_errors
def matrix(
    shards: Annotated[int, typer.Option(min=1, max=256, help="Over so many CI jobs.")],
    form: Annotated[
        Literal["github", "azure", "names"],
        typer.Option("--format", help="For which CI; or all names, as `merge --expect` takes."),
    ] = "github",
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
) -> None:
    """Print the JSON from which a CI makes a job for each share of the customers."""
    from cli.fleet_shards import deal_out

    typer.echo(deal_out(selection(only, leave_out, changed), shards, form))


@fleet_app.command()
@plain_errors
def merge(
    paths: Annotated[list[Path], typer.Argument(help="The shards' reports, FILE.json.")],
    expect: Annotated[
        list[str] | None,
        typer.Option(help="Customers that a report must name; one that none does is not started."),
    ] = None,
    report: Report = None,
) -> None:
    """Join the reports of several CI jobs; ends as one run over all of them would have."""
    from cli.fleet_shards import merge_reports

    raise typer.Exit(merge_reports(paths, _split("--expect", expect), report or ()))


def _operate(
    operation: "Operation",
    selection: "Selection",
    *,
    parallel: int | None,
    timeout: float,
    report: Sequence[Path] | None,
    cluster: ClusterChoice,
    canary: str | None,
    resume: bool = False,
    yes: bool = False,
    expect_no_changes: bool = False,
    all_stacks: bool = False,
) -> None:
    from cli.fleet_run import Way, run

    way = Way(
        parallel=parallel,
        timeout_minutes=timeout,
        canary=canary_of(_split("--canary", None if canary is None else [canary])),
        resume=resume,
        yes=yes,
        expect_no_changes=expect_no_changes,
        all_stacks=all_stacks,
        reports=tuple(report or ()),
        cluster=cluster,
    )
    raise typer.Exit(run(operation, selection, way))


def selection(
    only: Sequence[str] | None, leave_out: Sequence[str] | None, changed: str | None
) -> "Selection":
    """A comma joins several, as a shard of `matrix` gives them."""
    from cli.fleet_selection import Selection

    return Selection(_split("--only", only), _split("--except", leave_out), changed)


def _split(option: str, given: Sequence[str] | None) -> list[str]:
    """Raises CommandFailed for one without a name: a variable that was lost is not everybody."""
    found: list[str] = []
    for one in given or ():
        names = [part.strip() for part in one.split(",") if part.strip()]
        if not names:
            raise CommandFailed(
                f"{option} is empty: expected names of customers; leave the option out for all",
                exit_code=2,
            )
        found += names
    return found
