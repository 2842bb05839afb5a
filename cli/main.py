"""The `breakglass` command: its options; what they do is in the modules beside it."""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.account_commands import account_app
from cli.ci_commands import ci_app
from cli.cost_command import cost
from cli.exclusion_commands import exclusion_app, verify
from cli.failure import CommandFailed
from cli.fleet_commands import fleet_app
from cli.options import Port, Rate, plain_errors
from cli.pipeline_output import harmless_output
from cli.sandbox_commands import sandbox_app
from cli.sandbox_faults import fault
from cli.sandbox_logs import alerts, clock, logs, query
from cli.status_command import status


def _guarded(context: typer.Context) -> None:
    """What pipelines run may print nothing that their agent would obey."""
    context.with_resource(harmless_output())


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(exclusion_app, name="exclusion")
app.add_typer(account_app, name="account")
for many, name in ((fleet_app, "fleet"), (ci_app, "ci")):
    app.add_typer(many, name=name, callback=_guarded)
for command in (clock, logs, query, alerts, fault):
    sandbox_app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"breakglass {version('break-glass')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Emergency-access (break-glass) accounts for a Microsoft 365 tenant."""
    for stream in (sys.stdout, sys.stderr):
        # A console with an old code page lacks some characters: never fail on printing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@app.command()
@plain_errors
def up(
    picture: Annotated[
        Path | None, typer.Option(help="Write a picture (SVG) of the run to this file.")
    ] = None,
    ca_rate: Rate = None,
    port: Port = 8443,
) -> None:
    """Set up a simulated tenant, run the real `pulumi up` on it, and prove what it did."""
    from cli.story import UpOptions, tell
    from cli.workspace import sandbox_folder

    if not tell(sandbox_folder(), UpOptions(port=port, ca_rate=ca_rate, picture=picture)):
        raise CommandFailed("Not everything is as promised: see the lines marked ✗ above.")


for command in (verify, status, cost):
    app.command()(command)

if __name__ == "__main__":
    app()
