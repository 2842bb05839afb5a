"""A tenant, its clock and the session of a provider's process, in virtual time."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from components.policy_session import PolicySession, Reading
from components.write_journal import WriteJournal
from entra.errors import EntraError, GraphError, OutdatedRead
from entra.exclusion import Change, Entries
from entra.policy import Policy
from entra.write_turn import WriteTurn
from tests.unit.graph_stub import policy_document

FRESH = 15.0
SECONDS_A_TURN = 1.0
"""From the end of a request to the next one's turn."""
SECONDS_A_REQUEST = 1.1
"""The wait for its turn, and its answer."""
NOTHING = Entries()


class Clock:
    """Everybody's time of day."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Tenant:
    """Policies; each request takes its turn and its time."""

    def __init__(self, clock: Clock, count: int = 3, seconds: float = SECONDS_A_REQUEST) -> None:
        self.clock = clock
        self.seconds = seconds
        """What a request takes, with the wait for its turn."""
        self.policies: dict[str, Policy] = {}
        for number in range(count):
            self.edit(f"p{number}", ())
        self.calls: list[str] = []
        self.listing_error: GraphError | None = None
        self.waits: list[float] = []
        """How long the next writes wait for their turn."""
        self.refusals: list[EntraError] = []
        """What the next writes are refused with."""
        self.in_doubt: list[EntraError] = []
        """How the next writes end, though an unanswered attempt of theirs took effect."""
        self.stale: list[Policy] = []
        """What lagging replicas answer to the next reads of a policy by itself."""

    def list_policies(self, *, at_turn: Callable[[], None] = lambda: None) -> list[Policy]:
        self._request("LIST", at_turn)
        if self.listing_error is not None:
            raise self.listing_error
        return list(self.policies.values())

    def get_policy(self, policy_id: str) -> Policy | None:
        self._request(f"GET {policy_id}")
        return self.stale.pop(0) if self.stale else self.policies.get(policy_id)

    def write_exclusions(
        self, policy_id: str, change: Change, *, in_time: Callable[[], bool]
    ) -> None:
        self.clock.now += self.waits.pop(0) if self.waits else 0
        if not in_time():
            raise OutdatedRead("it was read too long ago to be written now")
        self._request(f"PATCH {policy_id}")
        if self.refusals:
            raise self.refusals.pop(0)
        self.edit(policy_id, change.exclude_groups or ())
        if self.in_doubt:
            error = self.in_doubt.pop(0)
            error.in_doubt = True
            raise error

    def edit(self, policy_id: str, groups: tuple[str, ...]) -> None:
        known = self.policies.get(policy_id)
        name = known.display_name if known else "MFA for everybody"
        document = policy_document(policy_id, name, users={"excludeGroups": list(groups)})
        document["modifiedDateTime"] = datetime.fromtimestamp(self.clock.now, UTC).isoformat()
        self.policies[policy_id] = Policy.from_document(document)

    def _request(self, call: str, at_turn: Callable[[], None] = lambda: None) -> None:
        self.clock.now += SECONDS_A_TURN
        at_turn()
        self.clock.now += self.seconds - SECONDS_A_TURN
        self.calls.append(call)


class Scene:
    """A tenant and the session of a process."""

    def __init__(self, folder: Path, count: int = 3, seconds: float = SECONDS_A_REQUEST) -> None:
        self.clock = Clock()
        self.tenant = Tenant(self.clock, count, seconds)
        self.folder = folder
        self.session = self.another()
        self.claims: dict[str, object] = {"tid": "t"}

    def another(self) -> PolicySession:
        return PolicySession(
            self.tenant,
            lambda: self.claims,
            WriteTurn("t", folder=self.folder, clock=self.clock),
            WriteJournal(self.folder / "journal"),
            clock=self.clock,
        )

    def read(self, policy_id: str, freshness: float = FRESH, ours: Entries = NOTHING) -> Reading:
        found = self.session.read_for_write(policy_id, freshness, ours)
        assert found is not None
        return found

    def write(self, policy_id: str, freshness: float = FRESH, group: str = "g") -> None:
        reading = self.read(policy_id, freshness)
        groups = (*reading.policy.exclude_groups, group)
        self.session.write(reading, Change(groups, None))
