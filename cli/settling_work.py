"""The process that makes a simulated tenant as settings were: `python -m cli.settling_work …`.

It takes the arguments of ``fleet.work`` and is run as that one, but without the preview that comes
before an `up` of anybody's: nothing here is anybody's, and nobody looks at it.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from fleet.heeding import heed, pass_on
from fleet.job import Job, not_started
from fleet.problems import problems_of, told_on
from fleet.report import CustomerReport, Outcome
from fleet.report_json import write_json


def settle(stack: str, pulumi: Path, log: str) -> CustomerReport:
    """`pulumi up` of a stack; how it ended."""
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        """Let `pulumi`, which is in this process's group, come to its end; once."""
        del frame
        if not stopped:
            stopped.append(number)
            pass_on()

    heed(stop)
    done = subprocess.run(
        [
            *(str(pulumi), "up", "--yes", "--skip-preview", "--stack", stack),
            *("--non-interactive", "--color", "never", "--suppress-outputs"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    print(done.stdout, end="", flush=True)
    outcome: Outcome = "done" if done.returncode == 0 else "failed"
    told = told_on(done.stdout) if outcome == "failed" and not stopped else []
    return not_started(Job(stack, "up", None)).model_copy(
        update={
            "outcome": "cancelled" if stopped else outcome,
            "problems": tuple(
                problems_of(told, customer=stack, operation="up", suffix="", log=log)
            ),
        }
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it and write the report."""
    parser = argparse.ArgumentParser(prog="cli.settling_work", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("operation", choices=["up"])
    parser.add_argument("report", type=Path)
    parser.add_argument("--held", help="Not touched: no lock of these outlives the run.")
    parser.add_argument("--pulumi", type=Path, required=True)
    parser.add_argument("--pulumi-version", help="Not needed.")
    call = parser.parse_args(arguments)
    report = settle(call.stack, call.pulumi, str(call.report.with_suffix(".log")))
    write_json(report, call.report)
    return 0 if report.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
