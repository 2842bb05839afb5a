"""Stands in for what works in tenants: `fleet preview`, `fleet up` and `ci restore` of a step.

Customers of whom a file lies in the folder `BAD` end as failed; the report is the step's own, of
the commit that is checked out. Whatever else a step calls it for is a report of nothing.
"""

import argparse
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from fleet.report_json import write_json
from tests.fleet.sample_report import customer, fleet


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="+")
    parser.add_argument("--only", default="")
    parser.add_argument("--report", action="append", default=[])
    given, _ = parser.parse_known_args()
    bad = Path(os.environ["BAD"])
    operation = "up" if "up" in given.words else "preview"
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    now = datetime.now(UTC)
    report = fleet(
        *(
            customer(
                name,
                operation=operation,
                outcome="failed" if (bad / name).exists() else "done",
                changes={"same": 9},
                started=now,
            )
            for name in given.only.split(",")
            if name
        ),
        operation=operation,
        made=now,
        revision=head.stdout.strip(),
    )
    for path in given.report:
        if path.endswith(".json"):
            write_json(report, Path(path))
        else:
            Path(path).write_text("A report.\n", encoding="utf-8")
    return report.exit_code


raise SystemExit(main())
