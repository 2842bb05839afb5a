"""`$select`: an object with the properties that are named."""

from collections.abc import Mapping
from typing import Any

_LISTS = frozenset(
    {
        *("businessPhones", "otherMails", "proxyAddresses", "identities", "groupTypes"),
        *("assignedLicenses", "assignedPlans", "provisionedPlans", "supportedServices"),
    }
)


def narrowed(item: Mapping[str, Any], select: str | None) -> dict[str, Any]:
    """An item with the properties of a `$select` expression, all of them without one."""
    if select is None:
        return dict(item)
    names = [name.strip() for name in select.split(",") if name.strip()]
    lower = {key.lower(): key for key in item}
    if "*" in names:
        return dict(item)
    chosen: dict[str, Any] = {key: item[key] for key in item if key.startswith("@odata.")}
    for name in names:
        key = lower.get(name.lower(), name)
        chosen[key] = item.get(key, [] if key in _LISTS else None)
    return chosen
