"""`breakglass ci preview`: what changed settings would do, shown on simulated tenants.

A pull request of anybody's may run this: there is no secret in it, and nothing that it could reach.
Where the settings stood before, they are first set up in a tenant of their own; then the preview of
the changed ones shows what they change, as it would in the real tenant. What only the real tenant
has is replaced, and said: see ``cli.ci_settings.fitted``.

Customers of whose settings the program reads the same share one preview, so a pull request that
touches all of an MSP's customers costs as much as their settings differ.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli.ci_settings import domains_of, fitted, read_settings, sameness
from cli.ci_tenants import SimulatedTenants, Wanted
from cli.failure import CommandFailed
from cli.fleet_reports import write_reports
from cli.fleet_selection import Selection, fleet_folder
from cli.screen import console
from cli.stopping import terminated_like_interrupted
from cli.workspace import sandbox_folder
from fleet.changes import changed_since, running_revision, text_before
from fleet.customers import TEMPLATE, Customer, choose, customer_names, is_name, read_customer
from fleet.errors import FleetError
from fleet.job import Job, failed, not_started
from fleet.parallelism import default_parallelism
from fleet.processes import Processes
from fleet.progress import Progress, progress_on
from fleet.report import CustomerReport, FleetReport
from fleet.runner import run_fleet

JSON = dict[str, Any]
EXAMPLE: Final = "example"
"""The stack of a project without customers: that of its settings file is no customer's name."""
_REFRESHED: Final = re.compile(r"^ ~ .* refresh(?:ing)?\n", re.MULTILINE)
"""Lines of the engine's that name what it looks at: all there is, in tenants made for this."""
ANY_IDS: Final = {
    "config": {
        "azuread:tenantId": "00000000-0000-0000-0000-000000000000",
        "azure-native:subscriptionId": "00000000-0000-0000-0000-000000000001",
        "azure-native:location": "westeurope",
    }
}
"""In their place each simulated tenant has its own."""


@dataclass(frozen=True)
class Task:
    """A preview, and all whose settings it shows."""

    wanted: Wanted
    customers: tuple[tuple[Customer, tuple[str, ...]], ...]
    """Each with what the simulated tenant cannot show of it; the first has the preview."""


def preview_all(
    selection: Selection,
    *,
    since: str | None,
    policy_pack: Path | None,
    parallel: int | None = None,
    timeout_minutes: float = 15,
    reports: Sequence[Path] = (),
) -> FleetReport:
    """Preview all that differ, side by side; none stops another. `reports` are kept up to date.

    Raises CommandFailed for a selection that names nobody.
    """
    folder = fleet_folder()
    try:
        names = _names(selection, folder)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    tasks, broken = _tasks(folder, names, since)
    kept = _Kept([_shown(name) for name in names], running_revision(folder), reports)
    with terminated_like_interrupted(), progress_on(screen := console(), len(names)) as progress:
        for one in broken:
            progress.end(one)
            kept.add([one])
        if not tasks:
            return kept.report()
        if len(names) > len(tasks):
            screen.print(f"{len(names)} customers, {len(tasks)} different previews.")
        wanted = [one.wanted for one in tasks]
        with SimulatedTenants(
            sandbox_folder(), folder, wanted, since=since, policy_pack=policy_pack
        ) as tenants:
            processes = Processes()
            by_name = {one.wanted.customer: one for one in tasks}

            def do(job: Job) -> CustomerReport:
                if not processes.stopping:
                    progress.begin(job.customer)
                seconds = timeout_minutes * 60
                return tenants.preview(job, processes, seconds=seconds)

            def on_change(report: CustomerReport) -> None:
                log = _REFRESHED.sub("", tenants.log(report.customer))
                screen.print(log, markup=False, highlight=False, soft_wrap=True, end="")
                of_all = _of_each(report, by_name[report.customer])
                _end(progress, of_all)
                kept.add(of_all)

            jobs = [Job(name, "preview", None) for name in by_name]
            number = default_parallelism() if parallel is None else parallel
            with ThreadPoolExecutor(max_workers=number) as executor:
                run_fleet(jobs, executor, do, stop=processes, on_change=on_change)
    return kept.report()


