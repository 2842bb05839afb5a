"""Conditional Access of one tenant: its policies, and the objects that policies refer to.

Kept and refused as Microsoft Graph keeps and refuses them (`policy_schema`), within the service's
limits: 195 policies in any state and a pace of its own (`request_limit`). Names need not be unique
and may hold any character. Deleted policies can be restored (`deleted_items`).

Licences and security defaults: Microsoft Learn, "Conditional Access: license requirements" (without
P1 policies can be viewed and deleted, not created or changed) and "Security defaults in Microsoft
Entra ID" (they and enabled policies exclude each other); the service's words are those that clients
have met. Microsoft-managed policies: "Microsoft-managed policies" (state and exclusions can be
edited, nobody can rename or delete them). The words of those refusals, and of the one at the limit,
are assumed.

Object ids of users and groups are checked for their form, not for existence: whether the service
refuses an unknown one is not documented, and it certainly keeps the ids of objects deleted later.
"""

import copy
from collections.abc import Mapping
from typing import Any, Self, cast

from sandbox.tenant.access.deleted_items import DeletedItems, found
from sandbox.tenant.access.documents import deleted_objects, kept_objects
from sandbox.tenant.access.named_locations import NamedLocations, kept_location
from sandbox.tenant.access.policy_schema import (
    BETA_ONLY,
    PREVIEW_REFUSED,
    READ_ONLY,
    Document,
    check_body,
    check_licensed,
    check_policy,
    complete,
    is_microsoft_managed,
    leaves,
    location_ids,
    merge,
    preview_features,
    refused,
    strength_id,
)
from sandbox.tenant.access.request_limit import RequestLimit
from sandbox.tenant.access.security_defaults import require_off
from sandbox.tenant.access.strengths import Strengths, kept_strength
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.licences import has_conditional_access, licence_missing
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.json_copy import copied
from sandbox.tenant.replicas import Unseen

_KIND = "ConditionalAccessPolicy"


