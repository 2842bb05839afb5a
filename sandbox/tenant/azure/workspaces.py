"""Log Analytics workspaces.

Source: Azure REST API, "Workspaces - Create Or Update"; Microsoft Learn, "Azure Monitor Logs cost
calculations and options" (pricing tiers that only old subscriptions have) and "Set daily cap". A
daily cap is checked and kept; that it stops the ingestion is not simulated.
"""

import re
from typing import Any

from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    is_object,
    object_of,
    object_or_empty,
    only_known,
)

_SKUS = {
    name.lower(): name
    for name in (
        *("Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone"),
        *("CapacityReservation", "LACluster"),
    )
}
_OLD_TIERS = ("Free", "Standard", "Premium", "PerNode", "Standalone")
_RESERVATIONS = (100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 25_000, 50_000)
_SMALLEST_CAP = 0.023
_WRITABLE = (
    *("sku", "retentionInDays", "workspaceCapping", "features", "forceCmkForQuery"),
    *("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"),
    *("defaultDataCollectionRuleResourceId", "replication", "failover"),
)
_FILLED = (
    *("customerId", "provisioningState", "createdDate", "modifiedDate", "source"),
    "privateLinkScopedResources",
)


def _normalise(change: Change, estate: Estate) -> Properties:
    given = change.properties
    only_known(given, (*_WRITABLE, *_FILLED), "WorkspaceProperties")
    now = estate.timestamp()
    return {
        "customerId": change.kept("customerId", None) or estate.new_id(),
        "provisioningState": "Succeeded",
        "sku": {**_sku(given.get("sku")), "lastSkuUpdate": now},
        "retentionInDays": _retention(given.get("retentionInDays")),
        "features": {
            "legacy": 0,
            "searchVersion": 1,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            **object_of(given.get("features"), "features"),
        },
        "workspaceCapping": {
            "dailyQuotaGb": _daily_cap(given.get("workspaceCapping")),
            "dataIngestionStatus": "RespectQuota",
        },
        "publicNetworkAccessForIngestion": given.get("publicNetworkAccessForIngestion", "Enabled"),
        "publicNetworkAccessForQuery": given.get("publicNetworkAccessForQuery", "Enabled"),
        **{
            name: given[name]
            for name in ("forceCmkForQuery", "defaultDataCollectionRuleResourceId")
            if given.get(name) is not None
        },
        "createdDate": change.kept("createdDate", now),
        "modifiedDate": now,
    }


def _daily_cap(given: object) -> float:
    cap = object_or_empty(given).get("dailyQuotaGb")
    if cap is None or cap == -1:
        return -1.0
    if isinstance(cap, bool) or not isinstance(cap, int | float) or cap < _SMALLEST_CAP:
        raise bad_request(
            "BadRequest",
            f"The value provided for the daily cap is invalid: {cap}, expected -1 (none) or at "
            f"least {_SMALLEST_CAP} GB.",
        )
    return float(cap)


def _sku(given: object) -> dict[str, Any]:
    if given is None:
        return {"name": "PerGB2018"}
    name = given.get("name") if is_object(given) else given
    if not isinstance(name, str) or name.lower() not in _SKUS:
        raise bad_request(
            "InvalidParameter",
            f"SKU '{name}' is not valid: expected one of {', '.join(_SKUS.values())}.",
        )
    found = _SKUS[name.lower()]
    if found in _OLD_TIERS:
        raise bad_request(
            "BadRequest",
            "Pricing tier doesn't match the subscription's billing model. Read "
            "http://aka.ms/PricingTierWarning for more details.",
        )
    if found != "CapacityReservation":
        return {"name": found}
    level = object_or_empty(given).get("capacityReservationLevel")
    if level not in _RESERVATIONS:
        raise bad_request(
            "BadRequest",
            f"The capacity reservation level {level} is none of "
            f"{', '.join(str(number) for number in _RESERVATIONS)}.",
        )
    return {"name": found, "capacityReservationLevel": level}


def _retention(given: Any) -> int:
    if given is None:
        return 30
    if isinstance(given, bool) or not isinstance(given, int) or not 30 <= given <= 730:
        raise bad_request(
            "BadRequest",
            "The value provided for retention is invalid. the expected value should be between 30 "
            "to 730. see https://docs.microsoft.com/azure/azure-monitor/platform/"
            "manage-cost-storage#change-the-data-retention-period for more information",
        )
    return given


WORKSPACES = ResourceType(
    namespace="Microsoft.OperationalInsights",
    name="workspaces",
    api_versions=(
        *("2015-11-01-preview", "2020-03-01-preview", "2020-08-01", "2020-10-01", "2021-06-01"),
        *("2021-12-01-preview", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"),
    ),
    name_pattern=re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"),
    location="region",
    normalise=_normalise,
    has_etag=True,
    long_running=True,
)
