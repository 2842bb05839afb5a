"""Activity log alert rules: who is told when somebody does something in a subscription.

Source: Azure REST API, "Activity Log Alerts - Create Or Update" (2020-10-01); Microsoft Learn,
"Create or edit an activity log, service health, or resource health alert rule".
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    object_of,
    object_or_empty,
    objects,
    only_known,
    strings,
)

FIELDS = (
    *("resourceId", "category", "caller", "level", "operationName", "resourceGroup"),
    *("resourceProvider", "status", "subStatus", "resourceType", "recommendationType"),
)
CATEGORIES = (
    *("Administrative", "ServiceHealth", "ResourceHealth", "Alert", "Autoscale"),
    *("Recommendation", "Security", "Policy"),
)
_SCOPE = re.compile(r"/subscriptions/[^/]+(/.*)?", re.IGNORECASE)
_REGIONS = ("global", "westeurope", "northeurope", "eastus2euap")


def _normalise(change: Change, estate: Estate) -> Properties:
    given = change.properties
    known = ("scopes", "condition", "actions", "enabled", "description", "tenantScope")
    only_known(given, known, "AlertRuleProperties")
    enabled = given.get("enabled", True)
    if not isinstance(enabled, bool):
        raise bad_request("BadRequest", "'enabled' must be true or false.")
    scopes = _scopes(given.get("scopes"), change)
    described = {"description": given["description"]} if given.get("description") else {}
    return {
        "scopes": scopes,
        "condition": {"allOf": _conditions(given.get("condition"))},
        "actions": {"actionGroups": _actions(given.get("actions"), estate)},
        "enabled": enabled,
        **described,
    }


def _scopes(given: object, change: Change) -> list[str]:
    scopes: list[Any] = given if isinstance(given, list) else []  # pyright: ignore[reportUnknownVariableType]
    if not scopes:
        raise bad_request("BadRequest", "'scopes' must hold at least one resource id.")
    for scope in scopes:
        if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
            raise bad_request("BadRequest", f"The scope '{scope}' is not a resource id.")
        if scope.split("/")[2].lower() != change.id.subscription.lower():
            raise bad_request(
                "BadRequest", f"The scope '{scope}' is in another subscription than the alert rule."
            )
    return scopes


def _conditions(given: object) -> list[dict[str, Any]]:
    conditions = objects(object_or_empty(given).get("allOf"), "condition.allOf")
    leaves = [_condition(condition) for condition in conditions]
    categories = [leaf for leaf in leaves if str(leaf.get("field", "")).lower() == "category"]
    if len(categories) != 1 or "equals" not in categories[0]:
        raise bad_request(
            "BadRequest",
            "The condition must hold exactly one leaf with the field 'category' and 'equals'.",
        )
    category = categories[0]["equals"]
    if category.lower() not in {name.lower() for name in CATEGORIES}:
        raise bad_request(
            "BadRequest", f"Category '{category}' is none of {', '.join(CATEGORIES)}."
        )
    return leaves


def _condition(given: Mapping[str, Any]) -> dict[str, Any]:
    if given.get("anyOf") is None:
        return _leaf(given)
    if given.get("field") or given.get("equals") or given.get("containsAny"):
        raise bad_request("BadRequest", "A condition with 'anyOf' has no 'field' of its own.")
    return {"anyOf": [_leaf(leaf) for leaf in objects(given["anyOf"], "anyOf")]}


def _leaf(given: Mapping[str, Any]) -> dict[str, Any]:
    only_known(given, ("field", "equals", "containsAny", "anyOf"), "AlertRuleLeafCondition")
    field = given.get("field")
    if not isinstance(field, str) or not _is_field(field):
        raise bad_request(
            "BadRequest",
            f"The field '{field}' is none of {', '.join(FIELDS)} or one below 'properties'.",
        )
    equals, contains = given.get("equals"), given.get("containsAny")
    if (equals is None) == (contains is None):
        raise bad_request(
            "BadRequest", f"The condition on '{field}' must hold 'equals' or 'containsAny'."
        )
    if equals is not None:
        if not isinstance(equals, str):
            raise bad_request("BadRequest", f"'equals' of '{field}' must be a string.")
        return {"field": field, "equals": equals}
    words = strings(contains, f"containsAny of {field}")
    if not words:
        raise bad_request("BadRequest", f"'containsAny' of '{field}' must hold a string.")
    return {"field": field, "containsAny": words}


def _is_field(field: str) -> bool:
    known = {name.lower() for name in FIELDS}
    return field.lower() in known or field.lower().startswith("properties.")


def _actions(given: object, estate: Estate) -> list[dict[str, Any]]:
    groups = objects(object_or_empty(given).get("actionGroups"), "actions.actionGroups")
    for group in groups:
        only_known(group, ("actionGroupId", "webhookProperties", "actionProperties"), "ActionGroup")
        if estate.find(str(group.get("actionGroupId", ""))) is None:
            raise bad_request(
                "BadRequest", f"The action group '{group.get('actionGroupId')}' does not exist."
            )
    return [
        {
            "actionGroupId": group["actionGroupId"],
            "webhookProperties": dict(
                object_of(group.get("webhookProperties"), "webhookProperties")
            ),
        }
        for group in groups
    ]


ACTIVITY_LOG_ALERTS = ResourceType(
    namespace="Microsoft.Insights",
    name="activityLogAlerts",
    api_versions=("2017-03-01-preview", "2017-04-01", "2020-10-01", "2023-01-01-preview"),
    name_pattern=re.compile(r"[^:<>+/&%\\?|#*]{0,259}[^:<>+/&%\\?|#*. ]"),
    location="listed",
    locations=frozenset(_REGIONS),
    normalise=_normalise,
    patchable=("enabled",),
)
