"""Conditional Access's own request limit: one a second in a tenant, over all applications.

Source: Microsoft Graph, "Service-specific throttling limits" (Identity and access, Conditional
Access). That the 429 names no time to wait, and that some of them are an `UnknownError` without a
message, is what clients have met.
"""

from random import Random

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import ServiceError

# Part of a request's interval by which it may come early: clients keep the pace between the moments
# at which they send, and the network moves those a little. The long-run rate stays exact.
_EARLY = 0.1
_UNLIMITED_RATE = 100.0


class RequestLimit:
    """Admits requests of one tenant at the rate of `conditional_access_requests_per_second`."""

    def __init__(self, clock: Clock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._next_admission = float("-inf")
        self._refusals = 0

    def admit(self) -> None:
        """Count one request; raises ServiceError 429 when it comes too early.

        A refused request costs nothing.
        """
        now, rate = self._clock.now(), self._behaviour.conditional_access_requests_per_second
        interval = 1.0 / rate if 0 < rate < _UNLIMITED_RATE else 0.0
        if now < self._next_admission - _EARLY * interval:
            raise self._refusal()
        self._next_admission = max(now, self._next_admission) + interval

    def _refusal(self) -> ServiceError:
        self._refusals += 1
        knobs = self._behaviour
        seconds = knobs.conditional_access_retry_after_seconds
        headers = {"Retry-After": str(seconds)} if seconds else {}
        chance = Random(f"{knobs.random_seed}/conditionalAccess/429/{self._refusals}")  # noqa: S311
        if chance.random() < knobs.conditional_access_unknown_error_share:
            return ServiceError(429, "UnknownError", "", headers)
        message = "Too many requests, this tenant's limit is reached."
        return ServiceError(429, "TooManyRequests", message, headers)
