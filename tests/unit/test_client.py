from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest

from entra.client import ATTEMPTS, REFUSED_ATTEMPTS, UNREACHABLE_ATTEMPTS
from entra.errors import Forbidden, GraphError, NotFound
from entra.limiter import Turn
from tests.unit.graph_stub import StubGraph, ok, refusal

PATH = "/v1.0/organization"


class SharedPace:
    """A pace that others share: it says whether the service still answers any of them."""

    def __init__(self, *, hopeless: bool) -> None:
        self.hopeless = hopeless
        self.told: list[tuple[int, float | None]] = []
        self.pauses: list[float] = []

    @contextmanager
    def turn(self) -> Generator[Turn]:
        turn = Turn()
        yield turn
        self.told.append((turn.status, turn.retry_after))

    def postpone(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def is_hopeless(self) -> bool:
        return self.hopeless


def test_a_throttled_request_goes_on_for_as_long_as_the_service_answers_others() -> None:
    graph = StubGraph(*[refusal(429, "UnknownError")] * 60, ok({"id": "o"}))
    pace = SharedPace(hopeless=False)
    assert graph.client.get(PATH, pace=pace) == {"id": "o"}
    assert (len(pace.told), pace.pauses, graph.pauses) == (61, [], [])


def test_a_throttled_request_gives_up_after_some_tries_when_nobody_is_answered() -> None:
    graph = StubGraph(*[refusal(429, "UnknownError")] * 60)
    with pytest.raises(GraphError, match="429 UnknownError"):
        graph.client.get(PATH, pace=SharedPace(hopeless=True))
    assert len(graph.requests) == REFUSED_ATTEMPTS


def test_refusals_for_the_rate_do_not_use_up_the_tries_for_failures() -> None:
    answers = [refusal(429)] * 20 + [refusal(503)] * (ATTEMPTS - 1) + [ok({})]
    pace = SharedPace(hopeless=False)
    assert StubGraph(*answers).client.get(PATH, pace=pace) == {}
    assert pace.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_the_pace_is_told_the_outcome_and_retry_after_within_the_turn() -> None:
    graph = StubGraph(refusal(429, headers={"Retry-After": "7"}), ok({}))
    pace = SharedPace(hopeless=False)
    graph.client.get(PATH, pace=pace)
    assert pace.told == [(429, 7.0), (200, None)]


def test_throttling_without_retry_after_is_waited_out_in_doubling_steps() -> None:
    graph = StubGraph(*[refusal(429, "TooManyRequests")] * 4, ok({"id": "o"}))
    assert graph.client.get(PATH) == {"id": "o"}
    assert graph.pauses == [1.0, 2.0, 4.0, 8.0]


def test_retry_after_is_honoured() -> None:
    graph = StubGraph(refusal(429, headers={"Retry-After": "7"}), ok({}))
    graph.client.get(PATH)
    assert graph.pauses == [7.0]


def test_a_retry_after_beyond_the_total_bound_ends_at_once() -> None:
    graph = StubGraph(refusal(429, "TooManyRequests", headers={"Retry-After": "3600"}))
    with pytest.raises(GraphError, match="429 TooManyRequests"):
        graph.client.get(PATH)
    assert graph.pauses == []


def test_a_request_that_only_serves_a_message_is_worth_less_patience() -> None:
    graph = StubGraph(*[refusal(503)] * 9, patience=5.0)
    with pytest.raises(GraphError):
        graph.client.get("/v1.0/x")
    assert graph.pauses == [1.0, 2.0]


def test_patience_ends() -> None:
    graph = StubGraph(*[refusal(503, "serviceNotAvailable")] * ATTEMPTS)
    with pytest.raises(GraphError, match="503 serviceNotAvailable"):
        graph.client.get(PATH)
    assert sum(graph.pauses) <= 180


@pytest.mark.parametrize("status", [400, 409, 501])
def test_an_answer_that_will_not_change_is_not_asked_for_again(status: int) -> None:
    graph = StubGraph(refusal(status, "BadRequest", "no\nway"))
    with pytest.raises(GraphError, match=f"GET {PATH} answered {status} BadRequest: no way"):
        graph.client.get(PATH)


def test_not_found_and_forbidden_have_classes_of_their_own() -> None:
    graph = StubGraph(refusal(404, "Request_ResourceNotFound"), refusal(403, "AccessDenied"))
    with pytest.raises(NotFound):
        graph.client.get(PATH)
    with pytest.raises(Forbidden):
        graph.client.get(PATH)


def test_a_lost_connection_is_tried_again_and_then_told() -> None:
    graph = StubGraph(httpx.ConnectError("refused"), ok({"id": "o"}))
    assert graph.client.get(PATH) == {"id": "o"}
    gone = StubGraph(*[httpx.ConnectError("refused")] * UNREACHABLE_ATTEMPTS)
    with pytest.raises(GraphError, match="got no answer \\(no connection\\)"):
        gone.client.get(PATH)


def test_a_lost_answer_to_a_post_is_not_sent_twice() -> None:
    graph = StubGraph(httpx.ReadTimeout("lost"))
    with pytest.raises(GraphError, match="got no answer"):
        graph.client.post("/v1.0/users", {"a": 1})
    assert graph.calls == ["POST /v1.0/users"]


def test_a_lost_answer_to_a_patch_is_sent_again() -> None:
    graph = StubGraph(httpx.ReadTimeout("lost"), ok())
    graph.client.patch("/v1.0/x", {"a": 1})
    assert graph.calls == ["PATCH /v1.0/x"] * 2


def test_half_an_answer_is_asked_for_again() -> None:
    graph = StubGraph(httpx.Response(200, content=b'{"value": ['), ok({"value": []}))
    assert list(graph.client.pages("/v1.0/domains")) == []


def test_pages_are_followed_to_the_end() -> None:
    link = "https://graph.microsoft.com/v1.0/domains?$skiptoken=2"
    graph = StubGraph(
        ok({"value": [{"id": 1}], "@odata.nextLink": link}), ok({"value": [{"id": 2}]})
    )
    assert [page["id"] for page in graph.client.pages("/v1.0/domains", {"$top": "1"})] == [1, 2]
    assert str(graph.requests[1].url) == link


def test_our_token_is_not_carried_to_a_foreign_host() -> None:
    link = "https://graph.microsoft.com.evil.example/v1.0/domains"
    graph = StubGraph(ok({"value": [], "@odata.nextLink": link}))
    with pytest.raises(GraphError, match="elsewhere"):
        list(graph.client.pages("/v1.0/domains"))
    assert len(graph.requests) == 1


def test_a_listing_without_a_value_is_an_error_and_never_an_empty_listing() -> None:
    graph = StubGraph(ok({}))
    with pytest.raises(GraphError, match="no 'value'"):
        list(graph.client.pages("/v1.0/domains"))


def test_no_error_holds_the_token() -> None:
    graph = StubGraph(refusal(401, "InvalidAuthenticationToken", "expired"))
    with pytest.raises(Forbidden) as caught:
        graph.client.get(PATH)
    sent = graph.requests[0].headers["Authorization"].removeprefix("Bearer ")
    assert sent not in str(caught.value)
