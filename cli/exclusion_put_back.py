"""Write back to policies what they had lost, and look whether it stands there.

Each write rests on a read of that moment, so what an administrator has changed meanwhile stays. A
replica of the directory may show for some seconds a policy as it was before a write: whether an
answer knows the write is judged as ``entra.write_turn`` does, and one that does not is asked for
again. What was written is told whatever fails later.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from cli.chosen_stack import ChosenStack, exported_state
from cli.failure import CommandFailed
from cli.policy_check import Finding
from cli.stack_state import deployment_of
from cli.tenant_access import identity_of
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.errors import EntraError, Forbidden, GraphError, NotFound, OutdatedRead
from entra.exclusion import Change, Entries, decide, live_entries, missing
from entra.limiter import limiter_for
from entra.permissions import WRITE_POLICIES, how_to_grant
from entra.policy import Policy
from entra.write_turn import REMEMBERED_SECONDS, WriteTurn, Written, write_turn_for

NOT_BEGUN: Final = "the run was stopped before"
LONGEST_WAIT_SECONDS: Final = 20.0
"""How old a read may be when the write that rests on it goes out."""
PAUSE_SECONDS: Final = 1.0
"""Between two looks at a policy whose write is not shown yet."""
_TIMES_READ: Final = 3
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class Fate:
    """What became of one policy that had lost its exclusion."""

    written: bool = False
    """The service took a write of ours."""
    is_back: bool = False
    """It excludes again, as far as is known."""
    is_gone: bool = False
    """There is no such policy any more."""
    why: str = ""
    """Why it is not back, or what else is to be known of it; in one line."""
    todo: str = ""
    """What to do about that; in one line."""
    attempt: Written | None = None
    """What a write of ours made of it, if it took effect."""


class Policies(Protocol):
    """What is asked of ``ConditionalAccessClient``."""

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None for 404."""
        ...

    def write_exclusions(
        self, policy_id: str, change: Change, *, in_time: Callable[[], bool]
    ) -> None:
        """Write complete exclusion lists."""
        ...


@dataclass(frozen=True)
class Writer:
    """The policies of a stack's tenant, and who may write them now."""

    policies: Policies
    turn: WriteTurn
    again: str
    """How to try once more, in words."""
    stopped: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def put_back(self, policy_id: str, lost: Entries) -> Fate:
        """Add what was lost to what the policy excludes now."""
        if self.stopped():
            return self.not_begun()
        attempt: Written | None = None
        try:
            with self.turn.held():
                for _ in range(_TIMES_READ):
                    latest = self.clock() + REMEMBERED_SECONDS
                    policy, is_known = self._read(policy_id, self.turn.last_written, latest)
                    if policy is None:
                        return self._gone()
                    if not is_known:
                        return self._not_shown_yet()
                    change = decide(live_entries(policy), lost, Entries(), Entries()).change
                    if change is None:
                        return Fate(is_back=True, why="somebody else has put it back meanwhile")
                    attempt = Written.of(policy, change)
                    try:
                        self._write(policy_id, change, attempt)
                    except OutdatedRead:
                        continue
                    return Fate(written=True, is_back=True, attempt=attempt)
                return self._others_first(f"it could not be written in time, {_TIMES_READ} times")
        except NotFound:
            return self._gone()
        except EntraError as error:
            fate = self._refused(error)
            if not error.in_doubt:
                return fate
            return replace(fate, why=f"{fate.why}; it may have been written", attempt=attempt)

    def look(self, policy_id: str, lost: Entries, fate: Fate, latest: float) -> Fate:
        """Whether what was written, or may have been, stands there now.

        What does not show the write is asked for again until `latest`, by the clock.
        """
        attempt = fate.attempt
        if attempt is None:
            return fate
        told = "written, and not looked at afterwards"
        try:
            if self.stopped():
                return replace(fate, why=fate.why or f"{told}: the run was stopped")
            policy, is_known = self._read(policy_id, lambda _: attempt, latest)
        except EntraError as error:
            return replace(fate, why=fate.why or f"{told}: {error}")
        if policy is None:
            return replace(self._gone(), written=fate.written)
        if not missing(live_entries(policy), lost):
            return Fate(written=True, is_back=True)
        if not is_known:
            return replace(fate, why=fate.why or "written; the service does not show it yet")
        if not fate.written:
            return fate
        return Fate(
            written=True,
            why="it was written and taken out again",
            todo="find out today who or what does that: the audit log names it",
        )

    def not_begun(self) -> Fate:
        """Of a policy that nobody has looked after."""
        return Fate(why=NOT_BEGUN, todo=self.again)

    def _read(
        self, policy_id: str, last: Callable[[str], Written | None], latest: float
    ) -> tuple[Policy | None, bool]:
        """A policy, and whether that answer knows the last write; asked for again until it does."""
        while True:
            policy = self.policies.get_policy(policy_id)
            written = last(policy_id)
            if policy is None or written is None or written.is_known_to(policy):
                return policy, True
            if self.stopped() or self.clock() >= latest:
                return policy, False
            self.sleep(PAUSE_SECONDS)

    def _write(self, policy_id: str, change: Change, attempt: Written) -> None:
        latest = self.clock() + LONGEST_WAIT_SECONDS
        with self.turn.writing(policy_id, attempt):
            self.policies.write_exclusions(
                policy_id, change, in_time=lambda: self.clock() <= latest
            )

    def _gone(self) -> Fate:
        return Fate(is_gone=True, why="the policy was deleted meanwhile: nothing to put back")

    def _not_shown_yet(self) -> Fate:
        if self.stopped():
            return self.not_begun()
        why = "another run wrote it a moment ago, and the service does not show that yet"
        return Fate(why=why, todo=self.again)

    def _others_first(self, why: str) -> Fate:
        others = "others use up the tenant's Conditional Access requests"
        return Fate(why=why, todo=f"{others}: once they are done, {self.again}")

    def _refused(self, error: EntraError) -> Fate:
        if isinstance(error, Forbidden):
            return Fate(why=error.message or error.code, todo=how_to_grant(WRITE_POLICIES))
        if isinstance(error, GraphError) and error.status == _TOO_MANY_REQUESTS:
            return self._others_first(str(error))
        if isinstance(error, GraphError) and (error.status == 0 or error.status >= _SERVER_ERROR):
            return Fate(why=str(error), todo=f"in some minutes, {self.again}")
        return Fate(why=str(error), todo=f"once that is mended or over, {self.again}")


