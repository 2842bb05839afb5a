"""Where a fleet's report goes: `--report FILE.json`, `.md` or `.html`, any number of times."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.failure import CommandFailed

if TYPE_CHECKING:
    from fleet.report import FleetReport

KINDS: Final = (".json", ".md", ".html")


def check_targets(paths: Sequence[Path]) -> None:
    """Raises CommandFailed before a run of hours ends in a file that cannot be written."""
    for path in paths:
        if path.suffix.lower() not in KINDS:
            raise CommandFailed(
                f"--report {path} has no form that is known: expected a name that ends in"
                f" {', '.join(KINDS)}",
                exit_code=2,
            )
        if not path.absolute().parent.is_dir():
            raise CommandFailed(
                f"--report {path}: there is no folder {path.parent}: make it first", exit_code=2
            )


def take_away_old(paths: Sequence[Path]) -> None:
    """Remove the last run's reports: one that ends early must not leave them as if they were its.

    Raises CommandFailed.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CommandFailed(
                f"--report {path}: the old one cannot be removed: {error.strerror}; name another",
                exit_code=2,
            ) from None


def write_reports(report: "FleetReport", paths: Sequence[Path]) -> None:
    """Write every one, in the form that its name says. Raises CommandFailed."""
    from fleet.report_json import ReportError, write_json, write_text

    try:
        for path in paths:
            kind = path.suffix.lower()
            if kind == ".json":
                write_json(report, path)
            else:
                write_text(_renderer(kind)(report), path)
    except ReportError as error:
        raise CommandFailed(str(error)) from None


def _renderer(kind: str) -> "Callable[[FleetReport], str]":
    if kind == ".md":
        from fleet import report_markdown

        return report_markdown.render
    from fleet import report_html

    return report_html.render
