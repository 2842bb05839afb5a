"""A Graph that answers from a list, and an identity without a login service."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from entra.client import TOTAL_DELAY_SECONDS, GraphClient
from entra.endpoints import CLOUDS, Endpoints

TENANT = "11111111-1111-4111-8111-111111111111"
Answer = httpx.Response | Exception
Handler = Callable[[httpx.Request], Answer]


class StubIdentity:
    """Has a token, asks nobody for it."""

    tenant_id = TENANT
    endpoints: Endpoints = CLOUDS["public"]
    certificates = None

    def graph_token(self) -> str:
        return token({"tid": TENANT})


class StubGraph:
    """Answers in turn; keeps every request and every pause."""

    def __init__(self, *answers: Answer, patience: float = TOTAL_DELAY_SECONDS) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.client = GraphClient(
            StubIdentity(),
            sleep=self.pauses.append,
            transport=httpx.MockTransport(self._handle),
            patience=patience,
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def body(self, number: int = -1) -> Any:
        return json.loads(self.requests[number].content)


def ok(document: Mapping[str, Any] | None = None) -> httpx.Response:
    return httpx.Response(204) if document is None else httpx.Response(200, json=document)


def refusal(
    status: int, code: str = "", message: str = "", headers: Mapping[str, str] | None = None
) -> httpx.Response:
    body = {"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}
    return httpx.Response(status, json=body, headers=headers)


def token(claims: Mapping[str, Any]) -> str:
    def part(value: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.signature"


def policy_document(
    policy_id: str = "p1",
    name: str = "MFA for everybody",
    *,
    users: Mapping[str, Any] | None = None,
    grant: tuple[str, ...] = ("mfa",),
    **more: Any,
) -> dict[str, Any]:
    conditions = {"users": {"includeUsers": ["All"], **(users or {})}, **more.pop("conditions", {})}
    return {
        "id": policy_id,
        "displayName": name,
        "state": "enabled",
        "conditions": conditions,
        "grantControls": {"operator": "OR", "builtInControls": list(grant)},
        **more,
    }
