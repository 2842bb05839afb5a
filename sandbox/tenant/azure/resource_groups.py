"""Resource groups. Source: Azure REST API, "Resource Groups - Create Or Update"."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.types import (
    LOCATIONS,
    bad_request,
    checked_tags,
    invalid_api_version,
    normalised_location,
    required_api_version,
)
from sandbox.tenant.errors import ServiceError

GROUP_TYPE = "Microsoft.Resources/resourceGroups"
API_VERSIONS = (
    *("2015-11-01", "2016-02-01", "2016-07-01", "2016-09-01", "2017-05-10", "2018-02-01"),
    *("2018-05-01", "2019-03-01", "2019-05-01", "2019-05-10", "2019-07-01", "2019-08-01"),
    *("2019-10-01", "2020-01-01", "2020-06-01", "2020-08-01", "2020-10-01", "2021-01-01"),
    *("2021-04-01", "2022-01-01", "2022-09-01", "2022-12-01", "2023-07-01", "2024-03-01"),
    *("2024-07-01", "2024-11-01", "2025-03-01", "2025-04-01"),
)
_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]")


def check_api_version(api_version: str | None) -> str:
    """A version of Azure Resource Manager itself; raises ServiceError 400."""
    version = required_api_version(api_version)
    if version.lower() not in API_VERSIONS:
        raise invalid_api_version(version, API_VERSIONS)
    return version.lower()


def normalise(
    identity: str, name: str, body: Mapping[str, Any], existing: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The resource group as the service keeps it; raises ServiceError."""
    if not _NAME.fullmatch(name):
        raise bad_request(
            "InvalidResourceGroup",
            f"The provided resource group name '{name}' has these invalid characters or length. "
            "The name can only be a letter, digit, '-', '.', '(', ')' or '_' and cannot end with "
            "'.'.",
        )
    location = normalised_location(body.get("location"))
    if location not in LOCATIONS:
        raise bad_request(
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. List of "
            f"available regions is '{','.join(sorted(LOCATIONS))}'.",
        )
    if existing is not None and existing["location"] != location:
        raise ServiceError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in "
            f"location '{existing['location']}'.",
        )
    group = {
        "id": existing["id"] if existing else identity,
        "name": existing["name"] if existing else name,
        "type": GROUP_TYPE,
        "location": location,
        "tags": checked_tags(body),
        "properties": {"provisioningState": "Succeeded"},
    }
    return group | ({"managedBy": body["managedBy"]} if body.get("managedBy") else {})


def not_found(name: str) -> ServiceError:
    """ARM's 404 for a resource group."""
    return ServiceError(
        404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found."
    )


def being_deleted(name: str) -> ServiceError:
    """ARM's 409 for a write into a resource group while it is being deleted."""
    return ServiceError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{name}' is in deprovisioning state and cannot perform this "
        "operation.",
    )


def deletion_blocked(name: str) -> ServiceError:
    """What a poll says of a deletion that failed."""
    return ServiceError(
        409,
        "ResourceGroupDeletionBlocked",
        f"Deletion of resource group '{name}' did not finish: some of its resources could not be "
        "deleted. The provisioning state of the resource group will be rolled back.",
    )
