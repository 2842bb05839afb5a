"""`breakglass ci preview`: what changed settings would do, shown on a simulated tenant.

A pull request of anybody's may run this: there is no secret in it, and nothing that it could reach.
Each customer gets a simulated tenant of its own. Where the settings stood before, they are first
set up there; then the preview of the changed ones shows what they change, as it would in the real
tenant. What only the real tenant has is replaced, and said: see ``fitted``.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import typer
import yaml

from cli.engine import engine_environment, prepare_engine
from cli.failure import CommandFailed
from cli.fleet_run import Selection, fleet_folder
from cli.pulumi_run import Outcome, PulumiRun, summary
from cli.workspace import SandboxFolder, make_private, sandbox_folder, write_private
from fleet.changes import changed_since, revision, text_before
from fleet.customers import TEMPLATE, Customer, choose, customer_names, read_customer
from fleet.errors import FleetError
from fleet.progress import line_of
from fleet.report import CustomerReport, FleetReport, Problem

JSON = dict[str, Any]
SETTINGS: Final = "break-glass"
RATE: Final = 100.0
"""Conditional Access requests a second: the settings are looked at here, not Microsoft's limits."""
INTERVAL: Final = "BREAK_GLASS_CA_INTERVAL_SECONDS"
ELSEWHERE: Final = (
    ("accounts", "domain"),
    ("accounts", "adopt"),
    ("accounts", "recreate"),
    ("group", "existing"),
    ("group", "recreate"),
    ("exclusion", "skip"),
    ("monitoring", "resourceGroup", "existing"),
    ("monitoring", "workspace", "existing"),
    ("monitoring", "workspace", "forget"),
    ("monitoring", "diagnosticSetting", "existing"),
    ("monitoring", "notify", "existing"),
    ("monitoring", "notify", "resourceGroup"),
    ("monitoring", "watch", "notify", "existing"),
    ("monitoring", "watch", "notify", "resourceGroup"),
)
"""Settings that name what stands in the customer's own tenant."""
FEWEST: Final = 2
"""Accounts that a stack has, adopted ones among them."""
_CODE: Final = {"unchanged": "same"}


def preview_all(
    selection: Selection, *, since: str | None, policy_pack: Path | None
) -> FleetReport:
    """One customer after the other, in a tenant of its own; none stops another.

    Raises CommandFailed for a selection that names nobody.
    """
    folder, home = fleet_folder(), sandbox_folder()
    try:
        names = _names(selection, folder)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    reports: list[CustomerReport] = []
    for name in names:
        place = SandboxFolder(home.path / "ci" / name, home.project)
        report = _previewed(folder, name, place, since, policy_pack)
        typer.echo(line_of(report))
        reports.append(report)
    return FleetReport(
        made=datetime.now(UTC),
        operation="preview",
        revision=revision(folder),
        customers=tuple(reports),
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


def fitted(document: Mapping[str, Any], sandbox: Mapping[str, Any]) -> tuple[JSON, list[str]]:
    """The settings as the simulated tenant can take them, and the keys that were left out.

    Tenant, subscription and region become the simulated ones. A group of settings is left out whole
    when nothing else is in it. A value of the wrong kind stays: the program names it better.
    Raises CommandFailed for a `config:` that is none.
    """
    config: Any = document.get("config") or {}
    if not isinstance(config, dict):
        raise CommandFailed(
            f"config is a {type(config).__name__}, expected keys with values; correct it"
        )
    settings: JSON = deepcopy(cast("JSON", config))
    theirs = cast("JSON", sandbox["config"])
    for key in ("azuread:tenantId", "azure-native:subscriptionId"):
        settings[key] = theirs[key]
    settings.setdefault("azure-native:location", theirs["azure-native:location"])
    left_out: list[str] = []
    for first, *way, last in ELSEWHERE:
        at: Any = settings.get(f"{SETTINGS}:{first}")
        for part in way:
            at = cast("JSON", at).get(part) if isinstance(at, dict) else None
        if isinstance(at, dict) and cast("JSON", at).pop(last, None):
            left_out.append(f"{SETTINGS}:{'.'.join((first, *way, last))}")
    accounts = settings.get(f"{SETTINGS}:accounts")
    if isinstance(accounts, dict):
        left_out += _fit_accounts(cast("JSON", accounts), left_out)
    left_out += _without_secrets(settings)
    return {"config": settings}, left_out


def _fit_accounts(accounts: JSON, left_out: Sequence[str]) -> list[str]:
    """Name no domain of the customer's; two made accounts where adopted ones cannot be."""
    found: list[str] = []
    named: Any = accounts.get("named") or {}
    for name, one in cast("JSON", named).items() if isinstance(named, dict) else ():
        if isinstance(one, dict) and cast("JSON", one).pop("domain", None):
            found.append(f"{SETTINGS}:accounts.named.{name}.domain")
    if not named and f"{SETTINGS}:accounts.adopt" in left_out:
        count = accounts.get("count")
        if count is None or (isinstance(count, int) and 0 <= count < FEWEST):
            accounts["count"] = FEWEST
    return found


def _without_secrets(settings: JSON) -> list[str]:
    """Take out what the customer's key alone opens."""
    found: list[str] = []

    def cut(at: Any, path: str) -> None:
        pairs = cast("JSON", at).items() if isinstance(at, dict) else enumerate(at)
        for key, value in list(cast("Iterable[tuple[Any, Any]]", pairs)):
            where = f"{path}.{key}" if path else str(key)
            if isinstance(value, dict) and set(cast("JSON", value)) == {"secure"}:
                found.append(where)
                at[key] = "https://example.org/hook" if "webhook" in path.casefold() else "left-out"
            elif isinstance(value, dict | list):
                cut(value, where)

    cut(settings, "")
    return found


def _before(settings_file: Path, since: str | None) -> JSON | None:
    """The settings where the branch began; None for a customer that was not there yet."""
    text = None if since is None else text_before(settings_file, since)
    return None if text is None else _read(text, f"{settings_file.name} as it was at {since}")


def _read(text: str, name: str) -> JSON:
    """Raises CommandFailed."""
    try:
        document: Any = yaml.safe_load(text)
        json.dumps(document, default=str, skipkeys=True)  # an anchor inside itself has no end
    except yaml.YAMLError as error:
        raise CommandFailed(f"{name} cannot be read: {_first_line(error)}; correct it") from None
    except (ValueError, RecursionError):
        raise CommandFailed(f"{name} cannot be read: its values have no end; correct it") from None
    if not isinstance(document, dict):
        raise CommandFailed(f"{name} holds no settings: expected `config:` with keys below it")
    return cast("JSON", document)


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or 'it is no YAML'}{line}"


