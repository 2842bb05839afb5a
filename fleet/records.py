"""The folder `.fleet`: what each run found, its logs, and the last of each kind for `--resume`.

Errors are ``FleetError``. Nothing in it is a secret; it is its owner's all the same, since logs
name accounts.
"""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fleet.errors import FleetError
from fleet.job import Job
from fleet.report import CustomerReport, FleetReport, Operation
from fleet.report_json import ReportError, read_json, write_json

FOLDER: Final = ".fleet"
LAST: Final = "last.json"


class Record:
    """One run's folder; `last.json` beside it is as new as its last finished customer.

    So is `last-up.json`, which a look at the customers meanwhile (`status`) leaves as it is.
    """

    def __init__(self, project: Path, operation: Operation, revision: str | None) -> None:
        self._operation: Operation = operation
        self._revision = revision
        base = project / FOLDER
        base.mkdir(mode=0o700, exist_ok=True)
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{operation}-"
        self.folder = Path(tempfile.mkdtemp(prefix=stamp, dir=base))
        self._last = (base / LAST, base / _last_of(operation))

    def report(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """All of them as one report, dated now."""
        return FleetReport(
            version=1,
            made=datetime.now(UTC),
            operation=self._operation,
            revision=self._revision,
            customers=tuple(customers),
        )

    def keep(self, customers: Iterable[CustomerReport]) -> FleetReport:
        """Write what is known so far: a run that is killed can be resumed, too."""
        report = self.report(customers)
        for path in (self.folder / "report.json", *self._last):
            write_json(report, path)
        return report


def last_report(project: Path, operation: Operation) -> FleetReport:
    """The report of the last run of a kind. Raises FleetError when none can be read."""
    path = project / FOLDER / _last_of(operation)
    if not path.is_file():
        raise FleetError(
            f"there is no {operation} to resume: {FOLDER}/{path.name} is not there; run without"
            " --resume",
            exit_code=2,
        )
    try:
        return read_json(path)
    except ReportError as error:
        raise FleetError(f"{error}: run without --resume") from None


def to_resume(
    last: FleetReport, revision: str | None, chosen: Sequence[str]
) -> tuple[list[Job], list[CustomerReport]]:
    """What is missing of a run, as jobs; and the reports of what it did.

    Raises FleetError when the run was of another commit.
    """
    if last.revision != revision:
        raise FleetError(
            f"the last run was of commit {_short(last.revision)}, checked out is"
            f" {_short(revision)}: what is missing of it would be another program; check that one"
            " out, or run without --resume",
            exit_code=2,
        )
    done = [one for one in last.customers if one.outcome == "done"]
    missing = [one.customer for one in last.customers if one.outcome != "done"]
    jobs = [Job(name, last.operation, revision) for name in missing if name in chosen]
    left_out = [
        one for one in last.customers if one.customer in missing and one.customer not in chosen
    ]
    return jobs, [*done, *left_out]


def _last_of(operation: Operation) -> str:
    return f"last-{operation}.json"


def _short(revision: str | None) -> str:
    return revision[:12] if revision else "none (no git)"
