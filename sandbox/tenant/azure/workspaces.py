"""Log Analytics workspaces. Source: Azure REST API, "Workspaces - Create Or Update"."""

import re
import uuid
from typing import Any

from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    is_object,
    only_known,
)

_SKUS = {
    name.lower(): name
    for name in (
        *("Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone"),
        *("CapacityReservation", "LACluster"),
    )
}
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
        "customerId": change.kept("customerId", str(uuid.uuid4())),
        "provisioningState": "Succeeded",
        "sku": {"name": _sku(given.get("sku")), "lastSkuUpdate": now},
        "retentionInDays": _retention(given.get("retentionInDays")),
        "features": {
            "legacy": 0,
            "searchVersion": 1,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            **(given.get("features") or {}),
        },
        "workspaceCapping": {
            "dailyQuotaGb": (given.get("workspaceCapping") or {}).get("dailyQuotaGb", -1.0),
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


def _sku(given: object) -> str:
    if given is None:
        return "PerGB2018"
    name = given.get("name") if is_object(given) else given
    if not isinstance(name, str) or name.lower() not in _SKUS:
        raise bad_request(
            "InvalidParameter",
            f"SKU '{name}' is not valid: expected one of {', '.join(_SKUS.values())}.",
        )
    return _SKUS[name.lower()]


def _retention(given: Any) -> int:
    if given is None:
        return 30
    if isinstance(given, bool) or not isinstance(given, int) or not 30 <= given <= 730:
        raise bad_request(
            "InvalidParameter",
            f"'RetentionInDays' property doesn't match the SKU limits: {given}, expected 30 to "
            "730 days.",
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
