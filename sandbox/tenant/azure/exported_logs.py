"""The log categories of a diagnostic setting, of the tenant and of subscriptions alike.

Source: Microsoft Learn, "Diagnostic settings in Azure Monitor"; the refusals as Azure words them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.tenant.azure.types import bad_request, object_of, objects
from sandbox.tenant.errors import ServiceError


def exported_logs(given: object, categories: Sequence[str]) -> list[dict[str, Any]]:
    """The `logs` of a setting as the service keeps them; raises ServiceError 400."""
    return [_log(item, categories) for item in objects(given, "logs")]


def sends(setting: Mapping[str, Any], category: str) -> bool:
    """Whether a setting exports a category."""
    return any(
        log["enabled"] and str(log.get("category", "")).lower() == category.lower()
        for log in setting["properties"]["logs"]
    )


def check_sink_is_free(
    sink: str, logs: Sequence[Mapping[str, Any]], other: Mapping[str, Any]
) -> None:
    """Raise ServiceError 409 when another setting sends one of the categories to the same sink."""
    for log in logs:
        if log["enabled"] and sends(other, log["category"]):
            raise ServiceError(
                409,
                "Conflict",
                f"Data sink '{sink}' is already used in diagnostic setting '{other['name']}' for "
                f"category '{log['category']}'. Data sinks can't be reused in different settings "
                "on the same category for the same resource.",
            )


def _log(item: Mapping[str, Any], categories: Sequence[str]) -> dict[str, Any]:
    category = item.get("category")
    canonical = {name.lower(): name for name in categories}.get(str(category).lower())
    if canonical is None:
        raise bad_request(
            "BadRequest",
            f"Category '{category}' is not supported, supported categories are: "
            f"'{', '.join(categories)}'",
        )
    retention = object_of(item.get("retentionPolicy"), "retentionPolicy")
    return {
        "category": canonical,
        "categoryGroup": None,
        "enabled": item.get("enabled") is True,
        "retentionPolicy": dict(retention) or {"enabled": False, "days": 0},
    }
