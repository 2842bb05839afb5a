"""What to do about a user who already has the name of an account that is about to be made."""

from typing import Final

import pulumi
from pulumi.runtime import rpc

from components.account_arguments import USER_TYPE, AccountTools, BreakGlassAccountArgs
from components.account_checks import refuse_taken_name
from components.import_command import import_below, stack_reference
from entra.directory import User

NESTED: Final = "$"
"""Between the types of a URN: parent$child."""


def name_is_free(
    name: str, args: BreakGlassAccountArgs, tools: AccountTools
) -> pulumi.ResourceHookBinding | None:
    """A hook that the engine calls exactly when it would create the user, also in a preview.

    It raises RunError when the name is taken.
    """
    directory = tools.directory
    if directory is None:
        return None

    stack = stack_reference()

    def check(hook: pulumi.ResourceHookArgs) -> None:
        wanted = (hook.new_inputs or {}).get("userPrincipalName")
        if not isinstance(wanted, str) or rpc.contains_unknowns(wanted):
            return

        def way_out(live: User) -> str:
            ours = import_command(hook.urn, name, live.id, stack)
            if args.user_name is None:
                return (
                    "an earlier run of this stack made it and never got the answer; take it in,"
                    f" then run up again: {ours}"
                )
            return (
                f"choose another user name for {name}, or adopt it {_adoption(tools, live.id)};"
                f" only if an earlier run of this stack broke off while it made {name}, take it in"
                f" and run up again: {ours}"
            )

        refuse_taken_name(directory, wanted, args.recreate or (), way_out)

    hook = pulumi.ResourceHook(
        f"{name}-name-is-free", check, pulumi.ResourceHookOptions(on_dry_run=True)
    )
    return pulumi.ResourceHookBinding(before_create=[hook])


def import_command(user_urn: str, name: str, object_id: str, stack: str) -> str:
    """The command that takes the user into the state of this stack, below its component."""
    head, qualified_type, _ = user_urn.rsplit("::", 2)
    parent = f"{head}::{qualified_type.rpartition(NESTED)[0]}::{name}"
    user = (USER_TYPE, f"{name}-user", f"/users/{object_id}")
    return import_below("account", parent, *user, stack)


def _adoption(tools: AccountTools, object_id: str) -> str:
    if tools.adopted is None:
        return f"(AdoptedAccount, object id {object_id})"
    return (
        f'(pulumi config set --path "break-glass:accounts.adopt[{tools.adopted}]" {object_id},'
        " and take this one out)"
    )
