"""What Microsoft Graph takes of one application before it answers 429.

Source: Microsoft Learn, "Microsoft Graph service-specific throttling limits": "Identity and access
service limits" (token buckets of resource units and of writes, request costs, headers) and
"Identity and access reports service limits". The limit of Conditional Access is its own, see
`sandbox.tenant.access.policies`. Left out: the limits of one application over all tenants, which
one tenant never meets. Assumed: a refused request costs nothing; `Retry-After` is the time until
the bucket has room again; reports are counted in a bucket like everything else.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import ServiceError

_SMALL, _MEDIUM = 50, 500
_UNITS_BY_SIZE = (3500, 5000, 8000)
_WARN_FROM = 0.8
_COSTS = {
    ("GET", "applications"): 2,
    ("GET", "applications/{id}/extensionproperties"): 2,
    ("GET", "contracts"): 3,
    ("POST", "directoryobjects/getbyids"): 3,
    ("GET", "domains/{id}/domainnamereferences"): 4,
    ("POST", "getobjectsbyid"): 3,
    ("GET", "groups/{id}/members"): 3,
    ("GET", "groups/{id}/transitivemembers"): 5,
    ("POST", "ismemberof"): 4,
    ("POST", "users/{id}/checkmembergroups"): 4,
    ("POST", "users/{id}/checkmemberobjects"): 4,
    ("POST", "users/{id}/getmembergroups"): 2,
    ("POST", "users/{id}/getmemberobjects"): 2,
    ("GET", "users/{id}/licensedetails"): 2,
    ("GET", "users/{id}/memberof"): 2,
    ("GET", "users/{id}/ownedobjects"): 2,
    ("GET", "users/{id}/transitivememberof"): 2,
    ("GET", "oauth2permissiongrants"): 2,
    ("GET", "oauth2permissiongrants/{id}"): 2,
    ("GET", "serviceprincipals/{id}/approleassignments"): 2,
    ("GET", "subscribedskus"): 3,
    ("GET", "users"): 2,
}
_READS_BY_POST = frozenset(path for method, path in _COSTS if method == "POST")
_OWN_LIMITS = ("identity", "identityprotection")
_REPORTS = ("auditlogs", "reports")


def units(method: str, path: str, query: Mapping[str, str]) -> int:
    """Resource units of a request. `path` begins after the version, `users/{id}` for example."""
    cost = _COSTS.get((method, _shape(path)), 1)
    if "$select" in query:
        cost -= 1
    if "$expand" in query:
        cost += 1
    top = query.get("$top", "")
    if top.isdigit() and int(top) < 20:
        cost -= 1
    return max(cost, 1)


def is_write(method: str, path: str) -> bool:
    """Whether a request counts as a write."""
    return method not in ("GET", "HEAD") and _shape(path) not in _READS_BY_POST


def too_many_requests(
    behaviour: Behaviour, number: int, headers: Mapping[str, str] | None = None
) -> ServiceError:
    """A 429 in one of the two shapes in which Graph is seen to answer; `number` counts them."""
    chance = random.Random(f"{behaviour.random_seed}/429 {number}").random()  # noqa: S311
    if chance < behaviour.directory_unknown_error_share:
        return ServiceError(429, "UnknownError", "", headers)
    return ServiceError(429, "TooManyRequests", "Too many requests.", headers)


@dataclass
class _Bucket:
    """Fills by requests and drains evenly: `capacity` in `seconds`."""

    seconds: float
    level: float = 0.0
    time: float = 0.0

    def wait(self, cost: int, capacity: int, now: float) -> float:
        """Seconds until a request of this cost fits; 0 when it does."""
        drained = (now - self.time) * capacity / self.seconds
        self.level, self.time = max(0.0, self.level - drained), now
        return max(0.0, (self.level + cost - capacity) * self.seconds / capacity)


@dataclass(frozen=True)
class _Limit:
    bucket: _Bucket
    cost: int
    capacity: int
    scope: str
    reason: str


class Throttling:
    """The buckets of one tenant. Its user holds the tenant's lock."""

    def __init__(self, clock: Clock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._buckets: dict[str, _Bucket] = {}
        self._refused = 0

    def admit(
        self, app_id: str, tenant_id: str, users: int, request: tuple[str, str, Mapping[str, str]]
    ) -> dict[str, str]:
        """Count a request (method, path after the version, query); the headers of its answer.

        `users` is how many the tenant has, which decides on its size. Raises ServiceError 429.
        """
        method, path, query = request
        area = path.split("/", 1)[0].lower()
        if area in _OWN_LIMITS:
            return {}
        if area in _REPORTS:
            limits, headers = [self._reports(app_id, tenant_id)], {}
        else:
            cost = units(method, path, query)
            limits = self._directory(app_id, tenant_id, users, cost, is_write(method, path))
            headers = {"x-ms-resource-unit": str(cost)}
        now = self._clock.now()
        limits = [limit for limit in limits if limit.capacity]
        for limit in limits:
            if wait := limit.bucket.wait(limit.cost, limit.capacity, now):
                raise self._refusal(limit, wait)
        used = 0.0
        for limit in limits:
            limit.bucket.level += limit.cost
            used = max(used, limit.bucket.level / limit.capacity)
        if headers and used > _WARN_FROM:
            headers["x-ms-throttle-limit-percentage"] = f"{used:.2f}"
        return headers

    def _directory(
        self, app_id: str, tenant_id: str, users: int, cost: int, write: bool
    ) -> list[_Limit]:
        behaviour, both = self._behaviour, f"{app_id}/{tenant_id}"
        capacity = behaviour.directory_units_per_ten_seconds
        if capacity is None:
            capacity = _UNITS_BY_SIZE[(users >= _SMALL) + (users > _MEDIUM)]
        found = [
            _Limit(
                self._bucket(f"units {app_id}", 10),
                cost,
                capacity,
                f"Tenant_Application/ReadWrite/{both}",
                "ResourceUnitLimitExceeded",
            )
        ]
        if write:
            found += [
                _Limit(
                    self._bucket(f"writes {app_id}", 150),
                    1,
                    behaviour.directory_writes_per_150_seconds,
                    f"Tenant_Application/Write/{both}",
                    "WriteLimitExceeded",
                ),
                _Limit(
                    self._bucket("writes", 300),
                    1,
                    behaviour.tenant_writes_per_300_seconds,
                    f"Tenant/Write/{both}",
                    "WriteLimitExceeded",
                ),
            ]
        return found

    def _reports(self, app_id: str, tenant_id: str) -> _Limit:
        return _Limit(
            self._bucket(f"reports {app_id}", 10),
            1,
            self._behaviour.report_requests_per_ten_seconds,
            f"Tenant_Application/Read/{app_id}/{tenant_id}",
            "",
        )

    def _bucket(self, name: str, seconds: float) -> _Bucket:
        if (bucket := self._buckets.get(name)) is None:
            bucket = self._buckets[name] = _Bucket(seconds, time=self._clock.now())
        return bucket

    def _refusal(self, limit: _Limit, wait: float) -> ServiceError:
        self._refused += 1
        headers = {"Retry-After": str(max(1, math.ceil(wait)))}
        if limit.reason:
            headers["x-ms-throttle-scope"] = limit.scope
            headers["x-ms-throttle-information"] = limit.reason
        return too_many_requests(self._behaviour, self._refused, headers)


def _shape(path: str) -> str:
    """`Users/ada@…/memberOf` → `users/{id}/memberof`; a path that has no id stays as it is."""
    path = path.lower().rstrip("/")
    parts = path.split("/")
    if len(parts) < 2 or ("POST", path) in _COSTS:
        return path
    return "/".join((parts[0], "{id}", *parts[2:]))
