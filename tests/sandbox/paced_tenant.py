"""A tenant whose Conditional Access is asked in virtual time, by us and by somebody else.

The limiter, the Graph client and the client for Conditional Access are the real ones; between them
and the tenant's dispatcher is a transport that takes no time but virtual time. Sleeping moves the
time on, and other applications' requests reach the tenant when theirs has come.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Protocol

import httpx

from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.endpoints import Endpoints
from entra.exclusion import Change
from entra.limiter import Limiter
from sandbox.api.incoming import Incoming
from sandbox.tenant.clock import Clock
from tests.sandbox.dispatched import BASE_URL, Dispatched
from tests.support.tenant import AT_ONCE, JSON, object_id, small_document

START = 1_800_000_000.0
GROUP = "00000000-0000-4000-8000-00000000b7e6"
POLICIES = "/v1.0/identity/conditionalAccess/policies"
DOZEN = 12
# Above so many policies a listing serves for each dozen.
MOST_READ_ONE_BY_ONE = 20

Arrivals = Callable[[Random], Iterator[float]]
"""The moments, in seconds from the start, at which somebody else asks."""


class Counting(Protocol):
    """How a service may count requests."""

    def admits(self, now: float) -> bool:
        """Whether it answers a request that arrives now."""
        ...


class PacedTenant:
    """A tenant with so many policies, and everybody who asks it.

    ``counting`` replaces the tenant's own limit of one request a second. ``insists_after``: instead
    of ``others`` somebody who has one request answered every two seconds, and asks again so many
    seconds after a refusal.
    """

    def __init__(
        self,
        folder: Path,
        policies: int = 16,
        *,
        others: Arrivals | None = None,
        insists_after: float | None = None,
        counting: Counting | None = None,
        seed: int = 1,
    ) -> None:
        self.now = START
        self.refused = 0
        self.asked = 0
        self._folder = folder
        self._counting = counting
        self._random = Random(seed)
        self._others = others(Random(seed)) if others else iter(())
        self._next_other = START + next(self._others, math.inf)
        self._insists_after = insists_after
        if insists_after is not None:
            self._next_other = START + 2 * Random(seed).random()
        document = small_document()
        pattern = document["conditionalAccessPolicies"][0]
        document["conditionalAccessPolicies"] = [_policy(pattern, n) for n in range(policies)]
        self.policy_ids: list[str] = [p["id"] for p in document["conditionalAccessPolicies"]]
        knobs = {**AT_ONCE, "conditionalAccessRequestsPerSecond": 0 if counting else 1}
        self._tenant = _Tenant(document, Clock(source=lambda: self.now), knobs)
        self._token = self._tenant.token()

    @property
    def seconds(self) -> float:
        """How long all of it has taken."""
        return self.now - START

    def process(self, *, seed: int = 1) -> ConditionalAccessClient:
        """The client of one process of ours."""
        limiter = Limiter(
            "tenant",
            interval=1.0,
            folder=self._folder,
            sleep=self.sleep,
            clock=lambda: self.now,
            luck=Random(seed).random,
        )
        graph = GraphClient(
            _Identity(self._token), sleep=self.sleep, transport=httpx.MockTransport(self._carry)
        )
        return ConditionalAccessClient(graph, limiter)

    def fault(self, **fault: Any) -> None:
        """Order a fault from the tenant."""
        assert self._tenant.ask("POST", "/sandbox/faults", fault).status < 300

    def excluded(self) -> int:
        """How many policies exclude our group."""
        kept = self._tenant.tenant.conditional_access.policies()
        return sum(GROUP in policy["conditions"]["users"]["excludeGroups"] for policy in kept)

    def sleep(self, seconds: float) -> None:
        """Move the time on; others ask meanwhile."""
        until = self.now + seconds
        while self._next_other <= until:
            self.now = max(self.now, self._next_other)
            asked = self._incoming("GET", f"{POLICIES}/{self.policy_ids[0]}", "", b"")
            is_refused = self._respond(asked).status_code == 429
            if self._insists_after is None:
                self._next_other = START + next(self._others, math.inf)
            else:
                self._next_other = self.now + (self._insists_after if is_refused else 2.04)
        self.now = until

    def _carry(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.sleep(0.03 + 0.1 * self._random.random())
        path, query = request.url.raw_path.decode().partition("?")[::2]
        response = self._respond(self._incoming(request.method, path, query, request.content))
        self.sleep(0.05 + 0.1 * self._random.random())
        self.refused += response.status_code == 429
        return response

    def _incoming(self, method: str, path: str, query: str, body: bytes) -> Incoming:
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        return Incoming(method, path, query, headers, body)

    def _respond(self, incoming: Incoming) -> httpx.Response:
        if self._counting is not None and not self._counting.admits(self.now):
            return httpx.Response(429, json={"error": {"code": "UnknownError", "message": ""}})
        return self._tenant.respond(incoming)


def exclude_everywhere(tenant: PacedTenant, *processes: ConditionalAccessClient) -> None:
    """What a deployment asks: a listing, each policy read and written, the proof.

    Above twenty policies a listing serves for each dozen. The processes take turns.
    """
    change = Change(exclude_groups=(GROUP,), exclude_users=None)
    processes[0].list_policies()
    many = len(tenant.policy_ids) > MOST_READ_ONE_BY_ONE
    for number, policy_id in enumerate(tenant.policy_ids):
        client = processes[number % len(processes)]
        if many and number % DOZEN == 0:
            client.list_policies()
        elif not many:
            client.get_policy(policy_id)
        client.write_exclusions(policy_id, change)
    processes[-1].list_policies()


class _Tenant(Dispatched):
    def respond(self, incoming: Incoming) -> httpx.Response:
        response = self._dispatcher.answer(incoming).response
        assert response is not None
        body = b"" if response.body is None else json.dumps(response.body).encode()
        return httpx.Response(response.status, content=body, headers=dict(response.headers))


class _Identity:
    endpoints = Endpoints(BASE_URL, BASE_URL, BASE_URL, BASE_URL)
    certificates = None

    def __init__(self, token: str) -> None:
        self._token = token

    def graph_token(self) -> str:
        return self._token


def _policy(pattern: JSON, number: int) -> JSON:
    return {**pattern, "id": object_id(f"policies/{number}"), "displayName": f"Policy {number}"}
