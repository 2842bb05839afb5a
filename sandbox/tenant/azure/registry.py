"""Every resource type of this Azure, and how a resource of one is put together."""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.action_groups import ACTION_GROUPS
from sandbox.tenant.azure.activity_log_alerts import ACTIVITY_LOG_ALERTS
from sandbox.tenant.azure.diagnostic_settings import DIAGNOSTIC_SETTINGS
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.azure.query_rules import QUERY_RULES
from sandbox.tenant.azure.types import (
    Change,
    Estate,
    ResourceType,
    checked_tags,
    object_or_empty,
)
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.errors import ServiceError

RESOURCE_TYPES = (WORKSPACES, ACTION_GROUPS, QUERY_RULES, ACTIVITY_LOG_ALERTS)
"""The types that live in resource groups."""

_TYPES = {kind.full_name.lower(): kind for kind in (*RESOURCE_TYPES, DIAGNOSTIC_SETTINGS)}

Resource = dict[str, Any]


def type_of(resource_id: ResourceId) -> ResourceType:
    """The type of an id that a route of this Azure gave."""
    return _TYPES[resource_id.full_type.lower()]


def types_of(namespace: str) -> list[ResourceType]:
    """The types of a resource provider that are simulated."""
    wanted = namespace.lower()
    return [kind for kind in _TYPES.values() if kind.namespace.lower() == wanted]


def assembled(change: Change, estate: Estate, actor: str, former: Resource | None) -> Resource:
    """The resource that a PUT makes; raises ServiceError for whatever the type refuses.

    `change.id` is spelt as the service will keep it. `former` is a deleted resource that comes
    back; what the service filled in once is kept from it.
    """
    kind = type_of(change.id)
    kind.check_name(change.id.name)
    location = kind.location_of(change.body)
    existing = change.existing
    _check_same_location(change.id, location, existing or former)
    properties = kind.normalise(
        Change(change.id, change.body, existing or former, change.api_version), estate
    )
    resource: Resource = {
        "id": existing["id"] if existing else change.id.text,
        "name": existing["name"] if existing else change.id.name,
        "type": kind.full_name,
        "location": location,
        "tags": checked_tags(change.body),
        "properties": properties,
    }
    resource |= {name: change.body[name] for name in ("kind", "identity") if change.body.get(name)}
    if kind is DIAGNOSTIC_SETTINGS:
        # The service knows neither tags nor systemData for these, and says so with nulls.
        return resource | {"tags": None, "kind": None, "identity": None}
    return resource | {"systemData": _system_data(existing, actor, estate.timestamp())}


def merged(existing: Resource, body: Mapping[str, Any], kind: ResourceType) -> Resource:
    """A resource with a PATCH applied: properties one by one, tags and lists as a whole.

    Of a type that lets only some properties be patched, the others are left as they are.
    """
    changed = existing | {name: value for name, value in body.items() if name != "properties"}
    given = object_or_empty(body.get("properties"))
    taken = {
        name: value
        for name, value in given.items()
        if kind.patchable is None or name in kind.patchable
    }
    return changed | {"properties": existing["properties"] | taken}


def _system_data(existing: Mapping[str, Any] | None, actor: str, now: str) -> dict[str, Any]:
    before = (existing or {}).get("systemData", {})
    return {
        "createdBy": before.get("createdBy", actor),
        "createdByType": before.get("createdByType", "Application"),
        "createdAt": before.get("createdAt", now),
        "lastModifiedBy": actor,
        "lastModifiedByType": "Application",
        "lastModifiedAt": now,
    }


def _check_same_location(
    resource_id: ResourceId, location: str | None, existing: Mapping[str, Any] | None
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
