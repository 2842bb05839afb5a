"""Make one policy's exclusion lists right: read, decide, write, all in one turn.

A policy that Microsoft keeps ("Microsoft-managed: …") may have its exclusions edited in the portals
(Microsoft Learn, "Microsoft-managed Conditional Access policies"); whether Microsoft Graph takes
them from an application is not documented. If it refuses, that is told and kept in the stack's
state, and the other policies go on. Any other policy that refuses is an error: it would stop the
accounts.

    PolicyExclusionError   a policy could not be read or written: which one, why, how to fix it
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard

import pulumi

from components.exclusion_state import ExclusionState, pending_lines
from components.policy_session import PolicySession, Reading, current_session
from entra.errors import EntraError, Forbidden, GraphError, NotFound, OutdatedRead
from entra.exclusion import Change, Entries, decide, live_entries
from entra.exclusion import missing as lacking_in
from entra.permissions import WRITE_POLICIES, how_to_grant
from entra.policy import told

_BY_HAND = "in the Entra admin centre (Conditional Access → the policy → Users → Exclude)"
# A policy is read anew when the turn to write it came too late for the read.
_TIMES_READ = 5
# A refusal may pass: a replica of the directory need not know a group made seconds ago.
_TIMES_REFUSED = 3


class PolicyExclusionError(Exception):
    """A policy could not be read or written: which one, what happened, how to fix it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one policy."""

    added: Entries
    """What in it is ours."""
    put_back: bool = False
    """Something that the state says we put there had to be put there once more."""
    refused: str = ""
    """Why the service does not let us exclude; "" when it does."""
    refused_of: str = ""
    """Which version of the policy refused."""


@dataclass(frozen=True)
class _Task:
    """What to do with one policy, and by what connection."""

    session: PolicySession
    state: ExclusionState
    wanted: Entries
    saved: Entries | None
    """What the state says is ours; None when the stack has no state of the policy."""
    departing: Entries

    @property
    def noted(self) -> Entries:
        """What a run that was killed, or a write whose fate is unknown, may have put there too."""
        return self.session.journal.noted(self.state.stack, self.state.policy_id, self.saved)

    @property
    def ours(self) -> Entries:
        """All that may be ours, as far as is known now."""
        return (self.saved or Entries()) | self.noted

    def note(self, added: Entries) -> None:
        stack, policy_id = self.state.stack, self.state.policy_id
        self.session.journal.note(stack, policy_id, added, before=self.saved)


def exclude(state: ExclusionState, saved: Entries | None, *, departing: Entries) -> Outcome:
    """Exclude what ``state`` wants; take out what else is ours, and what departs with the stack.

    ``saved``: what the last run's state says is ours; None when there was none. Raises
    PolicyExclusionError.
    """
    with _one_line(state):
        session = current_session()
        return _done(_Task(session, state, state.wanted, saved, departing))


def undo(state: ExclusionState) -> None:
    """Take out what is ours, and always the objects that go away with the stack.

    Raises PolicyExclusionError.
    """
    with _one_line(state):
        task = _Task(current_session(), state, Entries(), state.added, state.stack_objects)
        if state.refused and not task.ours and not _stands_there(task):
            return
        _done(task)
        task.session.journal.forget(state.stack, state.policy_id)


def _done(task: _Task) -> Outcome:
    if not (task.wanted or task.ours or task.departing):
        return Outcome(Entries())
    task.session.check_tenant(task.state.tenant_id)
    with task.session.turn.held():
        for _ in range(_TIMES_READ - 1):
            try:
                return _make_right(task)
            except OutdatedRead:
                continue
        return _make_right(task)


def _make_right(task: _Task) -> Outcome:
    session, state, wanted = task.session, task.state, task.wanted
    noted, ours = task.noted, task.ours
    reading = session.read_for_write(state.policy_id, state.freshness_seconds, ours - wanted)
    if reading is None:
        # Deleted by its owner, so there is nothing to exclude from. Should it only hide behind a
        # lagging replica, the component's proof over all policies finds it.
        return Outcome(ours & wanted)
    decision = decide(live_entries(reading.policy), wanted, ours, task.departing)
    if decision.change is None:
        task.note(decision.added if noted else Entries())
        return Outcome(decision.added)
    # What is noted stays so until nothing that we take out can still be there.
    task.note(noted | decision.added)
    try:
        _write(session, reading, decision.change)
    except EntraError as error:
        if error.in_doubt:
            ours |= decision.added
        else:
            task.note(noted)
        if isinstance(error, NotFound):
            return Outcome(ours & wanted)
        if not _refuses(error, session, reading):
            raise
        return _refusal(task, ours, reading, error)
    if noted - decision.added:
        task.note(decision.added)
    return Outcome(decision.added, put_back=bool(decision.lost & (task.saved or Entries())))


def _write(session: PolicySession, reading: Reading, change: Change) -> None:
    """Write; a policy refuses only if it does so each time, a turn of the pace apart.

    Raises what the last attempt raised, ``in_doubt`` if any attempt is.
    """
    in_doubt = False
    for times_left in reversed(range(_TIMES_REFUSED)):
        try:
            session.write(reading, change)
        except EntraError as error:
            in_doubt = error.in_doubt = in_doubt or error.in_doubt
            if not times_left or not _refuses(error, session, reading):
                raise
        else:
            return


def _refuses(error: EntraError, session: PolicySession, reading: Reading) -> TypeGuard[GraphError]:
    """Whether it is this policy that refuses, and no permission or licence that is missing."""
    if not isinstance(error, GraphError) or not reading.policy.is_microsoft_managed:
        return False
    return error.status == 400 or (
        error.status == 403 and session.may_write() and not _is_about_licences(error)
    )


def _refusal(task: _Task, ours: Entries, reading: Reading, error: GraphError) -> Outcome:
    """What is told of a refusal. Raises PolicyExclusionError where something had to leave."""
    state, live = task.state, live_entries(reading.policy)
    refusal = "kept by Microsoft, and the service refuses to change its exclusions"
    words = f"{error.status} {error.code}: {error.message}".rstrip(": ")
    leaving = live & ((ours | task.departing) - task.wanted)
    if leaving:
        names = ", ".join(
            state.labels.get(entry, entry) for entry in (*leaving.groups, *leaving.users)
        )
        raise PolicyExclusionError(
            f"{state.title} is {refusal} ({told(words)}), so {names} still stands there: stop"
            f" excluding it by hand {_BY_HAND} and run again; a deleted object must not stay in a"
            " policy"
        )
    missing = ", ".join(pending_lines(lacking_in(live, task.wanted), state.labels))
    reason = f"{refusal} ({told(words)}): {missing} by hand {_BY_HAND}, or switch the policy off"
    pulumi.log.warn(f"{state.title} is {reason}")
    added = ours & task.wanted if error.in_doubt else ours & task.wanted & live
    return Outcome(added, refused=reason, refused_of=reading.policy.modified)


def _stands_there(task: _Task) -> bool:
    """Whether somebody excluded by hand what the service did not let us exclude.

    That a policy cannot be read which has nothing of ours must not stop the stack's end.
    """
    if not task.departing:
        return False
    state, session = task.state, task.session
    session.check_tenant(state.tenant_id)
    try:
        with session.turn.held():
            reading = session.read_for_write(state.policy_id, state.freshness_seconds, Entries())
    except GraphError as error:
        pulumi.log.warn(
            f"{state.title} never let us exclude anybody, and could not be read now: {error};"
            f" should somebody have done it by hand, undo it {_BY_HAND}"
        )
        return False
    return reading is not None and bool(live_entries(reading.policy) & task.departing)


@contextmanager
def _one_line(state: ExclusionState) -> Generator[None]:
    """Every error as one line that names the policy and says what to do."""
    try:
        yield
    except OutdatedRead as error:
        raise PolicyExclusionError(
            f"{state.title} was not changed: {error}, {_TIMES_READ} times: others use up the"
            " tenant's Conditional Access requests; run `pulumi up` again when they are done"
        ) from None
    except GraphError as error:
        lacking = current_session().lacking_permissions()
        raise PolicyExclusionError(f"{state.title} {_what_to_do(error, lacking)}") from None
    except EntraError as error:
        raise PolicyExclusionError(f"{state.title}: {error}") from None


def _what_to_do(error: GraphError, lacking: Sequence[str]) -> str:
    """``lacking``: what our token does not have of what a write takes."""
    reason = error.message or error.code
    if _is_about_licences(error):
        return (
            f"may not be changed: {reason}; the tenant's licences do not cover it: renew them, or"
            " name it under break-glass:exclusion skip if it may stop the accounts"
        )
    if isinstance(error, Forbidden) and lacking:
        return f"may not be changed: {reason}; {how_to_grant(lacking)}"
    if isinstance(error, Forbidden):
        return (
            f"may not be changed: {reason}; the application has the permissions"
            f" {', '.join(WRITE_POLICIES)}, so something else refuses: if they were granted minutes"
            f" ago, run `pulumi up` again later; else change the policy by hand {_BY_HAND}, or name"
            " it under break-glass:exclusion skip if it may stop the accounts"
        )
    return f"was not changed: {error}; run `pulumi up` again, it goes on here"


def _is_about_licences(error: GraphError) -> bool:
    """Microsoft Graph has one code, AccessDenied, for this and for a missing permission."""
    return "licen" in error.message.casefold()