def writer_of(stack: ChosenStack, stopped: Callable[[], bool]) -> Writer:
    """Who writes with the stack's ARM_* variables. Raises CommandFailed in one line."""
    try:
        identity = identity_of(stack)
        tenant, graph = identity.tenant_id, identity.endpoints.graph
        pace = limiter_for(tenant, graph, stack.environment)
        turn = write_turn_for(tenant, graph, stack.environment)
    except EntraError as error:
        raise CommandFailed(str(error)) from None
    policies = ConditionalAccessClient(GraphClient(identity), pace)
    return Writer(policies, turn, again_for(stack), stopped)


def again_for(stack: ChosenStack) -> str:
    """How to try once more, in words."""
    return f"run `breakglass ci restore --only {stack.name}` again"


def put_back(
    stack: ChosenStack,
    writer: Writer,
    exported: str,
    lost: Mapping[str, Finding],
    on_fate: Callable[[str, Fate], Any],
) -> None:
    """Write to each policy what it has lost, unless another run changes the stack since `exported`.

    `on_fate` hears what became of each, by policy id: after its write, and when it was looked at.
    """
    before, fates = deployment_of(exported), dict[str, Fate]()
    for policy_id, one in lost.items():
        fates[policy_id] = _one(stack, writer, before, policy_id, one.missing)
        on_fate(policy_id, fates[policy_id])
    latest = writer.clock() + REMEMBERED_SECONDS
    for policy_id, fate in fates.items():
        on_fate(policy_id, writer.look(policy_id, lost[policy_id].missing, fate, latest))


def _one(
    stack: ChosenStack, writer: Writer, before: Mapping[str, Any], policy_id: str, lost: Entries
) -> Fate:
    if writer.stopped():
        return writer.not_begun()
    try:
        # A run that is about to take the exclusion out has written its state before.
        another = deployment_of(exported_state(stack)) != before
    except CommandFailed as error:
        if writer.stopped():  # `pulumi` was told to end, and says so as an error
            return writer.not_begun()
        return Fate(why=str(error), todo=f"once that is mended or over, {writer.again}")
    if another:
        why = "another run changes this stack now: it has the word"
        return Fate(why=why, todo=f"wait for its end; then {writer.again}")
    return writer.put_back(policy_id, lost)
