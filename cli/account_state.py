"""Which accounts a stack's state knows, read as `pulumi stack export` prints it.

A refresh drops a user that the directory does not show, protected or not; what the account's
component put out outlives that, but is of the last run that got to its end. So both are read, and
the user counts where there is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from cli.failure import CommandFailed
from cli.stack_state import COMPONENT_TYPE, deployment_of

MADE_TYPE: Final = "break-glass:index:BreakGlassAccount"
ADOPTED_TYPE: Final = "break-glass:index:AdoptedAccount"
USER_TYPE: Final = "azuread:index/user:User"
_USER_SUFFIX: Final = "-user"

JSON = Mapping[str, Any]


@dataclass(frozen=True)
class StackAccount:
    """An account as the state has it."""

    name: str
    """Of its component: ``account-1``."""
    object_id: str
    user_principal_name: str
    adopted: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.user_principal_name or self.object_id})"

    def is_called(self, name: str) -> bool:
        """Whether `name` is its component's name, its user principal name or its object id."""
        names = (self.name, self.user_principal_name, self.object_id)
        return name.casefold() in {one.casefold() for one in names if one}


@dataclass(frozen=True)
class AccountsState:
    """A stack's accounts."""

    accounts: tuple[StackAccount, ...]
    tenant_id: str
    """The tenant that they are in; empty after a first run that did not get to the policies."""

    def account(self, name: str) -> StackAccount:
        """The account that the user means. Raises CommandFailed with the names there are."""
        found = [one for one in self.accounts if one.is_called(name)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(str(one) for one in self.accounts)
        problem = "several accounts that are called" if found else "no account"
        raise CommandFailed(
            f"the stack's state has {problem} {name!r}: expected the name, user principal name or"
            f" object id of one of {known}"
        )


def read_accounts(exported: str, name: str | None = None) -> AccountsState:
    """Read what `pulumi stack export` printed. Raises CommandFailed without any account in it.

    `name`: what the user calls the stack, for the message.
    """
    resources = cast("list[JSON]", deployment_of(exported).get("resources") or [])
    found: dict[str, StackAccount] = {}
    tenant_id = ""
    for resource in resources:
        outputs = cast("JSON", resource.get("outputs") or {})
        kind, own_name = resource.get("type"), str(resource.get("urn")).rpartition("::")[2]
        if kind == COMPONENT_TYPE:
            tenant_id = str(outputs.get("tenantId") or tenant_id)
        if kind == USER_TYPE and not resource.get("delete"):
            account = _account(own_name.removesuffix(_USER_SUFFIX), outputs, adopted=False)
        elif kind in (MADE_TYPE, ADOPTED_TYPE):
            account = _account(own_name, outputs, adopted=kind == ADOPTED_TYPE)
        else:
            continue
        if account is not None and (kind == USER_TYPE or account.name not in found):
            found[account.name] = account
    if not found:
        raise CommandFailed(
            f"Stack {name or 'that is selected'} has made or adopted no account yet: run `pulumi"
            " up` first, or name another stack with --stack (`pulumi stack ls`)."
        )
    return AccountsState(tuple(found.values()), tenant_id)


def _account(name: str, outputs: JSON, *, adopted: bool) -> StackAccount | None:
    object_id = outputs.get("objectId")
    if not isinstance(object_id, str) or not object_id:
        return None
    principal_name = outputs.get("userPrincipalName")
    told = principal_name if isinstance(principal_name, str) else ""
    return StackAccount(name, object_id, told, adopted)
