"""`breakglass account restore`: what the options are."""

from typing import Annotated

import typer

from cli.exclusion_commands import Sandbox, StackName
from cli.options import plain_errors

account_app = typer.Typer(no_args_is_help=True, help="The emergency-access accounts.")


@account_app.callback()
def account() -> None:
    """The stack's emergency-access accounts."""


@account_app.command()
@plain_errors
def restore(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="account-1, the user principal name or the object id."),
    ],
    stack: StackName = None,
    sandbox: Sandbox = False,
) -> None:
    """Bring a deleted account back as it was: same object id, password and passkeys.

    Nothing else is changed; the next `pulumi up` puts back what it lacks.
    """
    from cli.account_restore import Restored, connect
    from cli.account_restore import restore as bring_back
    from cli.account_state import read_accounts
    from cli.chosen_stack import choose_stack, exported_state, require_running

    chosen = choose_stack(stack, sandbox=sandbox)
    require_running(chosen)
    state = read_accounts(exported_state(chosen), chosen.name)
    meant = state.account(name)
    result = bring_back(meant, connect(chosen, state))
    typer.echo(f"{meant}, object id {meant.object_id}: {result.value}.")
    later = "In some minutes run" if result is Restored.SLOW else "Now run"
    typer.echo(f"{later} `{chosen.up_command}`: it puts back what the account lacks.")