class _Kept:
    """The reports so far, written whenever there is one more: a run that is killed leaves them."""

    def __init__(self, names: Sequence[str], revision: str | None, paths: Sequence[Path]) -> None:
        self._revision = revision
        self._paths = paths
        self._found = {name: not_started(Job(name, "preview", None)) for name in names}
        self.write()

    def add(self, reports: Iterable[CustomerReport]) -> None:
        """Take in some more."""
        self._found.update((one.customer, one) for one in reports)
        self.write()

    def write(self) -> None:
        """To all files that were asked for. Raises CommandFailed."""
        write_reports(self.report(), self._paths)

    def report(self) -> FleetReport:
        """Of all, those that are still to come too."""
        return FleetReport(
            made=datetime.now(UTC),
            operation="preview",
            revision=self._revision,
            customers=tuple(self._found.values()),
        )


def _names(selection: Selection, folder: Path) -> list[str]:
    """Whom to preview. Settings that cannot be read are no reason not to preview the others."""
    # A project without customers is one stack, and its settings are those of the example.
    names = customer_names(folder)
    if not names:
        return [TEMPLATE]
    customers = [Customer(name, folder / f"Pulumi.{name}.yaml", "", "") for name in names]
    ref = selection.changed_since
    changed = None if ref is None else changed_since(folder, ref, customers)
    return [one.name for one in choose(customers, selection.only, selection.leave_out, changed)]


def _tasks(
    folder: Path, names: Sequence[str], since: str | None
) -> tuple[list[Task], list[CustomerReport]]:
    """Every different preview, and the reports of those whose settings are none."""
    found: dict[str, Task] = {}
    broken: list[CustomerReport] = []
    for name in names:
        try:
            key, task = _task(folder, name, since)
        except Exception as error:  # noqa: BLE001  (whatever a stranger's file is: one customer's)
            told = " ".join(str(error).split()) or type(error).__name__
            broken.append(failed(Job(_shown(name), "preview", None), told, "correct the file"))
            continue
        first = found.setdefault(key, task)
        if first is not task:
            found[key] = Task(first.wanted, (*first.customers, *task.customers))
    return list(found.values()), broken


def _task(folder: Path, name: str, since: str | None) -> tuple[str, Task]:
    """A customer's preview, and what makes it another's too. Raises CommandFailed, FleetError."""
    file = folder / f"Pulumi.{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file.name} cannot be read: {error}") from None
    now = read_settings(text, file.name)
    settings, left_out = fitted(now, ANY_IDS)
    is_example = name == TEMPLATE
    customer = Customer(name, file, "", "") if is_example else read_customer(folder, name)
    old = None if since is None else text_before(file, since)
    before = None if old is None else read_settings(old, f"{file.name} as it was at {since}")
    settings_before = None if before is None else fitted(before, ANY_IDS)[0]
    notes = tuple(_notes(settings, left_out))
    wanted = Wanted(name, EXAMPLE if is_example else name, before, now)
    return sameness(settings_before, settings, left_out), Task(wanted, ((customer, notes),))


def _shown(name: str) -> str:
    """A name as a report shows it; of what is no name, every sign."""
    return name if is_name(name) or name == TEMPLATE else ascii(name)


def _notes(settings: Mapping[str, Any], left_out: Sequence[str]) -> Iterable[str]:
    """What the simulated tenant cannot show."""
    if left_out:
        yield (
            "Not looked at here, because only the customer's own tenant has it:"
            f" {', '.join(left_out)}."
        )
    if domains := domains_of(settings):
        yield f"Taken for granted here: the tenant has verified {', '.join(domains)}."


def _of_each(report: CustomerReport, task: Task) -> list[CustomerReport]:
    """What one preview says of every customer with these settings."""
    found: list[CustomerReport] = []
    for number, (customer, notes) in enumerate(task.customers):
        shared = number > 0
        if shared:
            same = f"Same settings as {report.customer} but for ids and domains: previewed once."
            notes = (same, *notes)
        update = {
            "customer": customer.name,
            "tenant_id": customer.tenant_id,
            "subscription_id": customer.subscription_id,
            "seconds": 0.0 if shared else report.seconds,
            "notes": (*report.notes, *notes),
        }
        found.append(report.model_copy(update=update))
    return found


def _end(progress: Progress, reports: Iterable[CustomerReport]) -> None:
    for one in reports:
        progress.end(one)