class ConditionalAccess:
    """The Conditional Access of one tenant.

    `directory` knows the tenant's licences and whether security defaults are on; without it every
    feature is licensed and they are off.
    """

    def __init__(
        self,
        clock: Clock,
        behaviour: Behaviour,
        changes: Changes | None = None,
        directory: Directory | None = None,
    ) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._changes = changes or Changes(clock)
        self._directory = directory
        self._limit = RequestLimit(clock, behaviour)
        self._policies: dict[str, Document] = {}
        self.deleted_policies = DeletedItems(
            "deletedPolicy", _KIND, clock, behaviour, self._changes
        )
        self.locations = NamedLocations(clock, behaviour, self._changes)
        self.strength_policies = Strengths(clock, self._changes)

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        clock: Clock,
        behaviour: Behaviour,
        changes: Changes | None = None,
        directory: Directory | None = None,
    ) -> Self:
        """Read the keys that `to_document` writes.

        Raises `DocumentError` naming the object that Graph would not keep.
        """
        area = cls(clock, behaviour, changes, directory)
        for policy in kept_objects(document, "conditionalAccessPolicies", _whole):
            area._policies[policy["id"].lower()] = policy
        gone = deleted_objects(document, "deletedConditionalAccessPolicies", _whole)
        area.deleted_policies.read(gone)
        area.locations.read(kept_objects(document, "namedLocations", kept_location))
        gone = deleted_objects(document, "deletedNamedLocations", kept_location)
        area.locations.deleted.read(gone)
        strengths = kept_objects(document, "authenticationStrengths", kept_strength)
        area.strength_policies.read(strengths)
        return area

    def to_document(self) -> Document:
        """The whole state, by the keys that `from_document` reads."""
        return {
            "conditionalAccessPolicies": copied(list(self._policies.values())),
            "deletedConditionalAccessPolicies": self.deleted_policies.all(),
            "namedLocations": self.locations.all(),
            "deletedNamedLocations": self.locations.deleted.all(),
            "authenticationStrengths": self.strength_policies.custom(),
        }

    def as_seen(self, unseen: Unseen) -> Self:
        """The area as a replica knows it, to be read only; the request limit is the same one."""
        view = copy.copy(self)
        view._policies = unseen.store("policy", self._policies)
        view.deleted_policies = self.deleted_policies.as_seen(unseen)
        view.locations = self.locations.as_seen(unseen)
        view.strength_policies = self.strength_policies.as_seen(unseen)
        return view

    def admit_request(self) -> None:
        """Count one request against the tenant's limit; raises `ServiceError` 429."""
        self._limit.admit()

    def require_licence(self) -> None:
        """Raise `ServiceError` 403 when the tenant's licences do not cover Conditional Access."""
        if self._directory is not None and not has_conditional_access(self._directory):
            raise licence_missing()

    def policies(self, *, beta: bool = True) -> list[Document]:
        """All policies as Graph shows them, oldest first."""
        return [self._shown(policy, beta=beta) for policy in self._policies.values()]

    def policy(self, policy_id: str, *, beta: bool = True) -> Document:
        """One policy as Graph shows it. Raises `ServiceError` 404."""
        return self._shown(self._kept(policy_id), beta=beta)

    def create_policy(self, body: Mapping[str, Any], *, beta: bool = True) -> Document:
        """Keep a new policy and return it as Graph shows it. Raises `ServiceError` 403 or 400."""
        self.require_licence()
        check_body(body, beta=beta)
        for required in ("displayName", "state", "conditions"):
            if not body.get(required):
                raise refused(f"1007: '{required}' is required and must not be empty.")
        self._require_room()
        policy = complete({key: body[key] for key in body if key not in READ_ONLY})
        policy["conditions"]["clientAppTypes"] = policy["conditions"]["clientAppTypes"] or ["all"]
        self._check(policy, body)
        if policy["state"] == "enabled":
            require_off(self._directory)
        policy["id"] = self._changes.ids.new()
        policy["createdDateTime"] = self._clock.timestamp()
        self._keep(policy)
        return self._shown(policy, beta=beta)

    def update_policy(self, policy_id: str, body: Mapping[str, Any], *, beta: bool = True) -> None:
        """Apply a PATCH. Read-only properties are ignored. Raises `ServiceError` 404, 403, 400."""
        current = self._kept(policy_id)
        self.require_licence()
        check_body(body, beta=beta)
        if not beta and preview_features(current):
            raise refused(PREVIEW_REFUSED)
        change = {key: body[key] for key in body if key not in READ_ONLY}
        if is_microsoft_managed(current):
            self._check_managed(change)
        policy = complete(merge(current, change))
        self._check(policy, body)
        if policy["state"] == "enabled" and current["state"] != "enabled":
            require_off(self._directory)
        policy["modifiedDateTime"] = self._clock.timestamp()
        self._keep(policy)

    def delete_policy(self, policy_id: str) -> None:
        """Move a policy to the deleted items, from where it can be restored.

        Raises `ServiceError` 404, or 400 for a Microsoft-managed one.
        """
        policy = self._kept(policy_id)
        if is_microsoft_managed(policy):
            raise refused("A Microsoft-managed policy cannot be deleted.")
        with self._changes.of("policy", policy["id"].lower(), self._policies):
            self.deleted_policies.put(self._policies.pop(policy["id"].lower()))

    def restore_policy(self, policy_id: str, *, beta: bool = True) -> Document:
        """Bring a deleted policy back as it was. Raises `ServiceError` 404, 403, 400."""
        deleted = self.deleted_policies.get(policy_id)
        self.require_licence()
        self._require_room()
        if deleted["state"] == "enabled":
            require_off(self._directory)
        policy = self.deleted_policies.take(policy_id)
        self._keep(policy)
        return self._shown(policy, beta=beta)

    def policies_at(self, location_id: str) -> list[str]:
        """The ids of the policies that name a location."""
        wanted = location_id.lower()
        return [key for key, policy in self._policies.items() if wanted in location_ids(policy)]

    def policies_demanding(self, wanted: str) -> list[str]:
        """The ids of the policies that demand an authentication strength."""
        return [
            key for key, policy in self._policies.items() if strength_id(policy) == wanted.lower()
        ]

    def named_locations(self) -> list[Document]:
        """All named locations as Graph shows them."""
        return self.locations.all()

    def named_location(self, location_id: str) -> Document:
        """One named location. Raises `ServiceError` 404."""
        return self.locations.get(location_id)

    def strengths(self) -> list[Document]:
        """All authentication strengths as Graph shows them."""
        return self.strength_policies.all()

    def strength(self, strength_id: str) -> Document:
        """One authentication strength. Raises `ServiceError` 404."""
        return self.strength_policies.get(strength_id)

    def _kept(self, policy_id: str) -> Document:
        return found(self._policies, policy_id, _KIND)

    def _keep(self, policy: Document) -> None:
        with self._changes.of("policy", policy["id"].lower(), self._policies):
            self._policies[policy["id"].lower()] = policy

    def _require_room(self) -> None:
        limit = self._behaviour.conditional_access_policy_limit
        if len(self._policies) >= limit:
            raise refused(f"The tenant has {limit} Conditional Access policies, the most it can.")

    def _check(self, policy: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Refuse a policy that a body would make, and what the body names that is not there."""
        check_policy(policy)
        if self._directory is not None:
            check_licensed(policy, self._directory)
        known = {location["id"].lower() for location in self.locations.all()}
        for location_id in location_ids(body):
            if location_id not in known:
                raise refused(f"Invalid location value: {location_id}.")
        wanted = strength_id(body)
        if wanted is not None and self.strength_policies.find(wanted) is None:
            raise refused(f"Invalid authentication strength value: {wanted}.")

    def _check_managed(self, change: Mapping[str, Any]) -> None:
        for path in leaves(change):
            exclusion = path.startswith("conditions.users.exclude")
            if path != "state" and (
                not exclusion or self._behaviour.managed_policy_exclusions_refused
            ):
                raise refused(f"'{path}' of a Microsoft-managed policy cannot be changed.")

    def _shown(self, policy: Mapping[str, Any], *, beta: bool) -> Document:
        shown = copied(dict(policy))
        if not beta:
            for part, key in BETA_ONLY:
                holder: Any = shown.get(part)
                if isinstance(holder, dict):
                    cast("Document", holder).pop(key, None)
        wanted = strength_id(shown)
        strength = None if wanted is None else self.strength_policies.find(wanted)
        if strength is not None:
            shown["grantControls"]["authenticationStrength"] = strength
        return shown


def _whole(policy: Document) -> Document:
    """A policy of a document, completed; raises ServiceError 400."""
    whole = complete(policy)
    check_policy(whole)
    return whole
