"""The process of one job: `python -m fleet.work CUSTOMER OPERATION REPORT …` beside Pulumi.yaml.

Its environment is the customer's. It previews first and stops on any error, since what the
Automation API calls `up`, `refresh` and `destroy` begins without a preview. Its report goes to a
file, what the engine prints to stdout.
"""

import argparse
import builtins
import os
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from pulumi.automation import CommandError, InvalidVersionError

from fleet.agreement import differs, plan_file, write_plan
from fleet.cleaning import cleaned, forms_of
from fleet.customers import Customer, read_customer
from fleet.environment import secret_values, suffix_of, without_secrets
from fleet.events import Events
from fleet.heeding import heed, pass_on
from fleet.lock_note import ask, hold
from fleet.looks import look
from fleet.problems import (
    drift,
    killed_by,
    new_policies,
    problems_of,
    refused_policies,
    told_on,
)
from fleet.report import CustomerReport, Licence, Outcome, Problem
from fleet.report_json import write_json
from fleet.seen import Seen, Step, look_back
from fleet.stack import CustomerStack, KnownPulumi, operation_of
from fleet.standing import Standing, last_known, read_state
from fleet.warned import told_apart


class Work:
    """One operation on one customer."""

    def __init__(self, customer: Customer, call: argparse.Namespace) -> None:
        self._customer = customer
        self._operation: Any = call.operation
        self._held: Path = call.held
        self._log = str(call.report.with_suffix(".log"))
        self._plan: Path = plan_file(call.report)
        self._agreed: Path | None = call.agreed
        pulumi = KnownPulumi(call.pulumi, call.pulumi_version)
        self._previews_lock = pulumi.previews_lock
        self._stack = CustomerStack(customer.name, Path.cwd(), pulumi)
        self._secrets = forms_of(secret_values(os.environ))
        self._stopped = False
        self._begun = False
        self._passing_on = threading.Lock()
        self._steps: list[Step] = []
        self._before: tuple[Standing, datetime | None] | None = None
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
        end it at once, too.
        """
        if self._begun and self._passing_on.acquire(blocking=False):
            pass_on()

    def _first_event(self, *, locked: bool) -> None:
        if locked:
            hold(self._held)
        self._begun = True
        if self._stopped:
            self._pass_on()

    def run(self) -> CustomerReport:
        """Do it; whatever goes wrong stands in the report."""
        started, clock = datetime.now(UTC), time.monotonic()
        failed = not (self._operation == "status" or self._operate())
        seen = look_back(self._operation, self._steps)
        today, verified = seen.standing, not failed and self._has_proved(seen)
        if self._operation == "status":
            today, verified = self._look()
        else:
            self._tell_drift(seen, failed=failed)
        warned = told_apart(
            (line for step in self._steps for line in step.events.warnings()),
            self._customer.name,
            accounts=today.accounts or (),
            refusals_told=bool(seen.refused),
            put_right=self._operation == "up" and not failed,
        )
        known = None
        if failed or self._operation != "destroy":
            before, as_of = self._before_this_run(today)
            known = last_known(before, today, as_of)
        outcome: Outcome = "done"
        if self._stopped:
            outcome = "cancelled"
        elif failed or (self._operation == "status" and self._problems):
            outcome = "failed"
        previewed = bool(self._steps) and self._steps[0].ended_well
        report = CustomerReport(
            customer=self._customer.name,
            tenant_id=self._customer.tenant_id,
            subscription_id=self._customer.subscription_id,
            operation=self._operation,
            outcome=outcome,
            started=started,
            seconds=time.monotonic() - clock,
            changes=self._done(),
            planned=self._steps[0].events.planned() if previewed else (),
            accounts=today.accounts,
            policies=today.policies,
            last_verified=datetime.now(UTC) if verified else None,
            alarm=today.alarm,
            licence=self._licence(failed=failed),
            monthly_cost=today.monthly_cost,
            last_known=known,
            problems=(*self._problems, *warned.problems),
            notes=(*self._advice(), *warned.notes),
        )
        return cleaned(report, self._secrets)

    def _done(self) -> dict[str, int]:
        """What was done; of a preview that came to its end, what would be. A plan is no deed."""
        last = self._steps[-1] if self._steps else None
        of_it = last and (last.ended_well if self._operation == "preview" else len(self._steps) > 1)
        return last.events.changes() if last and of_it else {}

    def _operate(self) -> bool:
        """Preview, then the operation; whether both went well."""
        operation = operation_of(self._stack, self._operation)
        # An old CLI locks the stack for these, and nobody can tell whose a lock is that stays.
        asks = self._operation in ("refresh", "destroy") and self._previews_lock
        if not self._step("preview", operation.preview, asks=asks):
            return False
        preview = self._steps[0].events
        if operation.change is None:
            write_plan(preview.plan(), self._plan)
            return True
        if self._agreed is not None:
            changed = differs(preview.plan(), self._agreed, self._customer.name)
            if changed:
                self._problems.append(changed)
                return False
        # Afterwards the state would be new, and what it tells of the accounts as old as ever.
        self._before_this_run(look_back(self._operation, self._steps).standing)
        return self._step(self._operation, operation.change, asks=True, locks=True)

    def _step(self, name: str, call: Any, *, asks: bool = False, locks: bool = False) -> bool:
        if self._stopped:
            self._problems.append(self._cut_off(name, begun=False))
            return False
        # The engine tells its first event when it holds the stack's lock.
        self._begun = False
        events = Events(lambda: self._first_event(locked=locks))
        step = Step(name if self._operation in ("preview", "up") else self._operation, events)
        self._steps.append(step)
        self._print(f"── {name}")
        told: list[str] = []
        try:
            if asks:
                ask(self._held)
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
            step.ended_well = True
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

    def _before_this_run(self, today: Standing) -> tuple[Standing, datetime | None]:
        """What the state told before anything was written; not asked when all was looked at."""
        if self._before is None and not today.is_complete:
            try:
                self._before = read_state(self._stack.exported())
            except (CommandError, OSError) as error:
                self._before = Standing(), None
                if not self._problems:
                    self._problems += self._told(told_on(str(error)))
        return self._before or (Standing(), None)

    def _look(self) -> tuple[Standing, bool]:
        """What a `status` finds, and whether each exclusion is in place."""
        before, _ = self._before_this_run(Standing())
        if self._stopped or self._problems:
            return Standing(), False
        found = look(self._customer.name, Path.cwd(), before, self._print)
        self._problems += found.problems
        return Standing(policies=found.policies, alarm=found.alarm), found.verified

    def _tell_drift(self, seen: Seen, *, failed: bool) -> None:
        """What an `up` put back is no drift any more, and worth a question all the same."""
        healed = self._operation == "up" and not failed
        if seen.lost:
            self._problems.append(drift(seen.lost, self._customer.name, healed=healed))
        if seen.new and not healed:
            self._problems.append(new_policies(seen.new, self._customer.name))
        if seen.refused:
            self._problems.append(refused_policies(seen.refused))

    def _has_proved(self, seen: Seen) -> bool:
        """Whether each exclusion is in place: `up` looks after it wrote, a preview before."""
        right = {"up": seen.left_right, "preview": seen.found_right}
        return right.get(self._operation, False)

    def _licence(self, *, failed: bool) -> Licence:
        if any(one.events.lacks_licence() for one in self._steps):
            return "missing"
        if not self._customer.needs_licence:
            return "absent"
        looked = self._operation in ("preview", "up") and not failed
        return "required" if looked else "unknown"

    def _advice(self) -> tuple[str, ...]:
        """Exclusions that end, but for a `destroy`, which ends all, and what a policy pack advises:
        of a preview and its operation each line once.
        """
        ends = self._operation in ("preview", "up")
        told = [one for step in self._steps for one in (step.events.released() if ends else ())]
        told += [line for step in self._steps for line in step.events.advice()]
        return tuple(dict.fromkeys(told))

    def _cut_off(self, step: str, *, begun: bool) -> Problem:
        return Problem(
            what=f"stopped by you {'during' if begun else 'before'} {step}",
            todo=f"`breakglass fleet {self._operation} --resume` goes on",
        )

    def _print(self, line: str) -> None:
        print(without_secrets(line, self._secrets), flush=True)


def _call(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fleet.work", description=__doc__)
    parser.add_argument("customer")
    parser.add_argument("operation")
    parser.add_argument("report", type=Path)
    parser.add_argument("--held", type=Path, required=True, help="There while a lock may be held.")
    parser.add_argument("--agreed", type=Path, help="The plan that somebody agreed to.")
    parser.add_argument("--pulumi", type=Path, required=True)
    parser.add_argument("--pulumi-version", required=True)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the job and write the report."""
    call = _call(arguments)
    work = Work(read_customer(Path.cwd(), call.customer), call)
    heed(work.stop)
    report = work.run()
    write_json(report, call.report)
    return 0 if report.outcome == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
