"""The control face's log tables: any spelling of one that there is, a clear 404 for another."""

import pytest

from tests.sandbox.arm_manager import GROUP, WORKSPACE
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.seed_tenant import StillClock
from tests.sandbox.watched_tenant import setting_body
from tests.support.tenant import AT_ONCE, object_id, small_document

PLACE = {"location": "westeurope"}


@pytest.fixture
def watched() -> Dispatched:
    """A tenant with one workspace that holds one sign-in."""
    asked = Dispatched(small_document(), StillClock(), {**AT_ONCE, "logDelaySeconds": 0})
    for path in (GROUP, WORKSPACE):
        assert asked.ask("PUT", path, PLACE).status == 201
    body = setting_body("SignInLogs", workspace=WORKSPACE)
    setting = "/providers/microsoft.aadiam/diagnosticSettings/all"
    assert asked.ask("PUT", setting, body).status == 200
    sign_in = {"user": object_id("users/eve"), "app": "Azure Portal"}
    assert asked.ask("POST", "/sandbox/sign-ins", sign_in).status == 200
    return asked


@pytest.mark.parametrize("table", ["SigninLogs", "signinlogs", "SIGNINLOGS"])
@pytest.mark.parametrize("query", ["", f"?workspace={WORKSPACE}", f"?workspace={WORKSPACE}/"])
def test_a_table_and_a_workspace_are_known_in_any_case(
    watched: Dispatched, table: str, query: str
) -> None:
    for spelt in (query, query.upper().replace("?WORKSPACE", "?workspace")):
        answer = watched.ask("GET", f"/sandbox/logs/{table}{spelt}")
        assert answer.status == 200
        assert len(answer.body["value"]) == 1


def test_a_table_without_rows_is_empty(watched: Dispatched) -> None:
    answer = watched.ask("GET", "/sandbox/logs/AuditLogs")
    assert (answer.status, answer.body) == (200, {"value": []})


def test_an_unknown_table_is_told_with_those_that_there_are(watched: Dispatched) -> None:
    answer = watched.ask("GET", "/sandbox/logs/Nope")
    assert answer.status == 404
    message = answer.body["error"]["message"]
    assert "'Nope'" in message
    assert "SigninLogs" in message
    assert "AuditLogs" in message


def test_an_unknown_workspace_is_told_with_those_that_there_are(watched: Dispatched) -> None:
    answer = watched.ask("GET", "/sandbox/logs/SigninLogs?workspace=x")
    assert answer.status == 404
    assert WORKSPACE.lower() in answer.body["error"]["message"]


def test_rows_of_a_deleted_workspace_can_still_be_read(watched: Dispatched) -> None:
    assert watched.ask("DELETE", WORKSPACE).status == 200
    answer = watched.ask("GET", f"/sandbox/logs/SigninLogs?workspace={WORKSPACE}")
    assert len(answer.body["value"]) == 1


def test_without_any_workspace_the_refusal_says_so() -> None:
    asked = Dispatched(small_document(), StillClock())
    answer = asked.ask("GET", "/sandbox/logs/SigninLogs?workspace=x")
    assert answer.status == 404
    assert "none yet" in answer.body["error"]["message"]
