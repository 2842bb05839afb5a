"""`breakglass verify` and `breakglass exclusion snippet`: what the options are."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.exclusion_formats import Format
from cli.options import plain_errors

if TYPE_CHECKING:
    from cli.verification import Report

NOT_LOOKED: Final = 3
"""The exit code of `verify` when it found nothing out: neither right nor wrong."""

exclusion_app = typer.Typer(no_args_is_help=True, help="The exclusion from policies, for others.")

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack", "-s", help="The Pulumi stack; without it the one that `pulumi` has selected."
    ),
]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="The stack of the simulated tenant.")]


@plain_errors
def verify(
    stack: StackName = None,
    sandbox: Sandbox = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    days: Annotated[
        int, typer.Option(min=0, max=30, help="How far back to read the audit log; 0: not at all.")
    ] = 7,
) -> None:
    """Compare every Conditional Access policy with what the stack wants. Changes nothing.

    Ends with 0 when all are right, with 1 when something is to be done, with 3 when it cannot look.
    """
    from cli import verification_text as text
    from cli.chosen_stack import choose_stack, exported_state, require_running
    from cli.failure import CommandFailed
    from cli.stack_state import read_state
    from cli.verification import connect
    from cli.verification import verify as compare

    try:
        chosen = choose_stack(stack, sandbox=sandbox)
        require_running(chosen)
        state = read_state(exported_state(chosen), chosen.name)
        report = compare(state, connect(chosen), days=days)
    except CommandFailed as error:
        wrong_call = error.exit_code != 1
        code = error.exit_code if wrong_call else NOT_LOOKED
        raise CommandFailed(str(error), exit_code=code) from None
    if as_json:
        typer.echo(text.as_json(report, chosen))
    else:
        _show(report)
        for line in (*text.to_do(report, chosen), text.closing_line(report)):
            typer.echo(line)
    if not report.is_right:
        raise typer.Exit(1)


@exclusion_app.callback()
def exclusion() -> None:
    """What the exclusion from Conditional Access policies needs in other people's code."""


@exclusion_app.command()
@plain_errors
def snippet(
    stack: StackName = None,
    sandbox: Sandbox = False,
    chosen_format: Annotated[
        Format, typer.Option("--format", "-f", help="For which tool.")
    ] = Format.ALL,
) -> None:
    """Print the lines that keep the exclusion when another tool deploys the policies."""
    from cli.chosen_stack import choose_stack, exported_state
    from cli.exclusion_snippet import members_of, notes, snippet
    from cli.failure import CommandFailed
    from cli.stack_state import read_state

    chosen = choose_stack(stack, sandbox=sandbox)
    state = read_state(exported_state(chosen), chosen.name)
    members = members_of(state.stack, state.wanted, state.labels)
    if not (members.groups or members.users):
        raise CommandFailed(
            f"Stack {state.stack} has excluded nobody from any policy yet, so nobody's id is known:"
            " run `pulumi up` first."
        )
    typer.echo(snippet(members, chosen_format))
    if chosen_format is Format.JSON:
        for line in notes(members):
            typer.echo(line, err=True)


def _show(report: "Report") -> None:
    from rich.table import Table
    from rich.text import Text

    from cli import verification_text as text
    from cli.screen import console
    from entra.policy import told

    screen = console()
    typer.echo(text.headline(report))
    if screen.is_terminal:
        table = Table(box=None, padding=(0, 1), show_header=False)
        for finding, words in text.rows(report):
            style = "green" if finding.result.is_right else "bold red"
            mark = Text(text.MARKS[finding.result], style=style)
            name = f"{told(finding.name)} ({finding.policy_id})"
            table.add_row(mark, Text(name), Text(words))
        screen.print(table)
    else:
        for finding, words in text.rows(report):
            mark = text.MARKS[finding.result]
            typer.echo(f"{mark} {told(finding.name)} ({finding.policy_id}): {words}")
    for line in text.lost_lines(report):
        typer.echo(f"✗ {line}")
    for line in report.audit_troubles:
        typer.echo(f"– {line}")
