"""`breakglass fleet list`: who the customers are, what they run with, where their state lies."""

import json
import os
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from cli.failure import CommandFailed
from cli.fleet_run import Selection, chosen, fleet_folder
from cli.screen import console
from fleet.customers import Customer, find_customers
from fleet.environment import customer_environment, own_kinds
from fleet.errors import FleetError
from fleet.state_backend import backend_of, warnings


def show_customers(selection: Selection, *, as_json: bool) -> None:
    """Print them. Raises CommandFailed."""
    folder = fleet_folder()
    try:
        customers = chosen(selection, folder)
        protected = {one.tenant_id for one in find_customers(folder)}
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
    rows = [_row(one, folder, protected) for one in customers]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    screen = console()
    if screen.is_terminal:
        table = Table(box=None, padding=(0, 1))
        for heading in ("Customer", "Tenant", "Subscription", "Own credentials", "State", "Key"):
            table.add_column(heading)
        for row in rows:
            table.add_row(*_cells(row))
        screen.print(table)
    else:
        for row in rows:
            typer.echo("  ".join(_cells(row)))
    for row in rows:
        for line in row["warnings"]:
            typer.echo(f"{row['customer']}: {line}", err=True)


def _row(customer: Customer, folder: Path, protected: set[str]) -> dict[str, Any]:
    environment = customer_environment(customer.name, os.environ)
    return {
        "customer": customer.name,
        "tenantId": customer.tenant_id,
        "subscriptionId": customer.subscription_id,
        "ownCredentials": own_kinds(customer.name, os.environ),
        "backend": backend_of(environment, folder),
        "secretsProvider": customer.secrets_provider,
        "warnings": warnings(customer, environment, folder, protected),
    }


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["customer"],
        row["tenantId"] or "no tenant",
        row["subscriptionId"] or "no subscription",
        ", ".join(row["ownCredentials"]) or "none: shared ones",
        row["backend"] or "as `pulumi login` says",
        row["secretsProvider"] or "passphrase or the backend's",
    ]
