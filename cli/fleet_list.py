"""`breakglass fleet list`: who the customers are, what they run with, where their state lies."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from rich.table import Table

from cli.chosen_stack import engine_executable
from cli.failure import CommandFailed
from cli.fleet_selection import Selection, chosen, fleet_folder
from cli.screen import console
from fleet.customers import Customer, find_customers
from fleet.environment import customer_environment, own_kinds
from fleet.errors import FleetError
from fleet.federation import shared_audiences
from fleet.job import CORRECT
from fleet.left_behind import left_behind, without_settings
from fleet.state_backend import backend_of, warnings
from fleet.to_mind import shared_tenants

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  (a name)
_MOST: Final = 2
"""So many names stand in a line about many customers."""
_OWN: Final = "give each its own, as {}__ and the customer's name"
_CURES: Final = {name: _OWN.format(name) for name in (PASSPHRASE, f"{PASSPHRASE}_FILE")}
_OTHER_KEY: Final = "give each its own (`pulumi stack change-secrets-provider`)"


def show_customers(selection: Selection, *, as_json: bool) -> None:
    """Print them. Raises CommandFailed."""
    folder = fleet_folder()
    try:
        customers = chosen(selection, folder)
        everybody = find_customers(folder)
        gone = selection.gone(folder)
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    minded = warnings([one for one in customers if not one.trouble], everybody, folder, os.environ)
    to_mind = {**minded.protected, **minded.unseen, **shared_audiences(customers, os.environ)}
    rows = [_row(one, folder, to_mind) for one in customers]
    lines = [*shared_tenants(customers, everybody), *shared_keys(everybody, os.environ)]
    lines += [f"{_some(names)}: {line}" for line, names in to_mind.items()]
    lines += [f"{one.name}: {one.trouble}; {CORRECT}" for one in customers if one.trouble]
    lines += gone
    if selection.is_everybody:
        lines += _left_behind(folder)
    _print(rows, as_json=as_json)
    for line in lines:
        typer.echo(line, err=True)


def _print(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    screen = console()
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif screen.is_terminal:
        table = Table(box=None, padding=(0, 1))
        for heading in ("Customer", "Tenant", "Subscription", "Own credentials", "State", "Key"):
            table.add_column(heading)
        for row in rows:
            table.add_row(*_cells(row))
        screen.print(table)
    else:
        for row in rows:
            typer.echo("  ".join(_cells(row)))


def _left_behind(folder: Path) -> list[str]:
    """A line for each stack without a settings file, or one that says that nobody could look."""
    try:
        names = left_behind(engine_executable(), folder, os.environ)
    except (CommandFailed, FleetError) as error:
        return [str(error)]
    rows = [without_settings(name, "status") for name in names]
    return [f"{one.customer}: {it.what}; {it.todo}" for one in rows for it in one.problems]


def shared_keys(customers: Iterable[Customer], environ: Mapping[str, str]) -> list[str]:
    """A line for each key of secrets that several customers have; it never shows a passphrase."""
    named: dict[tuple[str, str], list[str]] = {}
    for one in customers:
        key = _key(one, customer_environment(one.name, environ))
        if key is not None:
            named.setdefault(key, []).append(one.name)
    return [
        f"{_some(names)} have one key for their secrets ({what}): who has it can read all of them;"
        f" {_CURES.get(what, _OTHER_KEY)}"
        for (what, _), names in named.items()
        if len(names) > 1
    ]


def _key(customer: Customer, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """How it is called, and what tells it from others; None for none, or the backend's own."""
    if customer.secrets_provider not in ("", "passphrase", "default"):
        provider = customer.secrets_provider.partition("?")[0]
        return provider, ""
    for variable in (PASSPHRASE, f"{PASSPHRASE}_FILE"):
        if value := environment.get(variable):
            return variable, value
    return None


def _some(names: Sequence[str]) -> str:
    shown, more = names[:_MOST], len(names) - _MOST
    return f"{', '.join(shown)} and {more} more" if more > 0 else " and ".join(shown)


def _row(customer: Customer, folder: Path, to_mind: Mapping[str, list[str]]) -> dict[str, Any]:
    environment = customer_environment(customer.name, os.environ)
    return {
        "customer": customer.name,
        "tenantId": customer.tenant_id,
        "subscriptionId": customer.subscription_id,
        "ownCredentials": own_kinds(customer, os.environ),
        "backend": backend_of(environment, folder),
        "secretsProvider": customer.secrets_provider,
        "trouble": customer.trouble,
        "warnings": [line for line, names in to_mind.items() if customer.name in names],
    }


def _cells(row: dict[str, Any]) -> list[str]:
    if row["trouble"]:
        return [row["customer"], "cannot be read", "", "", "", ""]
    return [
        row["customer"],
        row["tenantId"] or "no tenant",
        row["subscriptionId"] or "no subscription",
        ", ".join(row["ownCredentials"]) or "none: shared ones",
        row["backend"] or "as `pulumi login` says",
        row["secretsProvider"] or "passphrase or the backend's",
    ]
