"""Azure as one tenant has it: subscriptions, resource groups, resources, tenant-level settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.tenant.azure import resource_groups as azure_groups
from sandbox.tenant.azure.deleted_workspaces import DeletedWorkspaces
from sandbox.tenant.azure.diagnostic_settings import DIAGNOSTIC_SETTINGS, may_be_exported
from sandbox.tenant.azure.exported_logs import sends
from sandbox.tenant.azure.ids import ResourceId, group_id
from sandbox.tenant.azure.operations import Operation, Operations
from sandbox.tenant.azure.read_lag import ReadLag
from sandbox.tenant.azure.registry import assembled, merged, type_of
from sandbox.tenant.azure.request_limits import RequestLimits
from sandbox.tenant.azure.subscriptions import Subscription, read_subscriptions
from sandbox.tenant.azure.trial_notifications import TrialNotifications
from sandbox.tenant.azure.types import Change, ResourceType, not_found, patched_tags
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock
from sandbox.tenant.errors import DocumentError, ServiceError
from sandbox.tenant.ids import Ids
from sandbox.tenant.json_copy import copied

Resource = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a PUT did. `operation`: what a client polls until it is complete, or None."""

    created: bool
    resource: Resource
    operation: Operation | None = None


class Azure:
    """Resources by id, whatever its case. Changes are the caller's own copies."""

    def __init__(self, clock: Clock, behaviour: Behaviour, ids: Ids) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._ids = ids
        self._resources: dict[str, Resource] = {}
        self._lag = ReadLag(clock, behaviour)
        self.operations = Operations(clock, behaviour, ids)
        self.deleted_workspaces = DeletedWorkspaces(clock)
        self.limits = RequestLimits(clock, behaviour)
        self.trials = TrialNotifications(clock, ids)
        self.subscriptions: dict[str, Subscription] = {}
        self.query_refusal: Callable[[str, str], str | None] = lambda _workspace, _query: None
        self.has_premium: Callable[[], bool] = lambda: True

    @classmethod
    def from_document(
        cls, doc: Mapping[str, Any], clock: Clock, behaviour: Behaviour, ids: Ids
    ) -> "Azure":
        """Read the keys `subscriptions` and `azure…`; raises DocumentError."""
        azure = cls(clock, behaviour, ids)
        azure.subscriptions = read_subscriptions(doc.get("subscriptions", []), clock, behaviour)
        azure.operations = Operations.from_document(doc, clock, behaviour, ids)
        azure.deleted_workspaces = DeletedWorkspaces.from_document(doc, clock)
        azure._lag = ReadLag.from_document(doc, clock, behaviour)
        for identity, resource in doc.get("azureResources", {}).items():
            if str(resource.get("id", "")).lower() != identity:
                raise DocumentError(
                    f"azureResources[{identity}].id is {resource.get('id')!r}, expected the key "
                    "itself in any case"
                )
            azure._resources[identity] = copied(resource)
        return azure

    def to_document(self) -> dict[str, Any]:
        """The keys `subscriptions`, `azureResources`, and what is under way or deleted."""
        return {
            "subscriptions": [item.to_document() for item in self.subscriptions.values()],
            "azureResources": copied(self._current()),
            **self.operations.to_document(),
            **self.deleted_workspaces.to_document(),
            **self._lag.to_document(),
        }

    # What the rules of a resource type, the logs and the alert rules ask.

    def find(self, resource_id: str) -> Resource | None:
        """The resource or resource group with this id, or None."""
        found = self._current().get(resource_id.lower().rstrip("/"))
        return copied(found) if found else None

    def exists(self, resource_id: str) -> bool:
        """Whether there is a resource or resource group with this id."""
        return resource_id.lower().rstrip("/") in self._current()

    def seen(self, full_type: str) -> list[Resource]:
        """What `of_type` gives, without copies: to look at, neither to change nor to keep."""
        wanted = full_type.lower()
        return [r for r in self._current().values() if r["type"].lower() == wanted]

    def of_type(self, full_type: str) -> list[Resource]:
        """Every resource of a type, oldest first."""
        return copied(self.seen(full_type))

    def timestamp(self) -> str:
        """Now, as ISO 8601."""
        return self._clock.timestamp()

    def new_id(self) -> str:
        """An id that nothing has yet."""
        return self._ids.new()

    def diagnostic_setting_limit(self) -> int:
        """How many diagnostic settings a tenant may have."""
        return self._behaviour.diagnostic_setting_limit

    def refusal_of_query(self, workspace_id: str, query: str) -> str | None:
        """Why a workspace cannot run a query now, or None."""
        return self.query_refusal(workspace_id, query)

    def log_destinations(self, category: str) -> list[Resource]:
        """The existing workspaces to which the tenant's diagnostic settings send a category."""
        if not may_be_exported(category, premium=self.has_premium()):
            return []
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
        return self._shown(found)

    def groups(self, subscription_id: str) -> list[Resource]:
        """The resource groups of a subscription."""
        return self._below(self.subscription(subscription_id).scope, azure_groups.GROUP_TYPE)

    def put_group(self, subscription_id: str, name: str, body: Mapping[str, Any]) -> Outcome:
        """Create or update a resource group."""
        identity = group_id(self.subscription(subscription_id).subscription_id, name)
        existing = self.find(identity)
        self._check_not_being_deleted(identity, name)
        group = azure_groups.normalise(identity, name, body, existing)
        self._resources[identity.lower()] = group
        return Outcome(existing is None, copied(group))

    def patch_group(self, subscription_id: str, name: str, body: Mapping[str, Any]) -> Resource:
        """Change a resource group's tags."""
        group = self.group(subscription_id, name)
        self._check_not_being_deleted(group["id"], name)
        group["tags"] = patched_tags(body, group["tags"])
        self._resources[group["id"].lower()] = copied(group)
        return group

    def delete_group(self, subscription_id: str, name: str) -> Operation:
        """Delete a resource group with all that is in it, when the operation ends."""
        group = self.group(subscription_id, name)
        running = self.operations.running_on(group["id"])
        return running or self.operations.start(group["id"], "Deleting")

    def tags(self, identity: str) -> dict[str, str]:
        """The tags of a resource group or resource; raises ServiceError 404."""
        found = self.find(identity)
        if found is None:
            raise ServiceError(404, "ResourceNotFound", f"The resource '{identity}' was not found.")
        return found["tags"] or {}

    def set_tags(self, identity: str, tags: dict[str, str]) -> dict[str, str]:
        """Give a resource group or resource these tags and no others; raises ServiceError 404."""
        self.tags(identity)
        self._resources[identity.lower()]["tags"] = dict(tags)
        return tags

    def get(self, resource_id: ResourceId) -> Resource:
        """A resource; raises ServiceError 404."""
        self._check_parents(resource_id)
        found = self.find(resource_id.key)
        if found is None or self._lag.unseen(resource_id.key):
            raise not_found(resource_id)
        return self._shown(found)

    def resources(
        self, kind: ResourceType, subscription_id: str, group: str = ""
    ) -> list[Resource]:
        """The resources of a type in a subscription or in one of its groups."""
        scope = self.subscription(subscription_id).scope
        if group:
            scope = self.group(subscription_id, group)["id"]
        return self._below(scope, kind.full_name)

    def tenant_settings(self) -> list[Resource]:
        """The tenant's diagnostic settings, without those that are not seen yet."""
        found = self.of_type(DIAGNOSTIC_SETTINGS.full_name)
        return [setting for setting in found if not self._lag.unseen(setting["id"].lower())]

    def contents(self, subscription_id: str, group: str = "") -> list[Resource]:
        """Every resource in a subscription or in one of its resource groups."""
        scope = self.subscription(subscription_id).scope
        if group:
            scope = self.group(subscription_id, group)["id"]
        listed = self._below(scope, "")
        return [item for item in listed if item["type"] != azure_groups.GROUP_TYPE]

    def put(
        self, resource_id: ResourceId, body: Mapping[str, Any], api_version: str, actor: str
    ) -> Outcome:
        """Create or replace a resource. `actor` is the application that asks."""
        self._check_parents(resource_id)
        self._check_writable(resource_id)
        kind = type_of(resource_id)
        existing = self.find(resource_id.key)
        former = None if existing else self.deleted_workspaces.find(resource_id.key)
        spelt = self._spelt(resource_id, kind)
        change = Change(spelt, body, existing, api_version)
        resource = assembled(change, self, actor, former)
        self._resources[resource_id.key] = resource
        self.deleted_workspaces.take(resource_id.key)
        if existing is None and kind is DIAGNOSTIC_SETTINGS:
            self._lag.made(resource_id.key)
        if existing or not kind.long_running:
            return Outcome(existing is None, copied(resource))
        operation = self.operations.start(resource_id.key, "Creating")
        answer = copied(resource)
        answer["properties"]["provisioningState"] = operation.state
        return Outcome(True, answer, operation)

    def patch(
        self, resource_id: ResourceId, body: Mapping[str, Any], api_version: str, actor: str
    ) -> Resource:
        """Change a resource: properties are merged, tags replaced."""
        existing = self.get(resource_id)
        self._check_writable(resource_id)
        kind = type_of(resource_id)
        wanted = merged(existing, body, kind)
        change = Change(self._spelt(resource_id, kind), wanted, existing, api_version)
        resource = assembled(change, self, actor, None)
        self._resources[resource_id.key] = resource
        return copied(resource)

    def delete(self, resource_id: ResourceId, *, force: bool = False) -> bool:
        """Delete a resource; False when there was none. `force`: a workspace for good."""
        self._check_parents(resource_id)
        self._check_writable(resource_id)
        gone = self._current().pop(resource_id.key, None)
        if gone is None:
            return False
        if gone["type"] == WORKSPACES.full_name and not force:
            self.deleted_workspaces.add(gone)
        return True

    def switch_off(self, resource_id: str) -> None:
        """Disable a rule, as Azure Monitor itself does: nothing of it is checked anew."""
        self._current()[resource_id.lower()]["properties"]["enabled"] = False

    def _current(self) -> dict[str, Resource]:
        """The resources, after what operations that have ended did to them."""
        for operation in self.operations.ended():
            target = self._resources.get(operation.target)
            if target is None:
                continue
            if operation.state == "Creating" and operation.fails:
                target["properties"]["provisioningState"] = "Failed"
            if operation.state == "Deleting" and not operation.fails:
                self._remove_all(operation.target)
        return self._resources

    def _remove_all(self, group: str) -> None:
        for identity in [key for key in self._resources if (key + "/").startswith(group + "/")]:
            gone = self._resources.pop(identity)
            if gone["type"] == WORKSPACES.full_name:
                self.deleted_workspaces.add(gone)

    def _shown(self, resource: Resource) -> Resource:
        """A resource with the provisioning state that an operation under way gives it."""
        if operation := self.operations.running_on(resource["id"]):
            resource["properties"]["provisioningState"] = operation.state
        return resource

    def _below(self, scope: str, full_type: str) -> list[Resource]:
        prefix, wanted = scope.lower() + "/", full_type.lower()
        return [
            self._shown(copied(resource))
            for identity, resource in self._current().items()
            if identity.startswith(prefix) and wanted in ("", resource["type"].lower())
        ]

    def _check_parents(self, resource_id: ResourceId) -> None:
        if resource_id.subscription:
            self.group(resource_id.subscription, resource_id.group)

    def _check_writable(self, resource_id: ResourceId) -> None:
        if resource_id.subscription:
            group = group_id(resource_id.subscription, resource_id.group)
            self._check_not_being_deleted(group, resource_id.group)
            self.subscription(resource_id.subscription).check_registered(resource_id.namespace)

    def _check_not_being_deleted(self, identity: str, name: str) -> None:
        running = self.operations.running_on(identity)
        if running is not None and running.state == "Deleting":
            raise azure_groups.being_deleted(name)

    def _spelt(self, resource_id: ResourceId, kind: ResourceType) -> ResourceId:
        """The id as the service writes it: groups as they were made, types as documented."""
        if not resource_id.subscription:
            return ResourceId(kind.namespace, kind.name, resource_id.name)
        group = self.group(resource_id.subscription, resource_id.group)["name"]
        subscription = self.subscription(resource_id.subscription).subscription_id
        return ResourceId(kind.namespace, kind.name, resource_id.name, subscription, group)
