"""Conditional Access policies: list, get, and write their exclusion lists, at the tenant's pace.

Source: Microsoft Graph documentation, "List policies", "Update conditionalaccesspolicy". A PATCH
replaces whole arrays and keeps what it does not name, so a write holds the complete exclusion
lists and nothing else. Errors: ``GraphError`` (see ``entra.errors``).
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from entra.client import GraphClient
from entra.errors import EntraError, GraphError, NotFound, OutdatedRead
from entra.exclusion import Change
from entra.limiter import Pace, Turn
from entra.policy import Policy as Policy

_POLICIES = "identity/conditionalAccess/policies"
# A tenant holds at most 195 policies, so the largest page is the whole listing.
_PAGE_SIZE = "999"
# A replica of the directory may not know yet, for some seconds, what another one knows. The pace
# puts the seconds between the requests.
_TIMES_ASKED = 4
# "This policy uses features that are only available in the beta version."
_BETA_ONLY = "1038"
# The one refusal of which the service itself is not sure.
_TIMED_OUT = 408


class ConditionalAccessClient:
    """Every request waits for its turn in ``pace``, which is shared by all processes.

    A policy that only beta takes is asked for and written there from then on.
    """

    def __init__(self, graph: GraphClient, pace: Pace) -> None:
        self._graph = graph
        self._pace = pace
        self._beta_only: set[str] = set()

    def list_policies(self, *, at_turn: Callable[[], None] = lambda: None) -> list[Policy]:
        """All policies, in any state; mostly one request.

        ``at_turn`` is called when our turn has come, right before the request is sent, and again
        before each repetition: the last call is the moment from which the listing's age counts.
        """
        path = f"/v1.0/{_POLICIES}"
        pace = _Announced(self._pace, at_turn)
        pages = self._graph.pages(path, {"$top": _PAGE_SIZE}, pace=pace)
        return [Policy.from_document(document) for document in pages]

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy as it is now; None when the service says that it does not exist.

        It has to say so four times, a turn of the pace apart: a single 404 may come from a replica
        that does not know yet a policy that was made a moment ago.
        """
        for _ in range(_TIMES_ASKED):
            with suppress(NotFound):
                return Policy.from_document(
                    self._either_version("GET", policy_id, None, self._pace)
                )
        return None

    def write_exclusions(
        self, policy_id: str, change: Change, *, in_time: Callable[[], bool] = lambda: True
    ) -> None:
        """Write the complete lists of ``change``.

        ``in_time`` is asked each time that our turn has come, also after the pauses that a
        throttled request has to make. Raises OutdatedRead when it says no, NotFound when the
        policy is gone. An error is ``in_doubt`` when an attempt before it, or the last one, may
        have taken effect.
        """
        users: dict[str, Sequence[str]] = {}
        if change.exclude_groups is not None:
            users["excludeGroups"] = list(change.exclude_groups)
        if change.exclude_users is not None:
            users["excludeUsers"] = list(change.exclude_users)
        body = {"conditions": {"users": users}}
        pace = _InTime(self._pace, in_time)
        try:
            self._either_version("PATCH", policy_id, body, pace)
        except EntraError as error:
            error.in_doubt = pace.in_doubt
            raise

    def _either_version(
        self, method: str, policy_id: str, body: dict[str, Any] | None, pace: Pace
    ) -> dict[str, Any]:
        path = f"{_POLICIES}/{policy_id}"
        if policy_id not in self._beta_only:
            try:
                return self._graph.request(method, f"/v1.0/{path}", body=body, pace=pace)
            except GraphError as error:
                if not _is_beta_only(error):
                    raise
            self._beta_only.add(policy_id)
        return self._graph.request(method, f"/beta/{path}", body=body, pace=pace)


class _Announced:
    """A pace that tells of each turn up to the one that gets the first page."""

    def __init__(self, pace: Pace, at_turn: Callable[[], None]) -> None:
        self._pace = pace
        self._at_turn = at_turn
        self._answered = False

    @contextmanager
    def turn(self) -> Generator[Turn]:
        with self._pace.turn() as turn:
            if not self._answered:
                self._at_turn()
            yield turn
            self._answered |= 200 <= turn.status < 300

    def postpone(self, seconds: float) -> None:
        self._pace.postpone(seconds)

    def is_hopeless(self) -> bool:
        return self._pace.is_hopeless()


class _InTime:
    """A pace whose turn is let go by, without a request, once it comes too late.

    ``in_doubt``: a request may have taken effect, because no answer said that it was refused.
    """

    def __init__(self, pace: Pace, in_time: Callable[[], bool]) -> None:
        self._pace = pace
        self._in_time = in_time
        self.in_doubt = False

    @contextmanager
    def turn(self) -> Generator[Turn]:
        with self._pace.turn() as turn:
            if not self._in_time():
                turn.let_go = True
                raise OutdatedRead("the policy was read too long ago to be written now")
            try:
                yield turn
            finally:
                self.in_doubt |= not 400 <= turn.status < 500 or turn.status == _TIMED_OUT

    def postpone(self, seconds: float) -> None:
        self._pace.postpone(seconds)

    def is_hopeless(self) -> bool:
        return self._pace.is_hopeless()


def _is_beta_only(error: GraphError) -> bool:
    return error.status == 400 and (
        error.code == _BETA_ONLY or error.message.startswith(f"{_BETA_ONLY}:")
    )