def _previewed(
    folder: Path, name: str, place: SandboxFolder, since: str | None, policy_pack: Path | None
) -> CustomerReport:
    from cli import tenant_process

    started, clock = datetime.now(UTC), time.monotonic()
    customer = Customer(name, folder / f"Pulumi.{name}.yaml", "", "")
    outcome, problems = None, list[Problem]()
    try:
        file = customer.settings_file
        now = _read(file.read_text(encoding="utf-8"), file.name)
        customer = read_customer(folder, name)
        before = _before(file, since)
        tenant_process.stop(place)
        shutil.rmtree(place.path, ignore_errors=True)  # what an earlier preview left
        make_private(place.path)
        tenant_process.start(place, port=0, ca_rate=RATE)
        try:
            outcome, problems = _on_the_sandbox(place, before, now, policy_pack)
        finally:
            tenant_process.stop(place)
    except (CommandFailed, FleetError, OSError, UnicodeDecodeError) as error:
        problems = [Problem(what=str(error), todo="")]
    counts = summary(outcome.lines) if outcome else {}
    good = outcome is not None and outcome.exit_code == 0
    return CustomerReport(
        customer=customer.name,
        tenant_id=customer.tenant_id,
        subscription_id=customer.subscription_id,
        operation="preview",
        outcome="done" if good else "failed",
        started=started,
        seconds=time.monotonic() - clock,
        changes={_CODE.get(kind, kind): number for kind, number in counts.items()},
        problems=tuple(problems),
    )


def _on_the_sandbox(
    place: SandboxFolder, before: JSON | None, now: JSON, policy_pack: Path | None
) -> tuple[Outcome, list[Problem]]:
    from cli import tenant_process

    sandbox = _read((place.project / "Pulumi.sandbox.yaml").read_text(encoding="utf-8"), "sandbox")
    show: Callable[[str], None] = typer.echo
    engine, _ = prepare_engine(place, show)
    environment = engine_environment(engine, place, tenant_process.tenant_variables(place))
    environment[INTERVAL] = "0"
    run = PulumiRun(engine.executable, place, environment, show=show, colors=False)
    problems: list[Problem] = []
    settings, left_out = fitted(now, sandbox)
    if left_out:
        problems.append(
            Problem(
                what="Not looked at here, because only the customer's own tenant has it:"
                f" {', '.join(left_out)}.",
                todo="the preview of the real tenant shows it",
            )
        )
    run.prepare()
    if before is not None:
        _write(place, fitted(before, sandbox)[0])
        if run.up(skip_preview=True).exit_code != 0:
            raise CommandFailed("the settings as they were before could not be set up: see above")
    _write(place, settings)
    outcome = run.preview(policy_pack=policy_pack)
    if outcome.exit_code != 0:
        problems += [Problem(what=line, todo="") for line in _errors(outcome.lines)]
    return outcome, problems


def _write(place: SandboxFolder, settings: JSON) -> None:
    """Beside the salt that the engine wrote into the stack's own settings."""
    text = place.stack_config.read_text(encoding="utf-8")
    salt = {k: v for k, v in _read(text, place.stack_config.name).items() if k != "config"}
    write_private(place.stack_config, yaml.safe_dump({**salt, **settings}, sort_keys=False))


def _errors(lines: Sequence[str]) -> list[str]:
    """What stopped a preview: the program's errors, and what a policy does not allow."""
    signs = ("error:", "[mandatory]")
    found = [" ".join(line.split()) for line in lines if any(sign in line for sign in signs)]
    return list(dict.fromkeys(found))[:12] or ["the preview failed: see its output"]
