"""The process of one `ci restore` job: `python -m cli.restore_work CUSTOMER up REPORT …`.

Its environment is the customer's, as that of ``fleet.work``, whose arguments it takes. Ctrl-C lets
what it is at come to an end: a look of `pulumi` is told to end, a policy that is being written is
written, and nothing more is begun.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from cli.chosen_stack import ChosenStack
from cli.exclusion_restore import Restored, Stopped, restore
from cli.failure import CommandFailed
from fleet.customers import Customer, read_customer
from fleet.environment import secret_values, without_secrets
from fleet.heeding import heed, pass_on
from fleet.problems import drift
from fleet.report import CustomerReport, Outcome, PolicyCounts, Problem
from fleet.report_json import ReportError, write_json


class Stop:
    """Whether somebody wants an end; `pulumi`, which is in this process's group, hears it once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal's handler."""
        del number, frame
        if not self.asked:
            self.asked = True
            pass_on()


def work(
    customer: Customer,
    pulumi: Path,
    stop: Stop,
    *,
    so_far: Callable[[CustomerReport], object] = lambda _: None,
) -> CustomerReport:
    """Put back what this customer has lost; whatever goes wrong stands in the report.

    `so_far` hears after each write what would have to be told if we ended there.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    stack = ChosenStack(customer.name, pulumi, Path.cwd(), dict(os.environ), is_sandbox=False)

    def report(done: Restored, outcome: Outcome, *trouble: Problem) -> CustomerReport:
        known = outcome != "cancelled" and not trouble
        return CustomerReport(
            customer=customer.name,
            tenant_id=customer.tenant_id,
            subscription_id=customer.subscription_id,
            operation="up",
            outcome=outcome,
            started=started,
            seconds=time.monotonic() - clock,
            changes={"update": len(done.written)},
            policies=PolicyCounts(drifted=len(done.left) if known else None),
            problems=tuple(_problems(customer.name, done, trouble)),
            notes=tuple(without_secrets(one, secret_values(os.environ)) for one in done.notes),
        )

    again = f"`breakglass ci restore --only {customer.name}`"
    midway = Problem(what="the process ended in the midst of its work", todo=f"run {again} again")
    try:
        done = restore(
            stack,
            stopped=lambda: stop.asked,
            on_write=lambda done: so_far(report(done, "failed", midway)),
        )
    except Stopped as error:
        return report(error.so_far, "cancelled")
    except CommandFailed as error:
        if stop.asked:  # `pulumi` was told to end, and says so as an error
            return report(Restored(), "cancelled")
        todo = f"once that is mended or over, run {again} again"
        return report(Restored(), "failed", Problem(what=str(error), todo=todo))
    return report(done, "failed" if done.left else "done")


def _problems(customer: str, done: Restored, trouble: Iterable[Problem]) -> list[Problem]:
    secrets = secret_values(os.environ)
    found = [
        *trouble,
        *(
            Problem(what=f"{n} still lacks the exclusion: {why}", todo=todo)
            for n, why, todo in done.left
        ),
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
    heed(stop)

    def keep(report: CustomerReport) -> None:
        write_json(report, call.report)

    def so_far(report: CustomerReport) -> None:
        with suppress(ReportError):  # the last one is tried all the same
            keep(report)

    report = work(read_customer(Path.cwd(), call.customer), call.pulumi, stop, so_far=so_far)
    keep(report)
    return 0 if report.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
