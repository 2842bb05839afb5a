"""`breakglass fleet matrix` and `merge`: one run over several CI jobs, dealt out and joined."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.failure import CommandFailed
from cli.fleet_reports import check_targets, take_away_old, write_reports
from fleet.errors import FleetError
from fleet.matrix import Form, matrix, merge
from fleet.progress import line_of
from fleet.report_json import ReportError

if TYPE_CHECKING:
    from cli.fleet_selection import Selection


def deal_out(selection: "Selection", shards: int, form: Form) -> str:
    """What a CI makes its jobs from, in one line. Raises CommandFailed."""
    from cli.fleet_selection import chosen, fleet_folder

    try:
        return matrix([one.name for one in chosen(selection, fleet_folder())], shards, form)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None


def merge_reports(paths: Sequence[Path], expected: Sequence[str], targets: Sequence[Path]) -> int:
    """Join them, show a line for each customer, write the whole; the exit code of the whole run.

    A target of an earlier run is gone when the reports cannot be joined. Raises CommandFailed.
    """
    check_targets(targets)
    read = {path.resolve() for path in paths}
    if both := [path for path in targets if path.resolve() in read]:
        raise CommandFailed(
            f"--report {both[0]} is one of the reports to merge: name another", exit_code=2
        )
    take_away_old(targets)
    try:
        joined = merge(paths, expected)
    except ReportError as error:
        raise CommandFailed(str(error)) from None
    for one in joined.customers:
        typer.echo(line_of(one))
    write_reports(joined, targets)
    return joined.exit_code
