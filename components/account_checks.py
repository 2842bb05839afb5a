"""What the directory is asked before an account is made, so that none is silently made anew.

Every answer that leaves doubt ends the run with one line (`pulumi.RunError`): nothing is removed or
replaced because a look-up came back empty.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pulumi

from entra.client import GraphClient
from entra.directory import Directory, Domain, RoleAssignment, User
from entra.errors import EntraError, NotFound
from entra.identity import Identity

T = TypeVar("T")
DOUBT_SECONDS = (1.0, 2.0)
"""How long a 404 for an account that the stack made is doubted."""


class AccountDirectory(Protocol):
    """What the checks ask of `entra.directory.Directory`."""

    def user(self, object_id: str) -> User:
        """A live user by object id; raises NotFound."""
        ...

    def find_user(self, user_principal_name: str) -> User | None:
        """A live user by user principal name."""
        ...

    def deleted_users(self, name_or_id: str) -> tuple[User, ...]:
        """Users in the deleted items, by former user principal name or object id."""
        ...

    def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
        """The directory roles that are active for a principal itself."""
        ...

    def may_change_administrators(self, own_object_id: str) -> bool | None:
        """Whether this application may change an administrator; None when it cannot be told."""
        ...


class EnvironmentDirectory:
    """The directory of the `ARM_*` environment's tenant, connected to when it is first asked."""

    def __init__(self) -> None:
        self._directory: Directory | None = None
        self._own_object_id = ""

    def user(self, object_id: str) -> User:
        """See `AccountDirectory`."""
        return self._connected().user(object_id)

    def find_user(self, user_principal_name: str) -> User | None:
        """See `AccountDirectory`."""
        return self._connected().find_user(user_principal_name)

    def deleted_users(self, name_or_id: str) -> tuple[User, ...]:
        """See `AccountDirectory`."""
        return self._connected().deleted_users(name_or_id)

    def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
        """See `AccountDirectory`."""
        return self._connected().role_assignments(principal_id)

    def may_change_administrators(self, own_object_id: str) -> bool | None:
        """See `AccountDirectory`; without an object id that of the environment's identity."""
        directory = self._connected()
        return directory.may_change_administrators(own_object_id or self._own_object_id)

    def _connected(self) -> Directory:
        if self._directory is None:
            identity = Identity.from_environment()
            self._own_object_id = str(identity.graph_claims().get("oid") or "")
            self._directory = Directory(GraphClient(identity))
        return self._directory


@dataclass(frozen=True)
class RememberedAccount:
    """An account as the stack's state has it."""

    object_id: str
    user_principal_name: str

    @classmethod
    def from_outputs(cls, outputs: Mapping[str, Any] | None) -> "RememberedAccount | None":
        """From a component's or a user's outputs; None unless they hold an object id."""
        if not outputs or not outputs.get("objectId"):
            return None
        return cls(str(outputs["objectId"]), str(outputs.get("userPrincipalName") or ""))


def living(
    directory: AccountDirectory,
    object_id: str,
    named: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> User | None:
    """The live user, None when no replica knows it: a 404 is doubted for some seconds.

    Raises RunError when the directory does not answer.
    """
    for pause in (*DOUBT_SECONDS, None):
        try:
            return directory.user(object_id)
        except NotFound:
            if pause is not None:
                sleep(pause)
        except EntraError as error:
            raise cannot_look_up(named, error) from None
    return None


def refuse_vanished(
    directory: AccountDirectory, object_id: str, named: str, recreate: Collection[str]
) -> None:
    """Raises RunError for an account that is gone, unless `recreate` names its object id.

    Somebody deleted it, or a replica of the directory lags behind.
    """
    if object_id.lower() in {spared.lower() for spared in recreate}:
        return
    anew = f"to have a new one made instead: {_recreate(object_id, recreate)}"
    if asked(directory.deleted_users, object_id, named):
        raise pulumi.RunError(
            f"{named} was deleted and nothing was changed: restore it within 30 days, which keeps"
            f" its passkeys: breakglass account restore {object_id} (or Entra admin centre → Users"
            f" → Deleted users), then run again; {anew}"
        )
    raise pulumi.RunError(
        f"{named} is nowhere in the tenant, not among the deleted users either, and nothing was"
        f" changed: if it was made or restored just now, run again in some minutes; {anew}"
    )


def refuse_taken_name(
    directory: AccountDirectory,
    user_principal_name: str,
    recreate: Collection[str],
    way_out: Callable[[User], str],
) -> None:
    """Raises RunError when a user, live or deleted, already has the name of one to be created.

    A live one was left behind by a creation whose answer got lost, or belongs to somebody else;
    `way_out` says what to do about it.
    """
    named = f"user {user_principal_name}"
    live = asked(directory.find_user, user_principal_name, named)
    if live is not None:
        raise pulumi.RunError(
            f"{named} is in the tenant already (object id {live.id}), so no second one is made and"
            f" nothing was changed: {way_out(live)}"
        )
    spared = {object_id.lower() for object_id in recreate}
    for user in asked(directory.deleted_users, user_principal_name, named):
        if user.id.lower() not in spared:
            raise pulumi.RunError(
                f"{named} is among the deleted users (object id {user.id}), so no second one is"
                " made and nothing was changed: restore it (Entra admin centre → Users → Deleted"
                f" users) and run again; to have a new one made instead:"
                f" {_recreate(user.id, recreate)}"
            )


def choose_domain(
    domains: Sequence[Domain], wanted: str | None, key: str = "break-glass:accounts.domain"
) -> str:
    """The domain of an account: the tenant's initial one unless another is wanted in setting `key`.

    Raises RunError, with the domains that would do, for one that the tenant does not have, has not
    verified, or has federated (its sign-in depends on a server that may be down), and when the
    listing lacks the initial one.
    """
    usable = [domain.name for domain in domains if domain.is_verified and domain.managed]
    if wanted is None:
        initial = next((domain.name for domain in domains if domain.is_initial), None)
        if initial is None:
            # Another domain must not step in: accounts that stand would be renamed.
            raise pulumi.RunError(
                "the tenant's initial domain (….onmicrosoft.com) is not among the domains that"
                f" Microsoft Graph lists now ({_listing(usable)}), and nothing was changed: run"
                f" again in some minutes, or name the domain in {key}"
            )
        return initial
    found = next((domain for domain in domains if domain.name.lower() == wanted.lower()), None)
    if found is not None and found.name in usable:
        return found.name
    problem = (
        "which the tenant does not have"
        if found is None
        else "which is not verified"
        if not found.is_verified
        else "which is federated: signing in would depend on another system"
    )
    cure = (
        f'; for example: pulumi config set --path "{key}" "{usable[0]}"'
        if usable
        else "; run again in some minutes"
    )
    raise pulumi.RunError(
        f"{key} holds {wanted!r}, {problem}: expected one of {_listing(usable)}{cure}"
    )


def _listing(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def asked(question: Callable[[str], T], about: str, named: str) -> T:
    """The directory's answer. Raises RunError, naming what it is about, when there is none."""
    try:
        return question(about)
    except EntraError as error:
        raise cannot_look_up(named, error) from None


def cannot_look_up(named: str, error: EntraError) -> pulumi.RunError:
    """The one line about a question that got no answer."""
    return pulumi.RunError(f"{named} cannot be looked up: {error}; nothing was changed")


def _recreate(object_id: str, recreate: Collection[str]) -> str:
    """The command that lets an account be made anew; the list may have others already."""
    return f'pulumi config set --path "break-glass:accounts.recreate[{len(recreate)}]" {object_id}'
