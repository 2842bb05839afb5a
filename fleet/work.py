"""The process of one job: `python -m fleet.work CUSTOMER OPERATION REPORT …` beside Pulumi.yaml.

Its environment is the customer's. It previews first and stops on any error, since what the
Automation API calls `up`, `refresh` and `destroy` begins without a preview. Its report goes to a
file, what the engine prints to stdout.
"""

import argparse
import builtins
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from pulumi.automation import CommandError, InvalidVersionError

from fleet.customers import Customer, read_customer
from fleet.environment import secret_values, suffix_of, without_secrets
from fleet.events import Events
from fleet.looks import look
from fleet.problems import drift, killed_by, new_policies, problems_of, told_on
from fleet.report import CustomerReport, Licence, Outcome, PolicyCounts, Problem
from fleet.report_json import write_text
from fleet.stack import CustomerStack, KnownPulumi, operation_of
from fleet.standing import Standing, read_standing


class Work:
    """One operation on one customer."""

    def __init__(self, customer: Customer, call: argparse.Namespace) -> None:
        self._customer = customer
        self._operation: Any = call.operation
        self._held: Path = call.held
        self._log = str(call.report.with_suffix(".log"))
        self._pulumi = KnownPulumi(call.pulumi, call.pulumi_version)
        self._secrets = secret_values(os.environ)
        self._stopped = False
        self._begun = False
        self._passing_on = threading.Lock()
        self._steps: list[Events] = []
        self._previewed = False
        self._problems: list[Problem] = []

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Begin nothing more, and let `pulumi` come to a clean end."""
        del number, frame
        self._stopped = True
        self._pass_on()

    def _pass_on(self) -> None:
        """Interrupt `pulumi`, which is in this process group: once, and not before it heeds it.

        It locks the stack first and only then attends to signals: one that comes between ends it
        at once, and the lock stays. With its first event it attends to them. A second one would
        end it at once, too. On Windows the whole group has got the signal already.
        """
        if self._begun and self._passing_on.acquire(blocking=False) and os.name != "nt":
            os.killpg(os.getpgrp(), signal.SIGINT)

    def _first_event(self, *, locked: bool) -> None:
        if locked:
            self._held.touch()
        self._begun = True
        if self._stopped:
            self._pass_on()

    def run(self) -> CustomerReport:
        """Do it; whatever goes wrong stands in the report."""
        started, clock = datetime.now(UTC), time.monotonic()
        stack = CustomerStack(self._customer.name, Path.cwd(), self._pulumi)
        failed = not (self._operation == "status" or self._operate(stack))
        standing = self._standing(stack)
        policies, alarm = standing.policies, standing.alarm
        verified = not failed and self._has_proved()
        if self._operation == "status" and not self._stopped and not self._problems:
            found = look(self._customer.name, Path.cwd(), standing, self._print)
            policies, alarm, verified = found.policies, found.alarm, found.verified
            self._problems += found.problems
        elif self._steps:
            policies = self._with_drift(policies, failed=failed)
        outcome: Outcome = "done"
        if self._stopped:
            outcome = "cancelled"
        elif failed or (self._operation == "status" and self._problems):
            outcome = "failed"
        return CustomerReport(
            customer=self._customer.name,
            tenant_id=self._customer.tenant_id,
            subscription_id=self._customer.subscription_id,
            operation=self._operation,
            outcome=outcome,
            started=started,
            seconds=time.monotonic() - clock,
            changes=self._steps[-1].changes() if self._previewed else {},
            accounts=standing.accounts,
            policies=policies,
            last_verified=datetime.now(UTC) if verified else None,
            alarm=alarm,
            licence=self._licence(failed=failed),
            monthly_cost=standing.monthly_cost,
            problems=tuple(map(self._clean, self._problems)),
        )

    def _operate(self, stack: CustomerStack) -> bool:
        """Preview, then the operation; whether both went well."""
        operation = operation_of(stack, self._operation)
        self._previewed = self._step("preview", operation.preview)
        if not self._previewed:
            return False
        if operation.change is None:
            return True
        return self._step(self._operation, operation.change, locks=True)

    def _step(self, name: str, call: Any, *, locks: bool = False) -> bool:
        if self._stopped:
            self._problems.append(self._cut_off(name, begun=False))
            return False
        # The engine tells its first event when it holds the stack's lock.
        self._begun = False
        events = Events(lambda: self._first_event(locked=locks))
        self._steps.append(events)
        self._print(f"── {name}")
        told: list[str] = []
        try:
            call(
                on_event=events,
                on_output=self._print,
                on_error=self._print,
                color="never",
                suppress_outputs=True,
                suppress_progress=True,
            )
        except CommandError as error:
            told = events.errors() or told_on(str(error))
            if killed_by(str(error)) is None:
                self._held.unlink(missing_ok=True)
        except (InvalidVersionError, OSError, AssertionError, builtins.RuntimeError) as error:
            told = events.errors() or [str(error)]
        else:
            self._held.unlink(missing_ok=True)
            return True
        if self._stopped:
            self._problems.append(self._cut_off(name, begun=True))
        else:
            self._problems += self._told(told)
        return False

    def _told(self, lines: Sequence[str]) -> list[Problem]:
        return problems_of(
            lines,
            customer=self._customer.name,
            operation=self._operation,
            suffix=suffix_of(self._customer.name),
            log=self._log,
        )

    def _standing(self, stack: CustomerStack) -> Standing:
        try:
            return read_standing(stack.exported())
        except (CommandError, OSError) as error:
            if not self._problems:
                self._problems += self._told(told_on(str(error)))
            return Standing()

    def _with_drift(self, policies: PolicyCounts, *, failed: bool) -> PolicyCounts:
        """Policies with what the preview saw; what an `up` put back is no drift any more."""
        if not self._previewed:
            return policies
        preview = self._steps[0]
        lost, new = preview.drifted(), preview.new() if preview.is_standing() else []
        healed = self._operation == "up" and not failed
        if lost:
            self._problems.append(drift(lost, self._customer.name, healed=healed))
        if new and not healed:
            self._problems.append(new_policies(new, self._customer.name))
        excluded = policies.excluded
        if excluded is not None and not healed:
            excluded = max(0, excluded - lost)
        return PolicyCounts(
            excluded=excluded,
            skipped=policies.skipped,
            drifted=0 if healed else lost + len(new),
        )

    def _has_proved(self) -> bool:
        """Whether each exclusion is in place: `up` looks after it wrote, a preview before."""
        preview = self._steps[0] if self._steps else None
        if self._operation == "up" or preview is None:
            return preview is not None
        found_right = preview.is_standing() and not preview.drifted() and not preview.new()
        return self._operation == "preview" and found_right

    def _licence(self, *, failed: bool) -> Licence:
        if any(one.lacks_licence() for one in self._steps):
            return "missing"
        if not self._customer.needs_licence:
            return "absent"
        looked = self._operation in ("preview", "up") and not failed
        return "required" if looked else "unknown"

    def _cut_off(self, step: str, *, begun: bool) -> Problem:
        return Problem(
            what=f"stopped by you {'during' if begun else 'before'} {step}",
            todo=f"`breakglass fleet {self._operation} --resume` goes on",
        )

    def _clean(self, problem: Problem) -> Problem:
        """Whoever told it may have named what this process was given."""
        return Problem(
            what=without_secrets(problem.what, self._secrets),
            todo=without_secrets(problem.todo, self._secrets),
        )

    def _print(self, line: str) -> None:
        print(without_secrets(line, self._secrets), flush=True)


def _call(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fleet.work", description=__doc__)
    parser.add_argument("customer")
    parser.add_argument("operation")
    parser.add_argument("report", type=Path)
    parser.add_argument("--held", type=Path, required=True, help="There while a lock may be held.")
    parser.add_argument("--pulumi", type=Path, required=True)
    parser.add_argument("--pulumi-version", required=True)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job and write the report."""
    call = _call(arguments)
    work = Work(read_customer(Path.cwd(), call.customer), call)
    signal.signal(signal.SIGINT, work.stop)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, work.stop)  # pyright: ignore
    report = work.run()
    write_text(report.model_dump_json(by_alias=True, indent=2) + "\n", call.report)
    return 0 if report.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
