"""How many requests Azure Resource Manager takes of one application at once.

Source: Microsoft Learn, "Understand how Azure Resource Manager throttles requests": token buckets
by subscription (or tenant), service principal and kind of operation; reads 250 and 25 a second,
deletes and writes 200 and 10 a second.
"""

import math
from dataclasses import dataclass
from typing import Literal

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import ServiceError

Kind = Literal["read", "write", "delete"]


@dataclass
class _Bucket:
    tokens: float
    time: float


class RequestLimits:
    """The buckets of one tenant; their sizes are knobs, 0 switches the limit off."""

    def __init__(self, clock: Clock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._buckets: dict[tuple[str, str, Kind], _Bucket] = {}

    def take(self, subscription: str, principal: str, method: str) -> dict[str, str]:
        """Let a request through and say in a header how many are left; raises ServiceError 429.

        `subscription` is empty for requests at the tenant.
        """
        kind = kind_of(method)
        size, refill = self._size_and_refill(kind)
        if size == 0:
            return {}
        now = self._clock.now()
        key = (subscription.lower(), principal.lower(), kind)
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        bucket.tokens = min(size, bucket.tokens + (now - bucket.time) * refill)
        bucket.time = now
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / refill)
            raise _throttled(kind, subscription, principal, wait)
        bucket.tokens -= 1
        where = "subscription" if subscription else "tenant"
        return {f"x-ms-ratelimit-remaining-{where}-{kind}s": str(int(bucket.tokens))}

    def _size_and_refill(self, kind: Kind) -> tuple[int, float]:
        if kind == "read":
            size = self._behaviour.resource_manager_reads_at_once
            return size, size / 10
        size = self._behaviour.resource_manager_writes_at_once
        return size, size / 20


def kind_of(method: str) -> Kind:
    """Which bucket a method takes from."""
    if method in ("GET", "HEAD"):
        return "read"
    return "delete" if method == "DELETE" else "write"


def _throttled(kind: Kind, subscription: str, principal: str, wait: int) -> ServiceError:
    place = f"subscription '{subscription}'" if subscription else "tenant"
    return ServiceError(
        429,
        "SubscriptionRequestsThrottled" if subscription else "TenantRequestsThrottled",
        f"Number of '{kind}' requests for {place} actor '{principal}' exceeded. Please try again "
        f"after '{wait}' seconds after additional tokens are available. Refer to "
        "https://aka.ms/arm-throttling for additional information.",
        {"Retry-After": str(wait)},
    )
