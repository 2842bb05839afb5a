"""The process of one `ci restore` job: `python -m cli.restore_work CUSTOMER up REPORT …`.

Its environment is the customer's, as that of ``fleet.work``, whose arguments it takes. Ctrl-C lets
what it is at come to an end: a look of `pulumi` is told to end, a policy that is being written is
written, and nothing more is begun.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from cli.chosen_stack import ChosenStack
from cli.exclusion_restore import Restored, Stopped, restore
from cli.failure import CommandFailed
from fleet.customers import Customer, read_customer
from fleet.environment import secret_values, without_secrets
from fleet.problems import drift
from fleet.report import CustomerReport, Outcome, PolicyCounts, Problem
from fleet.report_json import write_text


class Stop:
    """Whether somebody wants an end; `pulumi`, which is in this process's group, hears it once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        del number, frame
        if not self.asked:
            self.asked = True
            if os.name != "nt":  # there the whole group has got it already
                os.killpg(os.getpgrp(), signal.SIGINT)


def work(customer: Customer, pulumi: Path, stop: Stop) -> CustomerReport:
    """Put back what this customer has lost; whatever goes wrong stands in the report."""
    started, clock = datetime.now(UTC), time.monotonic()
    stack = ChosenStack(customer.name, pulumi, Path.cwd(), dict(os.environ), is_sandbox=False)
    done, trouble, stopped = Restored(), "", False
    try:
        done = restore(stack, stopped=lambda: stop.asked)
    except Stopped as error:
        done, stopped = error.so_far, True
    except CommandFailed as error:
        # `pulumi` was told to end, and says so as an error.
        trouble, stopped = ("", True) if stop.asked else (str(error), False)
    outcome: Outcome = "failed" if trouble or done.left else "done"
    if stopped:
        outcome = "cancelled"
    return CustomerReport(
        customer=customer.name,
        tenant_id=customer.tenant_id,
        subscription_id=customer.subscription_id,
        operation="up",
        outcome=outcome,
        started=started,
        seconds=time.monotonic() - clock,
        changes={"update": len(done.back)},
        policies=PolicyCounts(drifted=None if trouble or stopped else len(done.left)),
        problems=tuple(_problems(customer.name, done, trouble)),
    )


def _problems(customer: str, done: Restored, trouble: str) -> list[Problem]:
    secrets = secret_values(os.environ)
    found = [Problem(what=trouble, todo="do what the line says")] if trouble else []
    found += [
        Problem(what=f"{name} still lacks the exclusion: {why}", todo="look at it today")
        for name, why in done.left
    ]
    if done.back:
        found.append(drift(len(done.back), customer, healed=True))
    return [
        Problem(what=without_secrets(one.what, secrets), todo=without_secrets(one.todo, secrets))
        for one in found
    ]


def _call(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cli.restore_work", description=__doc__)
    parser.add_argument("customer")
    parser.add_argument("operation", choices=["up"])
    parser.add_argument("report", type=Path)
    parser.add_argument("--held", type=Path, help="Not touched: no lock is taken.")
    parser.add_argument("--pulumi", type=Path, required=True)
    parser.add_argument("--pulumi-version", help="Not needed.")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job and write the report."""
    call = _call(arguments)
    stop = Stop()
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, stop)  # pyright: ignore
    report = work(read_customer(Path.cwd(), call.customer), call.pulumi, stop)
    write_text(report.model_dump_json(by_alias=True, indent=2) + "\n", call.report)
    return 0 if report.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
