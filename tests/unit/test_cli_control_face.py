"""The command's client of the control face, against answers as the tenant gives them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.control_face import ControlFace, Policy
from cli.failure import CommandFailed


def face(answer: Callable[[httpx.Request], httpx.Response]) -> ControlFace:
    return ControlFace(
        "https://localhost:1", Path("none.pem"), transport=httpx.MockTransport(answer)
    )


def sign_in_answer(decision: str, *grants: tuple[str, list[str]]) -> dict[str, Any]:
    return {
        "decision": decision,
        "user": "a@b.c",
        "app": "Azure Portal",
        "policiesApplied": [
            {"id": name, "displayName": name, "grantControls": controls, "sessionControls": []}
            for name, controls in grants
        ],
        "policies": [],
        "notEvaluated": [],
        "platformAsks": None,
        "resultType": "0",
        "table": "SigninLogs",
        "row": {},
    }


DECISIONS: list[tuple[str, list[tuple[str, list[str]]], str | None]] = [
    ("mfa", [("Session", []), ("Ask", ["mfa"])], "Ask"),
    ("blocked", [("Ask", ["mfa"]), ("Stop", ["block"])], "Stop"),
    ("allowed", [("Session", [])], None),
]


@pytest.mark.parametrize(("decision", "grants", "policy"), DECISIONS)
def test_the_deciding_policy_is_the_one_whose_control_decided(
    decision: str, grants: list[tuple[str, list[str]]], policy: str | None
) -> None:
    answer = face(lambda _: httpx.Response(200, json=sign_in_answer(decision, *grants)))
    assert answer.sign_in(user="a@b.c").deciding_policy() == policy


def test_a_refusal_is_one_line_with_status_and_reason() -> None:
    refusal = {"error": {"code": "ResourceNotFound", "message": "User 'x' does not exist."}}
    with pytest.raises(CommandFailed, match=r"refused POST .* 404 User 'x' does not exist") as info:
        face(lambda _: httpx.Response(404, json=refusal)).sign_in(user="x")
    assert "\n" not in str(info.value)


def test_a_tenant_that_does_not_answer_is_said_with_the_way_out() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(CommandFailed, match="breakglass sandbox start"):
        face(refuse).health()


def test_a_policy_is_saved_again_under_its_own_id() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    face(answer).change_policy("7f", {"state": "disabled"})
    (request,) = seen
    assert (request.method, request.url.path) == (
        "PATCH",
        "/sandbox/conditional-access/policies/7f",
    )
    assert request.content == b'{"state":"disabled"}'


def test_only_requests_of_clients_to_policies_are_counted_as_such() -> None:
    path = "/v1.0/identity/conditionalAccess/policies"
    log = [
        {"number": 1, "method": "GET", "path": path, "status": 200},
        {"number": 2, "method": "PATCH", "path": f"{path}/x", "status": 204, "actor": "app"},
        {"number": 3, "method": "PATCH", "path": path, "status": 204, "actor": "administrator"},
        {"number": 4, "method": "GET", "path": "/v1.0/users", "status": 200},
    ]
    tenant = face(lambda _: httpx.Response(200, json={"value": log}))
    assert [entry.number for entry in tenant.requests() if entry.on_policies] == [1, 2]
    assert [entry.number for entry in tenant.requests(after=3)] == [4]
    assert tenant.last_request() == 4


def test_a_policy_says_what_it_asks_for_and_whom_it_leaves_out() -> None:
    policy = Policy.model_validate(
        {
            "id": "1",
            "displayName": "P",
            "state": "enabled",
            "conditions": {"users": {"excludeGroups": ["g"]}},
            "grantControls": {"builtInControls": ["mfa"], "authenticationStrength": None},
        }
    )
    assert policy.asks() == "mfa"
    assert policy.excludes_group("g")
    assert not policy.excludes_group("h")
