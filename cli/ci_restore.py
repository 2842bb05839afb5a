"""`breakglass ci restore`: puts back lost exclusions, each customer with its own variables.

Nothing but an exclusion that the state knows and the tenant has lost is written; see
``cli.exclusion_restore``. A run that is stopped leaves no state half written, for it writes none.
"""

import os
import signal
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import typer

from cli.chosen_stack import ChosenStack, engine_executable
from cli.exclusion_restore import Restored, restore
from cli.failure import CommandFailed
from cli.fleet_run import Selection, chosen, fleet_folder
from fleet.changes import revision
from fleet.customers import Customer
from fleet.environment import customer_environment, with_tenant
from fleet.errors import FleetError
from fleet.problems import drift
from fleet.progress import line_of
from fleet.report import CustomerReport, FleetReport, Outcome, PolicyCounts, Problem


def restore_all(selection: Selection, environ: Mapping[str, str] = os.environ) -> FleetReport:
    """One customer after the other; a failure does not stop the others.

    Stopped (Ctrl-C, or a pipeline's SIGTERM) it still tells of all: which one was at work, and who
    was not begun. Raises CommandFailed.
    """
    folder = fleet_folder()
    try:
        customers = chosen(selection, folder)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    pulumi = engine_executable()
    reports: list[CustomerReport] = []
    with _terminated_like_interrupted():
        try:
            for customer in customers:
                reports.append(_report(customer, pulumi, folder, environ))
                typer.echo(line_of(reports[-1]))
        except KeyboardInterrupt:
            at_work, *others = customers[len(reports) :] or customers[-1:]
            reports = [one for one in reports if one.customer != at_work.name]
            reports.append(_without_result(at_work, "cancelled"))
            reports += [_without_result(one, "not started") for one in others]
    return FleetReport(
        made=datetime.now(UTC),
        operation="up",
        revision=revision(folder),
        customers=tuple(reports),
    )


@contextmanager
def _terminated_like_interrupted() -> Generator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _without_result(customer: Customer, outcome: Outcome) -> CustomerReport:
    stopped = Problem(
        what="the run was stopped: what it had lost may or may not be back",
        todo="run `breakglass ci restore` again",
    )
    return CustomerReport(
        customer=customer.name,
        tenant_id=customer.tenant_id,
        subscription_id=customer.subscription_id,
        operation="up",
        outcome=outcome,
        problems=(stopped,),
    )


def _report(
    customer: Customer, pulumi: Path, folder: Path, environ: Mapping[str, str]
) -> CustomerReport:
    started, clock = datetime.now(UTC), time.monotonic()
    environment = with_tenant(customer_environment(customer.name, environ), customer)
    stack = ChosenStack(customer.name, pulumi, folder, environment, is_sandbox=False)
    done, trouble = Restored(), ""
    try:
        done = restore(stack)
    except CommandFailed as error:
        trouble = str(error)
    problems = [Problem(what=trouble, todo="do what the line says")] if trouble else []
    problems += [
        Problem(what=f"{name} still lacks the exclusion: {why}", todo="look at it today")
        for name, why in done.left
    ]
    if done.back:
        problems.append(drift(len(done.back), customer.name, healed=True))
    return CustomerReport(
        customer=customer.name,
        tenant_id=customer.tenant_id,
        subscription_id=customer.subscription_id,
        operation="up",
        outcome="failed" if trouble or done.left else "done",
        started=started,
        seconds=time.monotonic() - clock,
        changes={"update": len(done.back)},
        policies=PolicyCounts(drifted=None if trouble else len(done.left)),
        problems=tuple(problems),
    )
