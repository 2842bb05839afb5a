"""`breakglass ci`: the steps of a pipeline, the same on GitHub and on Azure DevOps."""

from pathlib import Path
from typing import Annotated

import typer

from cli.fleet_commands import Changed, LeaveOut, Only, Parallel, Report, Timeout
from cli.options import plain_errors

ci_app = typer.Typer(no_args_is_help=True, help="What pipelines run; see docs/ci.md.")

Markdown = Annotated[
    Path, typer.Argument(dir_okay=False, help="The report, FILE.md; without it, that is told.")
]


@ci_app.command()
@plain_errors
def preview(
    only: Only = None,
    leave_out: LeaveOut = None,
    changed: Changed = None,
    policy_pack: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Rules that must hold.")
    ] = None,
    parallel: Parallel = None,
    timeout: Timeout = 15,
    report: Report = None,
) -> None:
    """Show what changed settings would do, on simulated tenants: needs no secret.

    Customers with the same settings, but for ids and domains, share one preview.
    """
    from cli.ci_preview import preview_all
    from cli.fleet_commands import selection
    from cli.fleet_reports import check_targets, take_away_old

    check_targets(report or ())
    take_away_old(report or ())
    found = preview_all(
        selection(only, leave_out, changed), since=changed, policy_pack=policy_pack,
        parallel=parallel, timeout_minutes=timeout, reports=report or (),
    )  # fmt: skip
    raise typer.Exit(found.exit_code)


@ci_app.command()
@plain_errors
def restore(
    only: Only = None,
    leave_out: LeaveOut = None,
    parallel: Parallel = None,
    timeout: Timeout = 15,
    report: Report = None,
) -> None:
    """Put back exclusions that somebody took out, and change nothing else."""
    from cli.ci_restore import restore_all
    from cli.fleet_commands import selection
    from cli.fleet_reports import check_targets, take_away_old

    check_targets(report or ())
    take_away_old(report or ())
    found = restore_all(
        selection(only, leave_out, None),
        parallel=parallel, timeout_minutes=timeout, reports=report or (),
    )  # fmt: skip
    raise typer.Exit(found.exit_code)


@ci_app.command()
@plain_errors
def comment(path: Markdown) -> None:
    """Write a report into the one comment that this pull request has for it."""
    from cli.ci_hosts import host
    from cli.ci_told import commit_not_looked_at, of_commit

    if path.is_file():
        told = of_commit(path.read_text(encoding="utf-8", errors="replace"))
    else:
        told = commit_not_looked_at()
    typer.echo(host().comment(told))


@ci_app.command()
@plain_errors
def issue(
    path: Annotated[
        Path,
        typer.Argument(dir_okay=False, help="The report, FILE.json; without it, that is told."),
    ],
    healed: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Where `healed-*.json` of `ci restore` lie, at any depth."
        ),
    ] = None,
) -> None:
    """Keep one open issue while a report names something to do; close it when it does not."""
    from cli.ci_hosts import host
    from cli.ci_told import healing, without_report
    from cli.failure import CommandFailed
    from fleet.report_json import ReportError, read_json
    from fleet.report_markdown import render

    if not path.is_file():
        typer.echo(host().issue(without_report(), is_open=True))
        return
    try:
        report = read_json(path)
    except ReportError as error:
        # An issue that stays as it was, closed perhaps, would say that all is well.
        typer.echo(host().issue(without_report(), is_open=True))
        raise CommandFailed(str(error)) from None
    put_back = healing(healed, report) if healed is not None else None
    told = render(report) + (put_back.text if put_back else "")
    to_do = report.exit_code != 0 or any(one.problems for one in report.customers)
    typer.echo(host().issue(told, is_open=to_do or (put_back is not None and not put_back.well)))


@ci_app.command()
@plain_errors
def variables() -> None:
    """Hand the variables of this job's environment that name an identity on to its next steps."""
    from cli.ci_variables import hand_on

    handed_on = hand_on()
    for name in handed_on.names:
        typer.echo(name)
    if told := handed_on.told():
        typer.echo(told, err=True)


@ci_app.command()
@plain_errors
def approval(
    environment: Annotated[str, typer.Argument(help="An environment of this repository.")],
) -> None:
    """Fail when GitHub would run a job of this environment without asking anybody."""
    import os

    from cli.ci_hosts import GitHub

    typer.echo(GitHub(os.environ).check_approval(environment))
