"""Conditional Access policies, named locations and authentication strengths of one tenant.

Kept and refused as Microsoft Graph keeps and refuses them (`policy_schema`), with the service's
own limits: 195 policies in any state, and one request a second over all applications, answered
with a 429 that names no time to wait.

Object ids of users and groups are checked for their form, not for existence: whether the service
refuses an unknown one is not documented, and it certainly keeps the ids of objects deleted later.
"""

import copy
import uuid
from collections.abc import Mapping
from typing import Any, Self, cast

from sandbox.tenant.access.policy_schema import (
    BETA_ONLY,
    PREVIEW_REFUSED,
    READ_ONLY,
    Document,
    check_body,
    check_policy,
    complete,
    is_microsoft_managed,
    leaves,
    merge,
    preview_features,
    refused,
)
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import DocumentError, ServiceError
from sandbox.tenant.replicas import Unseen

# Part of a request's interval by which it may come early: clients keep the pace between the moments
# at which they send, and the network moves those a little. The long-run rate stays exact.
_EARLY = 0.1
_UNLIMITED_RATE = 100.0


class ConditionalAccess:
    """The Conditional Access of one tenant."""

    def __init__(self, clock: Clock, behaviour: Behaviour, changes: Changes | None = None) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._changes = changes or Changes(clock)
        self._next_admission = float("-inf")
        self._truth: ConditionalAccess | None = None
        self._policies: dict[str, Document] = {}
        self._named_locations: dict[str, Document] = {}
        self._strengths: dict[str, Document] = {}

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        clock: Clock,
        behaviour: Behaviour,
        changes: Changes | None = None,
    ) -> "ConditionalAccess":
        """Build from `conditionalAccessPolicies`, `namedLocations`, `authenticationStrengths`.

        Raises `DocumentError` naming the policy that Graph would not keep.
        """
        area = cls(clock, behaviour, changes)
        for policy in document.get("conditionalAccessPolicies", ()):
            policy_id, whole = str(policy["id"]).lower(), complete(policy)
            try:
                check_policy(whole)
            except ServiceError as error:
                raise DocumentError(
                    f"conditionalAccessPolicies: policy {policy_id}: {error.message}"
                ) from error
            area._policies[policy_id] = whole
        for location in document.get("namedLocations", ()):
            area._named_locations[str(location["id"]).lower()] = copy.deepcopy(dict(location))
        for strength in document.get("authenticationStrengths", ()):
            area._strengths[str(strength["id"]).lower()] = copy.deepcopy(dict(strength))
        return area

    def to_document(self) -> Document:
        """The keys that `from_document` reads."""
        return {
            "conditionalAccessPolicies": copy.deepcopy(list(self._policies.values())),
            "namedLocations": copy.deepcopy(list(self._named_locations.values())),
            "authenticationStrengths": copy.deepcopy(list(self._strengths.values())),
        }

    def as_seen(self, unseen: Unseen) -> Self:
        """Conditional Access as a replica knows it, to be read only; its limit is the tenant's."""
        view = copy.copy(self)
        view._truth = self
        view._policies = unseen.store("policy", self._policies)
        view._named_locations = unseen.store("namedLocation", self._named_locations)
        view._strengths = unseen.store("authenticationStrength", self._strengths)
        return view

    def admit_request(self) -> None:
        """Count one request against the tenant's limit.

        Raises `ServiceError` 429 when it comes too early; a refused request costs nothing, and the
        answer has no `Retry-After`.
        """
        if self._truth is not None:
            self._truth.admit_request()
            return
        now, rate = self._clock.now(), self._behaviour.conditional_access_requests_per_second
        interval = 1.0 / rate if 0 < rate < _UNLIMITED_RATE else 0.0
        if now < self._next_admission - _EARLY * interval:
            raise ServiceError(
                429, "TooManyRequests", "Too many requests, this tenant's limit is reached."
            )
        self._next_admission = max(now, self._next_admission) + interval

    def policies(self, *, beta: bool = True) -> list[Document]:
        """All policies as Graph shows them, oldest first."""
        return [self._shown(policy, beta=beta) for policy in self._policies.values()]

    def policy(self, policy_id: str, *, beta: bool = True) -> Document:
        """One policy as Graph shows it. Raises `ServiceError` 404."""
        return self._shown(self._kept(policy_id), beta=beta)

    def create_policy(self, body: Mapping[str, Any], *, beta: bool = True) -> Document:
        """Keep a new policy and return it as Graph shows it. Raises `ServiceError` 400."""
        check_body(body, beta=beta)
        for required in ("displayName", "state", "conditions"):
            if not body.get(required):
                raise refused(f"1007: '{required}' is required and must not be empty.")
        limit = self._behaviour.conditional_access_policy_limit
        if len(self._policies) >= limit:
            raise refused(f"1087: The tenant has {limit} policies, the most that it can have.")
        policy = complete({key: body[key] for key in body if key not in READ_ONLY})
        policy["conditions"]["clientAppTypes"] = policy["conditions"]["clientAppTypes"] or ["all"]
        check_policy(policy)
        policy["id"] = str(uuid.uuid4())
        policy["createdDateTime"] = self._clock.timestamp()
        with self._changes.of("policy", policy["id"], self._policies):
            self._policies[policy["id"]] = policy
        return self._shown(policy, beta=beta)

    def update_policy(self, policy_id: str, body: Mapping[str, Any], *, beta: bool = True) -> None:
        """Apply a PATCH. Read-only properties are ignored. Raises `ServiceError` 404 or 400."""
        current = self._kept(policy_id)
        check_body(body, beta=beta)
        if not beta and preview_features(current):
            raise refused(PREVIEW_REFUSED)
        change = {key: body[key] for key in body if key not in READ_ONLY}
        if is_microsoft_managed(current):
            for path in leaves(change):
                if path != "state" and not path.startswith("conditions.users.exclude"):
                    raise refused(
                        f"'{path}' of a Microsoft-managed policy cannot be changed; its state and "
                        "its excluded users, groups and roles can."
                    )
        policy = complete(merge(current, change))
        check_policy(policy)
        policy["modifiedDateTime"] = self._clock.timestamp()
        with self._changes.of("policy", policy_id.lower(), self._policies):
            self._policies[policy_id.lower()] = policy

    def delete_policy(self, policy_id: str) -> None:
        """Delete a policy. Raises `ServiceError` 404, or 400 for a Microsoft-managed one."""
        if is_microsoft_managed(self._kept(policy_id)):
            raise refused("A Microsoft-managed policy cannot be deleted.")
        with self._changes.of("policy", policy_id.lower(), self._policies):
            del self._policies[policy_id.lower()]

    def named_locations(self) -> list[Document]:
        """All named locations as Graph shows them."""
        return copy.deepcopy(list(self._named_locations.values()))

    def named_location(self, location_id: str) -> Document:
        """One named location. Raises `ServiceError` 404."""
        return copy.deepcopy(_found(self._named_locations, location_id, "NamedLocation"))

    def strengths(self) -> list[Document]:
        """All authentication strengths as Graph shows them."""
        return copy.deepcopy(list(self._strengths.values()))

    def strength(self, strength_id: str) -> Document:
        """One authentication strength. Raises `ServiceError` 404."""
        return copy.deepcopy(_found(self._strengths, strength_id, "AuthenticationStrengthPolicy"))

    def _kept(self, policy_id: str) -> Document:
        return _found(self._policies, policy_id, "ConditionalAccessPolicy")

    def _shown(self, policy: Mapping[str, Any], *, beta: bool) -> Document:
        shown = copy.deepcopy(dict(policy))
        if not beta:
            for part, key in BETA_ONLY:
                holder: Any = shown.get(part)
                if isinstance(holder, dict):
                    cast("Document", holder).pop(key, None)
        grant: Any = shown.get("grantControls")
        if isinstance(grant, dict):
            controls = cast("Document", grant)
            reference: Any = controls.get("authenticationStrength")
            if isinstance(reference, dict):
                strength_id = str(cast("Document", reference).get("id", "")).lower()
                controls["authenticationStrength"] = copy.deepcopy(
                    self._strengths.get(strength_id, cast("Document", reference))
                )
        return shown


def _found(store: Mapping[str, Document], key: str, kind: str) -> Document:
    try:
        return store[key.lower()]
    except KeyError:
        raise ServiceError(
            404, "ResourceNotFound", f"{kind} with id '{key}' was not found in the directory."
        ) from None
