"""The provider process's one connection to Conditional Access, and one listing for all its reads.

A refresh asks for every policy at once. All of those reads share one listing of a few seconds' age
at most; writes never use it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient, Policy
from entra.errors import EntraError, IdentityError
from entra.exclusion import Change
from entra.identity import Identity
from entra.limiter import limiter_for

LISTING_LIFETIME_SECONDS = 30.0


class Policies(Protocol):
    """What the provider needs of ``ConditionalAccessClient``."""

    def list_policies(self) -> list[Policy]:
        """All policies."""
        ...

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None for 404."""
        ...

    def write_exclusions(self, policy_id: str, change: Change) -> None:
        """Write complete exclusion lists."""
        ...


@dataclass(frozen=True)
class _Listing:
    policies: Mapping[str, Policy]
    made: float


class PolicySession:
    """Policies of the tenant that this process's credentials belong to."""

    def __init__(
        self,
        policies: Policies,
        tenant_of_token: Callable[[], str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policies = policies
        self._tenant_of_token = tenant_of_token
        self._clock = clock
        self.writing = threading.Lock()
        """Held from the read of a policy to its write: the requests of other resources in between,
        a second each, would widen the window in which an administrator's edit can be lost."""
        self._listing: _Listing | None = None

    def check_tenant(self, tenant_id: str) -> None:
        """Raises IdentityError unless our token is of that tenant. Makes no request of its own."""
        found = self._tenant_of_token()
        if found.casefold() != tenant_id.casefold():
            raise IdentityError(
                f"this stack excludes accounts in tenant {tenant_id}, but the credentials in ARM_*"
                f" belong to tenant {found}: nothing was changed; use those of {tenant_id}"
            )

    def listed(self, policy_id: str) -> Policy | None:
        """A policy of the shared listing; one caller at a time. Raises GraphError without one."""
        listing = self._listing
        if listing is None or self._clock() - listing.made > LISTING_LIFETIME_SECONDS:
            found = {policy.id: policy for policy in self.policies.list_policies()}
            listing = self._listing = _Listing(found, self._clock())
        return listing.policies.get(policy_id)


class AlreadyToldError(Exception):
    """The policies cannot be listed, and an earlier read of this process has said so."""


_session: PolicySession | None = None
_session_lock = threading.Lock()
_told = False
_reads_lock = threading.Lock()


def current_session() -> PolicySession:
    """The session of this process, made from the environment at its first use."""
    global _session
    with _session_lock:
        if _session is None:
            _session = connect()
        return _session


def refreshed(tenant_id: str, policy_id: str) -> tuple[PolicySession, Policy | None]:
    """The session, and what the shared listing has of a policy, for a read.

    Raises EntraError the first time that there can be no listing, and AlreadyToldError ever after:
    one failed read ends the whole operation, so the other policies need not repeat its line.
    """
    global _told
    with _reads_lock:
        if _told:
            raise AlreadyToldError
        try:
            session = current_session()
            session.check_tenant(tenant_id)
            return session, session.listed(policy_id)
        except EntraError:
            _told = True
            raise


def connect() -> PolicySession:
    """A session with the identity of the ARM_* variables. Raises IdentityError."""
    identity = Identity.from_environment()
    limiter = limiter_for(identity.tenant_id, identity.endpoints.graph)
    client = ConditionalAccessClient(GraphClient(identity), limiter)
    return PolicySession(client, lambda: str(identity.graph_claims().get("tid")))
