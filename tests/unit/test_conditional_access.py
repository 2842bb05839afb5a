from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from entra.conditional_access import ConditionalAccessClient
from entra.endpoints import CLOUDS
from entra.errors import GraphError, NotFound, OutdatedRead
from entra.exclusion import Change
from entra.limiter import Limiter, Turn
from entra.policy import Policy
from tests.unit.graph_stub import Answer, StubGraph, ok, policy_document, refusal

PATH = "/v1.0/identity/conditionalAccess/policies"


class Pace:
    """Counts turns and pauses, keeps what each turn was told."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.pauses: list[float] = []

    @property
    def turns(self) -> int:
        return len(self.told)

    @contextmanager
    def turn(self) -> Generator[Turn]:
        turn = Turn()
        yield turn
        self.told.append(turn.status)

    def postpone(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def is_hopeless(self) -> bool:
        return False


def clients(*answers: Answer) -> tuple[ConditionalAccessClient, StubGraph, Pace]:
    graph, pace = StubGraph(*answers), Pace()
    return ConditionalAccessClient(graph.client, pace), graph, pace


def test_a_listing_asks_for_the_largest_page_and_waits_for_its_turn() -> None:
    policies, graph, pace = clients(ok({"value": [policy_document("a"), policy_document("b")]}))
    assert [policy.id for policy in policies.list_policies()] == ["a", "b"]
    assert graph.requests[0].url.params["$top"] == "999"
    assert pace.turns == 1


def test_throttling_makes_everybody_wait_by_the_shared_pace() -> None:
    policies, graph, pace = clients(refusal(429, "UnknownError"), ok({"value": []}))
    assert policies.list_policies() == []
    assert (pace.told, pace.pauses, graph.pauses) == ([429, 200], [], [])


def test_a_listing_tells_the_moment_of_the_request_that_brought_its_first_page() -> None:
    first = {"value": [policy_document("a")], "@odata.nextLink": f"{CLOUDS['public'].graph}/next"}
    answers = [refusal(429, "UnknownError"), ok(first), ok({"value": [policy_document("b")]})]
    policies, _, pace = clients(*answers)
    told: list[int] = []
    assert len(policies.list_policies(at_turn=lambda: told.append(pace.turns))) == 2
    assert (told, pace.told) == ([0, 1], [429, 200, 200])


def test_only_repeated_404s_mean_that_a_policy_is_gone() -> None:
    gone = [refusal(404, "ResourceNotFound")] * 4
    policies, _, pace = clients(*gone, refusal(403, "AccessDenied"))
    assert policies.get_policy("p") is None
    assert pace.turns == 4
    with pytest.raises(GraphError):
        policies.get_policy("p")


def test_a_policy_that_a_lagging_replica_does_not_know_yet_is_found() -> None:
    unknown = [refusal(404, "ResourceNotFound")] * 3
    policies, _, _ = clients(*unknown, httpx.Response(200, json=policy_document("p")))
    found = policies.get_policy("p")
    assert found is not None
    assert found.id == "p"


def test_a_write_holds_complete_lists_and_nothing_else() -> None:
    policies, graph, _ = clients(ok())
    policies.write_exclusions("p", Change(("f", "g"), ()))
    assert graph.calls == [f"PATCH {PATH}/p"]
    users = {"excludeGroups": ["f", "g"], "excludeUsers": []}
    assert graph.body() == {"conditions": {"users": users}}


def test_a_list_that_stays_is_not_sent() -> None:
    policies, graph, _ = clients(ok())
    policies.write_exclusions("p", Change(None, ("u",)))
    assert graph.body() == {"conditions": {"users": {"excludeUsers": ["u"]}}}


@pytest.mark.parametrize(("code", "message"), [("1038", ""), ("BadRequest", "1038: preview")])
def test_a_policy_with_preview_features_is_written_through_beta(code: str, message: str) -> None:
    policies, graph, _ = clients(refusal(400, code, message), ok())
    policies.write_exclusions("p", Change(("g",), None))
    assert graph.calls[-1] == "PATCH /beta/identity/conditionalAccess/policies/p"


def test_what_once_said_that_only_beta_knows_it_is_asked_there_at_once() -> None:
    found = httpx.Response(200, json=policy_document("p"))
    policies, graph, _ = clients(refusal(400, "1038"), found, ok(), found)
    policies.get_policy("p")
    policies.write_exclusions("p", Change(("g",), None))
    policies.get_policy("other")
    assert [call.split("/")[1] for call in graph.calls] == ["v1.0", "beta", "beta", "v1.0"]


def test_a_write_that_comes_too_late_for_its_read_is_not_sent() -> None:
    policies, graph, _ = clients(refusal(429, "UnknownError"))
    in_time = iter([True, False])
    with pytest.raises(OutdatedRead):
        policies.write_exclusions("p", Change(("g",), None), in_time=lambda: next(in_time))
    assert (len(graph.calls), list(in_time)) == (1, [])


def test_a_write_that_is_let_go_by_is_no_request_for_the_pace(tmp_path: Path) -> None:
    pauses: list[float] = []
    pace = Limiter(
        "t", interval=1.0, folder=tmp_path, sleep=pauses.append, clock=lambda: 1_000_000.0
    )
    policies = ConditionalAccessClient(StubGraph(ok({"value": []})).client, pace)
    with pytest.raises(OutdatedRead):
        policies.write_exclusions("p", Change(("g",), None), in_time=lambda: False)
    policies.list_policies()
    assert pauses == []


def test_another_refusal_is_not_tried_on_beta() -> None:
    policies, graph, _ = clients(refusal(400, "1007", "1007: no"))
    with pytest.raises(GraphError, match="1007"):
        policies.write_exclusions("p", Change(("g",), None))
    assert len(graph.calls) == 1


def test_writing_to_a_policy_that_is_gone_says_so() -> None:
    policies, _, _ = clients(refusal(404, "ResourceNotFound"))
    with pytest.raises(NotFound):
        policies.write_exclusions("p", Change(("g",), None))


def test_a_policy_keeps_the_whole_document() -> None:
    document = policy_document(somethingNew={"a": 1})
    policies, _, _ = clients(httpx.Response(200, json=document))
    policy = policies.get_policy("p1")
    assert policy is not None
    assert policy.document == document


def test_nulls_where_nothing_is_chosen_are_read_as_nothing() -> None:
    users = {"includeUsers": None, "excludeGroups": None}
    policy = Policy.from_document({"id": "p", "displayName": None, "conditions": {"users": users}})
    assert (policy.display_name, policy.exclude_groups) == ("", ())


def test_what_is_not_a_policy_is_told_with_its_name() -> None:
    with pytest.raises(GraphError, match=r"policy 'X': conditions\.users\.includeUsers"):
        Policy.from_document(
            {"id": "p", "displayName": "X", "conditions": {"users": {"includeUsers": 3}}}
        )


DROPPED = httpx.ReadTimeout("30 s")


@pytest.mark.parametrize(
    ("answers", "in_doubt"),
    [
        ([refusal(403, "AccessDenied")], False),
        ([refusal(429, "UnknownError"), refusal(400, "BadRequest")], False),
        ([refusal(504, "GatewayTimeout"), refusal(403, "AccessDenied")], True),
        ([refusal(408, "Timeout"), refusal(404, "ResourceNotFound")], True),
        ([DROPPED, refusal(400, "BadRequest")], True),
        ([DROPPED] * 4, True),
        ([refusal(504, "GatewayTimeout"), refusal(400, "1038"), refusal(400, "No")], True),
    ],
)
def test_an_error_is_in_doubt_after_an_attempt_that_may_have_taken_effect(
    answers: list[Answer], in_doubt: bool
) -> None:
    policies, _, _ = clients(*answers)
    with pytest.raises(GraphError) as caught:
        policies.write_exclusions("p", Change(("g",), None))
    assert caught.value.in_doubt is in_doubt


@pytest.mark.parametrize("attempts", [0, 1])
def test_a_turn_that_comes_too_late_is_in_doubt_once_something_was_sent(attempts: int) -> None:
    policies, graph, _ = clients(refusal(504, "GatewayTimeout"))
    with pytest.raises(OutdatedRead) as caught:
        policies.write_exclusions(
            "p", Change(("g",), None), in_time=lambda: len(graph.calls) < attempts
        )
    assert caught.value.in_doubt is bool(attempts)
