"""`breakglass status`: what the options are."""

import json
from typing import Annotated

import typer

from cli.exclusion_commands import NOT_LOOKED, Sandbox, StackName
from cli.options import plain_errors


@plain_errors
def status(
    stack: StackName = None,
    sandbox: Sandbox = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say whether the logs arrive and the alarms are on. Changes nothing.

    Ends with 0 when nothing is wrong (rows that are still awaited are not), with 1 when something
    is, with 3 when something could not be looked at.
    """
    from cli.chosen_stack import choose_stack, exported_state, require_running
    from cli.failure import CommandFailed
    from cli.findings import Mark
    from cli.log_arrival import WorkspaceLogs
    from cli.monitoring_state import read_each
    from cli.monitoring_status import status as look
    from cli.tenant_access import identity_of
    from entra.errors import IdentityError
    from entra.resource_manager import ResourceManager

    chosen = choose_stack(stack, sandbox=sandbox)
    require_running(chosen)
    states = read_each(exported_state(chosen), chosen.name)
    tenant_id = states[0].tenant_id
    try:
        identity = identity_of(chosen)
        identity.resource_manager_token()
        if tenant_id and tenant_id.casefold() != identity.tenant_id.casefold():
            raise IdentityError(
                f"the stack is about tenant {tenant_id}, but the credentials in ARM_* belong"
                f" to tenant {identity.tenant_id}: use those of {tenant_id}, or name another"
                " stack with --stack"
            )
        logs, azure = WorkspaceLogs(identity), ResourceManager(identity)
        findings = [line for state in states for line in look(state, logs, azure)]
    except IdentityError as error:
        raise CommandFailed(str(error), exit_code=NOT_LOOKED) from None
    if as_json:
        rows = [
            {"mark": one.mark.name.lower(), "subject": one.subject, "words": one.words}
            for one in findings
        ]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
    marks = {one.mark for one in findings}
    if marks & {Mark.WRONG, Mark.UNKNOWN}:
        raise typer.Exit(1 if Mark.WRONG in marks else NOT_LOOKED)
