"""The exclusion as scripts do it: GET, PATCH, GET for each policy, as fast as they are answered.

After a 429 it waits as `RetryHandler` of microsoft-kiota-http 1.16 does, which is part of Microsoft
Graph's SDK for Python: what `Retry-After` says; without it 3 s, 0.5 s times 2 to the power of the
attempt less one, and up to a second by chance; three times. The SDK then fails and the script ends;
to its credit it is started again here at once, and goes on with the same request.
"""

import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from sandbox.benchmark.policy_tenant import POLICIES

_DELAY_SECONDS, _BACKOFF_FACTOR, _RETRIES = 3.0, 0.5, 3
_RETRIED = (429, 503, 504)


class OutOfTimeError(Exception):
    """The time that the script was given is over."""


def exclude_naively(
    client: httpx.Client,
    graph: str,
    group: str,
    *,
    until: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Exclude the group from every policy; how many policies were done when it ended.

    `graph` is Graph's address with the version; `until` is a moment of `clock`.
    """

    def ask(method: str, path: str, **arguments: Any) -> Any:
        attempt = 0
        while True:
            answer = client.request(method, f"{graph}{path}", **arguments)
            if answer.status_code not in _RETRIED:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            if clock() >= until:
                raise OutOfTimeError
            if attempt < _RETRIES:
                sleep(_pause(answer, attempt))
            attempt = attempt + 1 if attempt < _RETRIES else 0

    done = 0
    try:
        for policy in ask("GET", POLICIES)["value"]:
            path = f"{POLICIES}/{policy['id']}"
            groups = ask("GET", path)["conditions"]["users"]["excludeGroups"]
            change = {"conditions": {"users": {"excludeGroups": [*groups, group]}}}
            ask("PATCH", path, json=change)
            ask("GET", path)
            done += 1
    except OutOfTimeError:
        pass
    return done


def _pause(answer: httpx.Response, attempt: int) -> float:
    named = answer.headers.get("Retry-After", "")
    if named.isdigit() and int(named) > 0:
        return float(named)
    chance = random.random()  # noqa: S311  (jitter, no secret)
    return _DELAY_SECONDS + _BACKOFF_FACTOR * 2 ** (attempt - 1) + chance
