"""`breakglass sandbox clock | logs | query | alerts`: time passes, and what it brings."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from cli.failure import CommandFailed
from cli.options import plain_errors
from cli.running import control_face, service_client

_WIDTH = 250  # of a file or pipe, where another program may read the rows
_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_SIGN_IN = ("TimeGenerated", "UserPrincipalName", "AppDisplayName", "Location", "ResultType")
# By which a reader recognises a row; `--all` shows the other columns.
COLUMNS = {
    "SigninLogs": _SIGN_IN,
    "AADNonInteractiveUserSignInLogs": _SIGN_IN,
    "AADServicePrincipalSignInLogs": (
        *("TimeGenerated", "ServicePrincipalName", "ResourceDisplayName", "ResultType"),
    ),
    "AuditLogs": ("TimeGenerated", "Identity", "OperationName", "Result"),
    "MicrosoftGraphActivityLogs": (
        *("TimeGenerated", "RequestMethod", "RequestUri", "ResponseStatusCode"),
    ),
    "AzureActivity": ("TimeGenerated", "Caller", "OperationNameValue", "ActivityStatusValue"),
}


@plain_errors
def clock(
    forward: Annotated[
        str | None, typer.Argument(metavar="[DURATION]", help="For example 90s, 10m, 1h30m, 2d.")
    ] = None,
) -> None:
    """Say what time it is in the simulated tenant, or let time pass there."""
    face = control_face()
    now = face.now() if forward is None else face.advance(seconds_of(forward))
    typer.echo(f"{now:%Y-%m-%d %H:%M:%S} UTC in the simulated tenant")


@plain_errors
def logs(
    table: Annotated[str, typer.Argument(help="SigninLogs, AuditLogs, AzureActivity …")],
    last: Annotated[int, typer.Option(min=1, help="How many rows, the newest ones.")] = 20,
    whole: Annotated[bool, typer.Option("--all", help="Every column, as JSON.")] = False,
) -> None:
    """List the rows of a log table that have arrived."""
    named = {name.lower(): name for name in COLUMNS}
    if (name := named.get(table.lower())) is None:
        raise CommandFailed(f"There is no table {table!r}: expected one of {', '.join(COLUMNS)}.")
    rows = sorted(control_face().rows(name), key=lambda row: row["TimeGenerated"])
    if not rows:
        typer.echo(
            "No row has arrived: a diagnostic setting must send the category to a workspace, and "
            "rows take minutes (`breakglass sandbox clock 10m`)."
        )
        return
    if whole:
        typer.echo(json.dumps(rows[-last:], indent=2, ensure_ascii=False))
        return
    short = ({**row, "TimeGenerated": row["TimeGenerated"][:19]} for row in rows[-last:])
    _show(COLUMNS[name], ([row.get(column) for column in COLUMNS[name]] for row in short))


@plain_errors
def query(
    text: Annotated[str, typer.Argument(metavar="KQL", help="The query, in quotes.")],
    workspace: Annotated[
        str | None, typer.Option(help="Name of the workspace, if there are several.")
    ] = None,
) -> None:
    """Ask the logs in KQL, through the query API that real clients use."""
    found = service_client().query(text, workspace)
    if not found.rows:
        typer.echo("No rows.")
        return
    _show(found.columns, found.rows)


@plain_errors
def alerts() -> None:
    """List the alerts that rang, the rules that could not run, and what they would cost."""
    report = control_face().alerts()
    if not (report.rules or report.value):
        typer.echo("No alert rule has run.")
        return
    if report.value:
        rang = ((f"{f.time:%Y-%m-%d %H:%M:%S}", f.rule, f.severity) for f in report.value)
        _show(("rang", "rule", "severity"), rang)
    else:
        typer.echo("No alert has rung.")
    for failure in report.failures:
        typer.echo(f"Could not run: {failure['rule']}: {failure['error']}")
    currency, ingestion = report.cost["currency"], report.cost["ingestion"]
    for rule in report.rules:
        state = "" if rule.enabled else ", disabled"
        typer.echo(
            f"{rule.rule}{state}: evaluated {rule.evaluations} times, {rule.failures} of them "
            f"failed; {rule.price_per_month:.2f} {currency} a month"
        )
    typer.echo(f"Logs: {ingestion['rows']} rows, {ingestion['cost']:.2f} {currency}")


def seconds_of(text: str) -> int:
    """`1h30m` → 5400; raises CommandFailed for what is no duration."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise CommandFailed(
            f"{text!r} is no duration: expected for example 90s, 10m, 1h30m or 2d.", exit_code=2
        )
    return sum(
        int(number or 0) * unit
        for number, unit in zip(found.groups(), _UNITS.values(), strict=True)
    )


def _show(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich.table import Table

    from cli.screen import console, plain

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(plain(column), overflow="fold")
    for row in rows:
        table.add_row(*(plain(_text(value)) for value in row))
    console(_WIDTH).print(table)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
