"""The stack's own state is read although the engine may be writing it."""

from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.stack_memory import PAUSE_SECONDS, TRIES, earlier_outputs

HALF_WRITTEN = "invocation of readStackResourceOutputs returned an error: failed to load checkpoint"
STATE = {
    "outputs": {
        "urn:a": {"type": "wanted", "outputs": {"policyId": "1"}},
        "urn:b": {"type": "another", "outputs": {"policyId": "2"}},
    }
}


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine says to the next reads; then it answers."""
    waiting: list[str] = []

    def invoke(token: str, arguments: dict[str, Any]) -> Any:
        if waiting:
            raise Exception(waiting.pop(0))  # noqa: TRY002  (so does the SDK)
        return SimpleNamespace(value=STATE)

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    return waiting


def test_outputs_of_one_type_are_found_by_urn(refusals: list[str]) -> None:
    assert earlier_outputs()("wanted") == {"urn:a": {"policyId": "1"}}


def test_a_state_that_is_being_written_is_read_again(refusals: list[str]) -> None:
    refusals += [f"{HALF_WRITTEN}: EOF", f"{HALF_WRITTEN}: unexpected end of JSON input"]
    slept: list[float] = []
    assert earlier_outputs(sleep=slept.append)("wanted") == {"urn:a": {"policyId": "1"}}
    assert slept == [PAUSE_SECONDS] * 2


def test_a_state_that_stays_unreadable_is_an_error(refusals: list[str]) -> None:
    refusals += [HALF_WRITTEN] * TRIES
    slept: list[float] = []
    with pytest.raises(Exception, match="failed to load checkpoint"):
        earlier_outputs(sleep=slept.append)("wanted")
    assert len(slept) == TRIES - 1


def test_any_other_error_is_raised_at_once(refusals: list[str]) -> None:
    refusals.append("the engine has gone")
    with pytest.raises(Exception, match="the engine has gone"):
        earlier_outputs(sleep=_must_not_wait)("wanted")


def test_what_the_run_itself_has_changed_is_not_taken_for_what_was_before(
    refusals: list[str],
) -> None:
    memory = earlier_outputs()
    assert memory("wanted") == {"urn:a": {"policyId": "1"}}
    refusals.append("the state is not to be read again")
    assert memory("wanted") == {"urn:a": {"policyId": "1"}}
    assert memory("another") == {"urn:b": {"policyId": "2"}}


def _must_not_wait(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s")
