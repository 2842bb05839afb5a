"""`breakglass account restore`: bring a deleted account back from the deleted items.

Source: Microsoft Graph v1.0 reference, "Restore deleted item (directory object)": an item waits for
30 days; an application needs a role besides its permission when the user is an administrator.
"""

import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from cli.account_state import AccountsState, StackAccount
from cli.chosen_stack import ChosenStack
from cli.failure import CommandFailed
from cli.tenant_access import identity_of
from entra.client import GraphClient
from entra.directory import Directory
from entra.errors import EntraError, Forbidden, GraphError, NotFound

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Between looks for the restored account: two minutes in all."""
TIMES_SEEN: Final = 2
"""So often in a row: one replica that knows it says nothing of the others."""


class Restored(Enum):
    """How it ended; every other end raises."""

    NOW = "restored"
    ALIVE = "was not deleted"
    SLOW = "restored, but not every replica of the directory shows it yet"


def connect(stack: ChosenStack, state: AccountsState) -> GraphClient:
    """Graph as the stack's ARM_* variables see it. Raises CommandFailed in one line."""
    try:
        identity = identity_of(stack)
        tenant_id = str(identity.graph_claims().get("tid"))
    except EntraError as error:
        raise CommandFailed(str(error)) from None
    if state.tenant_id and state.tenant_id.casefold() != tenant_id.casefold():
        raise CommandFailed(
            f"the stack's accounts are in tenant {state.tenant_id}, but the credentials in ARM_*"
            f" belong to tenant {tenant_id}: use those of {state.tenant_id}, or name another stack"
            " with --stack"
        )
    return GraphClient(identity)


def restore(
    account: StackAccount, graph: GraphClient, *, sleep: Callable[[float], None] = time.sleep
) -> Restored:
    """Restore it and wait until it shows. Raises CommandFailed when it cannot be restored.

    Does nothing to an account that is there. Object id, password and passkeys stay as they were.
    """
    directory = Directory(graph)
    try:
        if _is_there(directory, account):
            return Restored.ALIVE
        if not directory.deleted_users(account.object_id):
            # It is in neither listing for a moment while it is deleted or restored.
            sleep(PAUSES[0])
            if _is_there(directory, account):
                return Restored.ALIVE
            if not directory.deleted_users(account.object_id):
                raise CommandFailed(_nowhere(account))
    except EntraError as error:
        raise CommandFailed(f"{account} cannot be looked up: {error}") from None
    doubt = _order(account, graph)
    if _wait(directory, account, sleep):
        return Restored.NOW
    if doubt:
        raise CommandFailed(doubt)
    return Restored.SLOW


def _order(account: StackAccount, graph: GraphClient) -> str:
    """Restore it; what is to be said if it does not show, empty when the service said yes."""
    path = f"/v1.0/directory/deletedItems/{account.object_id}/restore"
    try:
        graph.post(path, {})
    except Forbidden as error:
        raise CommandFailed(
            f"{account} may not be restored with these credentials ({error.message or error.code}):"
            " an administrator's account takes the application permission User.ReadWrite.All and"
            " the directory role Privileged Authentication Administrator or Global Administrator"
            " (Entra admin centre → Roles & admins → Privileged Authentication Administrator → Add"
            " assignments → the application); or restore it there by hand: Users → Deleted users"
        ) from None
    except NotFound:
        # Somebody else was quicker, or it was deleted for good between the look and the order.
        return _nowhere(account)
    except GraphError as error:
        if error.status == 0 or error.status >= 500:
            return (
                f"whether {account} was restored is not known ({error}): run the same command again"
                " in some minutes"
            )
        raise CommandFailed(
            f"{account} cannot be restored: {error}; if another user has its name by now, rename or"
            " delete that one and run the same command again"
        ) from None
    return ""


def _wait(directory: Directory, account: StackAccount, sleep: Callable[[float], None]) -> bool:
    seen = 0
    for pause in (*PAUSES, None):
        try:
            seen = seen + 1 if _is_there(directory, account) else 0
        except EntraError:
            seen = 0
        if seen == TIMES_SEEN:
            return True
        if pause is not None:
            sleep(pause)
    return False


def _is_there(directory: Directory, account: StackAccount) -> bool:
    try:
        directory.user(account.object_id)
    except NotFound:
        return False
    return True


def _nowhere(account: StackAccount) -> str:
    anew = (
        "it can no longer be adopted: take it out of break-glass:accounts.adopt"
        if account.adopted
        else "to have a new one made in its place: pulumi config set --path"
        f' "break-glass:accounts.recreate[0]" {account.object_id}'
    )
    return (
        f"{account}, object id {account.object_id}, is neither among the users nor among the"
        " deleted ones: if it was deleted just now, run the same command again in some minutes; if"
        f" it was deleted for good, or more than 30 days ago, {anew}"
    )
