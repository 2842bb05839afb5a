"""Azure as one tenant has it: subscriptions, resource groups, resources, tenant-level settings."""

import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.azure import resource_groups as azure_groups
from sandbox.tenant.azure.action_groups import ACTION_GROUPS
from sandbox.tenant.azure.diagnostic_settings import DIAGNOSTIC_SETTINGS, sends
from sandbox.tenant.azure.ids import ResourceId, group_id
from sandbox.tenant.azure.query_rules import QUERY_RULES
from sandbox.tenant.azure.subscriptions import Subscription, read_subscriptions
from sandbox.tenant.azure.types import (
    Change,
    ResourceType,
    bad_request,
    checked_tags,
    not_found,
)
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import DocumentError, ServiceError

RESOURCE_TYPES = (WORKSPACES, ACTION_GROUPS, QUERY_RULES)
_TYPES = {kind.full_name.lower(): kind for kind in (*RESOURCE_TYPES, DIAGNOSTIC_SETTINGS)}
_POLLS_UNTIL_DONE = 1

Resource = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a PUT did. `operation`: the id under which a client polls its completion, or None."""

    created: bool
    resource: Resource
    operation: str | None = None


class Azure:
    """Resources by id, whatever its case. Changes are the caller's own copies."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._resources: dict[str, Resource] = {}
        self._operations: dict[str, int] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.query_refusal: Callable[[str, str], str | None] = lambda _workspace, _query: None

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock) -> "Azure":
        """Read the keys `subscriptions` and `azureResources`; raises DocumentError."""
        azure = cls(clock)
        azure.subscriptions = read_subscriptions(doc.get("subscriptions", []))
        for identity, resource in doc.get("azureResources", {}).items():
            if str(resource.get("id", "")).lower() != identity:
                raise DocumentError(
                    f"azureResources[{identity}].id is {resource.get('id')!r}, expected the key "
                    "itself in any case"
                )
            azure._resources[identity] = deepcopy(resource)
        return azure

    def to_document(self) -> dict[str, Any]:
        """The keys `subscriptions` and `azureResources`."""
        return {
            "subscriptions": [item.to_document() for item in self.subscriptions.values()],
            "azureResources": deepcopy(self._resources),
        }

    # What the rules of a resource type, the logs and the alert rules ask.

    def find(self, resource_id: str) -> Resource | None:
        """The resource or resource group with this id, or None."""
        found = self._resources.get(resource_id.lower().rstrip("/"))
        return deepcopy(found) if found else None

    def of_type(self, full_type: str) -> list[Resource]:
        """Every resource of a type, oldest first."""
        wanted = full_type.lower()
        return [deepcopy(r) for r in self._resources.values() if r["type"].lower() == wanted]

    def timestamp(self) -> str:
        """Now, as ISO 8601."""
        return self._clock.timestamp()

    def refusal_of_query(self, workspace_id: str, query: str) -> str | None:
        """Why a workspace cannot run a query now, or None."""
        return self.query_refusal(workspace_id, query)

    def log_destinations(self, category: str) -> list[Resource]:
        """The existing workspaces to which the tenant's diagnostic settings send a category."""
        sinks = [
            str(setting["properties"].get("workspaceId") or "")
            for setting in self.of_type(DIAGNOSTIC_SETTINGS.full_name)
            if sends(setting, category)
        ]
        return [found for sink in sinks if (found := self.find(sink))]

    # What Azure Resource Manager does. Each raises ServiceError as ARM answers.

    def subscription(self, subscription_id: str) -> Subscription:
        """A subscription of this tenant; raises ServiceError 404."""
        found = self.subscriptions.get(subscription_id.lower())
        if found is None:
            raise ServiceError(
                404,
                "SubscriptionNotFound",
                f"The subscription '{subscription_id}' could not be found.",
            )
        return found

    def group(self, subscription_id: str, name: str) -> Resource:
        """A resource group; raises ServiceError 404."""
        self.subscription(subscription_id)
        found = self.find(group_id(subscription_id, name))
        if found is None:
            raise azure_groups.not_found(name)
        return found

    def groups(self, subscription_id: str) -> list[Resource]:
        """The resource groups of a subscription."""
        return self._below(self.subscription(subscription_id).scope, azure_groups.GROUP_TYPE)

    def put_group(self, subscription_id: str, name: str, body: Mapping[str, Any]) -> Outcome:
        """Create or update a resource group."""
        identity = group_id(self.subscription(subscription_id).subscription_id, name)
        existing = self.find(identity)
        group = azure_groups.normalise(identity, name, body, existing)
        self._resources[identity.lower()] = group
        return Outcome(existing is None, deepcopy(group))

    def patch_group(self, subscription_id: str, name: str, body: Mapping[str, Any]) -> Resource:
        """Change a resource group's tags."""
        group = self.group(subscription_id, name)
        group["tags"] = checked_tags(body) if "tags" in body else group["tags"]
        self._resources[group["id"].lower()] = deepcopy(group)
        return group

    def delete_group(self, subscription_id: str, name: str) -> str:
        """Delete a resource group with all that is in it; the id of the operation to poll."""
        doomed = self.group(subscription_id, name)["id"].lower()
        self._resources = {
            identity: resource
            for identity, resource in self._resources.items()
            if identity != doomed and not identity.startswith(doomed + "/")
        }
        return self._start_operation()

    def get(self, resource_id: ResourceId) -> Resource:
        """A resource; raises ServiceError 404."""
        self._check_parents(resource_id)
        found = self.find(resource_id.key)
        if found is None:
            raise not_found(resource_id)
        return found

    def resources(
        self, kind: ResourceType, subscription_id: str, group: str = ""
    ) -> list[Resource]:
        """The resources of a type in a subscription or in one of its groups."""
        scope = self.subscription(subscription_id).scope
        if group:
            scope = self.group(subscription_id, group)["id"]
        return self._below(scope, kind.full_name)

    def contents(self, subscription_id: str, group: str) -> list[Resource]:
        """Every resource in a resource group."""
        return self._below(self.group(subscription_id, group)["id"], "")

    def put(
        self, resource_id: ResourceId, body: Mapping[str, Any], api_version: str, actor: str
    ) -> Outcome:
        """Create or replace a resource. `actor` is the application that asks."""
        self._check_parents(resource_id)
        self._check_registration(resource_id)
        existing = self.find(resource_id.key)
        resource = self._normalised(resource_id, body, existing, api_version, actor)
        self._resources[resource_id.key] = resource
        answer = deepcopy(resource)
        if existing or not _TYPES[resource_id.full_type.lower()].long_running:
            return Outcome(existing is None, answer)
        answer["properties"]["provisioningState"] = "Creating"
        return Outcome(True, answer, self._start_operation())

    def patch(
        self, resource_id: ResourceId, body: Mapping[str, Any], api_version: str, actor: str
    ) -> Resource:
        """Change a resource: properties are merged, tags replaced."""
        existing = self.get(resource_id)
        merged = existing | {name: value for name, value in body.items() if name != "properties"}
        merged["properties"] = existing["properties"] | dict(body.get("properties") or {})
        resource = self._normalised(resource_id, merged, existing, api_version, actor)
        self._resources[resource_id.key] = resource
        return deepcopy(resource)

    def delete(self, resource_id: ResourceId) -> bool:
        """Delete a resource; False when there was none."""
        self._check_parents(resource_id)
        return self._resources.pop(resource_id.key, None) is not None

    def poll(self, operation: str) -> bool:
        """Whether an operation is done; the first poll finds it under way. Raises 404."""
        if operation not in self._operations:
            raise ServiceError(404, "NotFound", f"The operation '{operation}' was not found.")
        self._operations[operation] += 1
        return self._operations[operation] > _POLLS_UNTIL_DONE

    def _start_operation(self) -> str:
        operation = str(uuid.uuid4())
        self._operations[operation] = 0
        return operation

    def _below(self, scope: str, full_type: str) -> list[Resource]:
        prefix, wanted = scope.lower() + "/", full_type.lower()
        return [
            deepcopy(resource)
            for identity, resource in self._resources.items()
            if identity.startswith(prefix) and wanted in ("", resource["type"].lower())
        ]

    def _check_parents(self, resource_id: ResourceId) -> None:
        if resource_id.subscription:
            self.group(resource_id.subscription, resource_id.group)

    def _check_registration(self, resource_id: ResourceId) -> None:
        if resource_id.subscription:
            self.subscription(resource_id.subscription).check_registered(resource_id.namespace)

    def _normalised(
        self,
        resource_id: ResourceId,
        body: Mapping[str, Any],
        existing: Resource | None,
        api_version: str,
        actor: str,
    ) -> Resource:
        kind = _TYPES[resource_id.full_type.lower()]
        kind.check_name(resource_id.name)
        location = kind.location_of(body)
        _check_same_location(resource_id, location, existing)
        properties = kind.normalise(Change(resource_id, body, existing, api_version), self)
        now = self.timestamp()
        before = (existing or {}).get("systemData", {})
        resource: Resource = {
            "id": existing["id"] if existing else self._spelt(resource_id, kind).text,
            "name": existing["name"] if existing else resource_id.name,
            "type": kind.full_name,
            "location": location,
            "tags": checked_tags(body),
            "properties": properties,
            "systemData": {
                "createdBy": before.get("createdBy", actor),
                "createdByType": before.get("createdByType", "Application"),
                "createdAt": before.get("createdAt", now),
                "lastModifiedBy": actor,
                "lastModifiedByType": "Application",
                "lastModifiedAt": now,
            },
        }
        for name in ("kind", "identity"):
            if body.get(name) is not None:
                resource[name] = body[name]
        if kind is DIAGNOSTIC_SETTINGS:
            # The service knows neither tags nor systemData for these, and says so with nulls.
            resource |= {"tags": None, "kind": None, "identity": None}
            del resource["systemData"]
        return resource

    def _spelt(self, resource_id: ResourceId, kind: ResourceType) -> ResourceId:
        """The id as the service writes it: groups as they were made, types as documented."""
        if not resource_id.subscription:
            return ResourceId(kind.namespace, kind.name, resource_id.name)
        group = self.group(resource_id.subscription, resource_id.group)["name"]
        subscription = self.subscription(resource_id.subscription).subscription_id
        return ResourceId(kind.namespace, kind.name, resource_id.name, subscription, group)


def _check_same_location(
    resource_id: ResourceId, location: str | None, existing: Resource | None
) -> None:
    if existing is None or existing.get("location") == location:
        return
    raise ServiceError(
        409,
        "InvalidResourceLocation",
        f"The resource '{resource_id.name}' already exists in location '{existing['location']}' in "
        f"resource group '{resource_id.group}'. A resource with the same name cannot be created in "
        f"location '{location}'. Please select a new resource name.",
    )


def resource_type(full_type: str) -> ResourceType:
    """A type of this Azure by its full name; raises ServiceError 400."""
    found = _TYPES.get(full_type.lower())
    if found is None:
        raise bad_request("InvalidResourceType", f"The resource type '{full_type}' is not known.")
    return found
