"""`breakglass fleet add`: a new customer's settings file, and its stack."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import CommandFailed
from cli.options import plain_errors


@plain_errors
def add(
    name: Annotated[str, typer.Argument(help="The customer's name; the stack gets it, too.")],
    tenant: Annotated[str, typer.Option(help="Microsoft Entra tenant id.")],
    subscription: Annotated[str, typer.Option(help="Azure subscription id.")],
    template: Annotated[
        Path | None, typer.Option(help="The file to begin with; Pulumi.prod.yaml by default.")
    ] = None,
    secrets_provider: Annotated[
        str | None,
        typer.Option(help="Over the template's; {customer} in it becomes the name."),
    ] = None,
    deployment_client_id: Annotated[
        str, typer.Option(help="The application that writes, in the customer's tenant.")
    ] = "",
    review_client_id: Annotated[
        str, typer.Option(help="The application that only reads, in the customer's tenant.")
    ] = "",
    deployment_connection_id: Annotated[
        str, typer.Option(help="Azure DevOps: the service connection of the first.")
    ] = "",
    review_connection_id: Annotated[
        str, typer.Option(help="Azure DevOps: the service connection of the second.")
    ] = "",
    preview_connection_id: Annotated[
        str, typer.Option(help="Azure DevOps: the second's for pull requests, with an approval.")
    ] = "",
    init: Annotated[
        bool, typer.Option("--init", help="Make the stack in the state backend, too.")
    ] = False,
    same_tenant: Annotated[
        bool, typer.Option("--same-tenant", help="Another customer may have this tenant already.")
    ] = False,
) -> None:
    """Write a new customer's settings file from a template, comments and all."""
    from cli.chosen_stack import engine_executable
    from cli.fleet_selection import fleet_folder
    from fleet.customers import CLIENT, CONNECTION, PREVIEW, find_customers
    from fleet.environment import customer_environment
    from fleet.errors import FleetError
    from fleet.new_customer import add_customer, init_stack
    from fleet.state_backend import warnings

    folder = fleet_folder()
    applications = {
        CLIENT.format("deployment"): deployment_client_id,
        CLIENT.format("review"): review_client_id,
        CONNECTION.format("deployment"): deployment_connection_id,
        CONNECTION.format("review"): review_connection_id,
        PREVIEW: preview_connection_id,
    }
    try:
        added = add_customer(
            folder, name, tenant, subscription, template,
            applications={key: value for key, value in applications.items() if value},
            secrets_provider=secrets_provider, same_tenant=same_tenant,
        )  # fmt: skip
        typer.echo(f"{added.path.name} is written.")
        if added.shared_key:
            typer.echo(
                f"Its secrets provider ({added.secrets_provider}) is the one of every customer made"
                " so: a key for each is safer; {customer} in it stands for the name."
            )
        for line in added.to_change:
            typer.echo(f"Still the example's, put this customer's own: {line}")
        if init:
            everybody = find_customers(folder)
            ours = [one for one in everybody if one.name == name]
            for line in warnings(ours, everybody, folder, os.environ).protected:
                typer.echo(line, err=True)
            init_stack(added, engine_executable(), folder, customer_environment(name, os.environ))
            typer.echo(f"Stack {name} is made. Next: breakglass fleet preview --only {name}")
        else:
            typer.echo(f"Next: {added.init_command}")
    except FleetError as error:
        raise CommandFailed(str(error), exit_code=error.exit_code) from None
