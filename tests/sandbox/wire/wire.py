"""Plays steps against a tenant as the providers' HTTP libraries do: encoding, headers, retries.

Waits move the tenant's virtual clock instead of taking time. Sources: hashicorp/go-azure-sdk
(`sdk/client`), Azure/azure-sdk-for-go (`sdk/azcore`), pulumi/pulumi-azure-native
(`client_azcore.go`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.sandbox.wire.steps import Step, at, filled

_POLLS = 60


@dataclass(frozen=True)
class Library:
    """How a provider's HTTP library sends and tries again. Delays are in seconds."""

    headers: dict[str, str]
    retried: frozenset[int]
    delays: tuple[float, ...]
    takes_milliseconds: bool = False


GO_AZURE_SDK = Library(
    {
        "Accept": "application/json; charset=utf-8; IEEE754Compatible=false",
        "Content-Type": "application/json; charset=utf-8",
        "OData-MaxVersion": "4.0",
        "OData-Version": "4.0",
        "User-Agent": "HashiCorp Terraform/1.5.5 Terraform Plugin SDK/2.10.1 pulumi-azuread/6",
    },
    frozenset({408, 424, 429, *range(500, 600)} - {501}),
    (1, 2, 4, 8, 16),
)
AZCORE = Library(
    {
        "Accept": "application/json",
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "pulumi-azure-native azsdk-go-azcore/v1.17.0",
    },
    frozenset({408, 429, 500, 502, 503, 504}),
    (20, 60, 120),
    takes_milliseconds=True,
)

_PASSING = "One or more property values specified are invalid"
_PASSING_REFERENCE = "does not exist or one of its queried reference-property objects are not"


@dataclass
class Wire:
    """One provider at work in one tenant. `values` are what its steps may name and have kept."""

    client: httpx.Client
    control: httpx.Client
    library: Library
    values: dict[str, str] = field(default_factory=dict[str, str])
    log: list[str] = field(default_factory=list[str])
    waited: float = 0

    def play(self, *sequences: Iterable[Step]) -> Any:
        """Play steps in order; the last answer's body. Fails on the first that goes wrong."""
        body = None
        for sequence in sequences:
            for step in sequence:
                body = self._played(step)
        return body

    def sleep(self, seconds: float) -> None:
        """Move the tenant's clock."""
        self.waited += seconds
        answer = self.control.post("/sandbox/clock", json={"advanceSeconds": seconds})
        answer.raise_for_status()

    def send(
        self, method: str, url: str, body: Any = None, again_on: tuple[int, ...] = ()
    ) -> httpx.Response:
        """One request with the library's own retries."""
        for delay in self.library.delays:
            answer = self._once(method, url, body)
            if not self._again(answer, again_on):
                return answer
            self.sleep(self._delay(answer, delay))
        return self._once(method, url, body)

    def _played(self, step: Step) -> Any:
        if step.wait is None:
            answer = self._sent(step)
            assert answer.status_code == step.status, self._story(step, answer)
            wrong = self._wrong(step, answer)
            assert not wrong, f"{self._story(step, answer)}: {wrong}"
            return self._kept(step, answer)
        came_true = 0
        for _ in range(_POLLS):
            answer = self._sent(step)
            if answer.status_code == step.status and not self._wrong(step, answer):
                came_true += 1
            else:
                assert answer.status_code in step.wait.meanwhile, self._story(step, answer)
                came_true = 0
            if came_true == step.wait.times:
                return self._kept(step, answer)
            self.sleep(step.wait.every)
        raise AssertionError(f"never came true: {step}")

    def _sent(self, step: Step) -> httpx.Response:
        query = filled(dict(step.query), self.values)
        url = filled(step.path, self.values) + (f"?{urlencode(query)}" if query else "")
        return self.send(step.method, url, filled(step.body, self.values), step.again_on)

    def _once(self, method: str, url: str, body: Any) -> httpx.Response:
        answer = self.client.request(method, url, json=body, headers=self.library.headers)
        self.log.append(f"{answer.status_code} {method} {url}")
        return answer

    def _again(self, answer: httpx.Response, again_on: tuple[int, ...]) -> bool:
        if answer.status_code in self.library.retried or answer.status_code in again_on:
            return True
        if self.library is GO_AZURE_SDK and answer.status_code == 400:
            return _PASSING in answer.text or _PASSING_REFERENCE in answer.text
        return False

    def _delay(self, answer: httpx.Response, delay: float) -> float:
        milliseconds = answer.headers.get("retry-after-ms", "")
        if self.library.takes_milliseconds and milliseconds.isdigit():
            return int(milliseconds) / 1000
        after = answer.headers.get("Retry-After", "")
        return float(after) if after.isdigit() else delay

    def _wrong(self, step: Step, answer: httpx.Response) -> str:
        body = _json(answer)
        for path, template in step.expect.items():
            wanted, found = filled(template, self.values), at(body, path)
            if found != wanted:
                return f"{path} is {found!r}, expected {wanted!r}"
        return ""

    def _kept(self, step: Step, answer: httpx.Response) -> Any:
        body = _json(answer)
        for name, path in step.keep.items():
            self.values[name] = str(at(body, path))
        if answer.content:
            kind = answer.headers["Content-Type"]
            assert kind.startswith("application/json"), f"{step.path}: {kind}"
        return body

    def _story(self, step: Step, answer: httpx.Response) -> str:
        return (
            f"{step.method} {filled(step.path, self.values)}: {answer.status_code}, expected "
            f"{step.status}: {answer.text[:400]}"
        )


def _json(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None
