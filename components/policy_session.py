"""The provider process's one connection to Conditional Access, and the listings that it shares.

A refresh asks for every policy at once: all of those reads share one listing, and no write ever
rests on it. Where the settings allow it, writes have a listing of their own, of a few seconds' age
at most, instead of a read before each of them. Neither serves for a policy that was written since,
by us or by another process of this machine: ``entra.write_turn`` knows of those.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from components.write_journal import WriteJournal, journal_for
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import EntraError, GraphError, IdentityError
from entra.exclusion import Change, Entries, live_entries, missing
from entra.identity import Identity
from entra.limiter import limiter_for
from entra.permissions import WRITE_POLICIES
from entra.policy import Policy
from entra.write_turn import WriteTurn, Written, write_turn_for

LISTING_LIFETIME_SECONDS = 30.0
# How often a policy is asked for again whose answer does not know of this machine's write of late,
# and how often one that lacks what we put there before: another machine may have written it a
# moment ago, but mostly somebody took it out. The pace puts a second between the requests.
_TIMES_DOUBTED_OF_LATE = 8
_TIMES_DOUBTED = 1
LONGEST_WAIT_SECONDS = 20.0
"""How old a read may be when the write that rests on it goes out. Usually the next turn is a
second away; a storm of 429s can hold a write up for minutes, in which administrators go on."""


class Policies(Protocol):
    """What the provider needs of ``ConditionalAccessClient``."""

    def list_policies(self, *, at_turn: Callable[[], None] = ...) -> list[Policy]:
        """All policies; ``at_turn()`` right before the request for them is sent."""
        ...

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None for 404."""
        ...

    def write_exclusions(
        self, policy_id: str, change: Change, *, in_time: Callable[[], bool]
    ) -> None:
        """Write complete exclusion lists, if ``in_time()`` still holds when the turn has come."""
        ...


@dataclass(frozen=True)
class _Listing:
    """All policies, and the moment from which their age counts."""

    policies: Mapping[str, Policy]
    moment: float


@dataclass(frozen=True)
class Reading:
    """A policy as it was at ``moment``."""

    policy: Policy
    moment: float


class PolicySession:
    """Policies of the tenant that this process's credentials belong to.

    ``claims`` are those of the Graph token.
    """

    def __init__(
        self,
        policies: Policies,
        claims: Callable[[], Mapping[str, Any]],
        turn: WriteTurn,
        journal: WriteJournal,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policies = policies
        self.turn = turn
        """Held from the read of a policy to its write, by one thread of one process."""
        self.journal = journal
        self._claims = claims
        self._clock = clock
        self._listing: _Listing | None = None
        self._snapshot: _Listing | None = None
        self._wrote = False

    def check_tenant(self, tenant_id: str) -> None:
        """Raises IdentityError unless our token is of that tenant. Makes no request of its own."""
        found = str(self._claims().get("tid"))
        if found.casefold() != tenant_id.casefold():
            raise IdentityError(
                f"this stack excludes accounts in tenant {tenant_id}, but the credentials in ARM_*"
                f" belong to tenant {found}: nothing was changed; use those of {tenant_id}"
            )

    def listed(self, policy_id: str) -> Policy | None:
        """A policy of the listing for reads; one caller at a time. Raises GraphError without."""
        listing = self._listing
        if listing is None or self._clock() - listing.moment > LISTING_LIFETIME_SECONDS:
            found = {policy.id: policy for policy in self.policies.list_policies()}
            listing = self._listing = _Listing(found, self._clock())
        return listing.policies.get(policy_id)

    def lacking_permissions(self) -> list[str]:
        """What a write of policies takes and our token does not have."""
        roles = cast("list[str]", self._claims().get("roles") or [])
        return [permission for permission in WRITE_POLICIES if permission not in roles]

    def may_write(self) -> bool:
        """Whether this identity surely may write policies: it did, or its token says so."""
        return self._wrote or not self.lacking_permissions()

    def read_for_write(self, policy_id: str, freshness: float, ours: Entries) -> Reading | None:
        """A policy, read so late that a write may rest on it; None when it is gone.

        ``freshness``: seconds that a listing may be old; 0 for a read of the policy's own. To be
        called with the turn held. A replica may not know yet what was written a moment ago, and
        nobody may lose an entry by that, or keep one for good. So a policy is asked for by itself,
        and again, that does not show the last write of this machine; once more that lacks ``ours``:
        what we put there and now want to take out. In the end it is believed: an administrator did
        it.
        """
        times = _TIMES_DOUBTED
        if freshness > 0:
            reading = self._in_snapshot(policy_id, freshness)
            if reading is not None and self._is_believable(reading.policy, ours):
                return reading
            times -= reading is not None
        policy = self.policies.get_policy(policy_id)
        if self.turn.last_written(policy_id) is not None:
            times = _TIMES_DOUBTED_OF_LATE
        for _ in range(times):
            if policy is None or self._is_believable(policy, ours):
                break
            policy = self.policies.get_policy(policy_id)
        return None if policy is None else Reading(policy, self._clock())

    def write(self, reading: Reading, change: Change) -> None:
        """Write what rests on ``reading``, with the turn held.

        Raises OutdatedRead when our turn came too late for it, NotFound when the policy is gone.
        """
        latest = reading.moment + LONGEST_WAIT_SECONDS
        policy_id = reading.policy.id
        with self.turn.writing(policy_id, Written.of(reading.policy, change)):
            self.policies.write_exclusions(
                policy_id, change, in_time=lambda: self._clock() <= latest
            )
        self._wrote = True

    def _is_believable(self, policy: Policy, ours: Entries) -> bool:
        last = self.turn.last_written(policy.id)
        if last is not None:
            return last.is_known_to(policy)
        return not missing(live_entries(policy), ours)

    def _in_snapshot(self, policy_id: str, freshness: float) -> Reading | None:
        snapshot = self._snapshot
        if snapshot is None or self._clock() - snapshot.moment > freshness:
            moment = self._clock()

            def sent() -> None:
                nonlocal moment
                moment = self._clock()

            try:
                found = {policy.id: policy for policy in self.policies.list_policies(at_turn=sent)}
            except GraphError as error:
                if error.status != 200:
                    raise
                # One policy is no policy at all: the others can still be read by themselves.
                return None
            snapshot = self._snapshot = _Listing(found, moment)
        policy = snapshot.policies.get(policy_id)
        return None if policy is None else Reading(policy, snapshot.moment)


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
    """A session with the identity of the ARM_* variables. Raises IdentityError, LimiterError."""
    identity = Identity.from_environment()
    tenant_id, graph = identity.tenant_id, identity.endpoints.graph
    client = ConditionalAccessClient(GraphClient(identity), limiter_for(tenant_id, graph))
    return PolicySession(
        client,
        identity.graph_claims,
        write_turn_for(tenant_id, graph),
        journal_for(tenant_id, graph),
    )
