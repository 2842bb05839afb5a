"""What every Azure resource type has in common: its path, its API versions, its location, checks.

Source: Azure REST API reference (Resource Manager), "Common error codes of deployments".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeGuard

from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.errors import ServiceError

LOCATIONS = frozenset(
    {
        *("australiacentral", "australiacentral2", "australiaeast", "australiasoutheast"),
        *("austriaeast", "belgiumcentral", "brazilsouth", "canadacentral", "canadaeast"),
        *("centralindia", "centralus", "chilecentral", "eastasia", "eastus", "eastus2"),
        *("francecentral", "francesouth", "germanynorth", "germanywestcentral"),
        *("indonesiacentral", "israelcentral", "italynorth", "japaneast", "japanwest"),
        *("koreacentral", "koreasouth", "malaysiawest", "mexicocentral", "newzealandnorth"),
        *("northcentralus", "northeurope", "norwayeast", "norwaywest", "polandcentral"),
        *("qatarcentral", "southafricanorth", "southafricawest", "southcentralus"),
        *("southeastasia", "southindia", "spaincentral", "swedencentral", "switzerlandnorth"),
        *("switzerlandwest", "uaecentral", "uaenorth", "uksouth", "ukwest", "westcentralus"),
        *("westeurope", "westindia", "westus", "westus2", "westus3"),
    }
)

Properties = dict[str, Any]
_ANYWHERE = frozenset({"global"})
_NOWHERE: frozenset[str] = frozenset()
_API_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-[a-z]+)?", re.IGNORECASE)


class Estate(Protocol):
    """What the rules of a resource type may ask about everything else that exists."""

    def find(self, resource_id: str) -> dict[str, Any] | None:
        """The resource with this id, or None."""
        ...

    def of_type(self, full_type: str) -> list[dict[str, Any]]:
        """Every resource of a type."""
        ...

    def timestamp(self) -> str:
        """Now, as ISO 8601."""
        ...

    def new_id(self) -> str:
        """An id that nothing has yet."""
        ...

    def refusal_of_query(self, workspace_id: str, query: str) -> str | None:
        """Why a workspace cannot run a query, or None when it can."""
        ...

    def diagnostic_setting_limit(self) -> int:
        """How many diagnostic settings a tenant may have."""
        ...


@dataclass(frozen=True)
class Change:
    """A resource as somebody wants it: the body of a PUT, or of a PATCH merged into what exists."""

    id: ResourceId
    body: Mapping[str, Any]
    existing: Mapping[str, Any] | None
    api_version: str

    @property
    def properties(self) -> Mapping[str, Any]:
        """The body's `properties`; raises ServiceError 400 where they are not an object."""
        found = self.body.get("properties")
        if found is None:
            return {}
        if not is_object(found):
            raise bad_request("InvalidRequestContent", "'properties' must be an object.")
        return found

    def kept(self, name: str, default: Any) -> Any:
        """A property that the service fills once and keeps."""
        before = self.existing or {}
        return before.get("properties", {}).get(name, default)


@dataclass(frozen=True)
class ResourceType:
    """A resource type: how it is called, where it lives, and its own rules.

    `normalise` returns the properties as the service keeps them, or raises ServiceError.
    `long_running`: creation is answered with an operation that the client polls. `locations`: where
    a type of a listed location can be. `patchable`: the properties that PATCH changes, None: all.
    `has_etag`: answers carry one, and `If-Match` is heeded.
    """

    namespace: str
    name: str
    api_versions: tuple[str, ...]
    name_pattern: re.Pattern[str]
    location: Literal["region", "region or global", "listed", "none"]
    normalise: Callable[[Change, Estate], Properties]
    long_running: bool = False
    locations: frozenset[str] = LOCATIONS
    patchable: tuple[str, ...] | None = None
    has_etag: bool = False

    @property
    def full_name(self) -> str:
        """For example `Microsoft.OperationalInsights/workspaces`."""
        return f"{self.namespace}/{self.name}"

    def check_api_version(self, api_version: str | None) -> str:
        """The version; raises ServiceError 400 when it is missing or not one of this type."""
        version = required_api_version(api_version)
        if version.lower() in self.api_versions:
            return version.lower()
        if not _API_VERSION.fullmatch(version):
            raise invalid_api_version(version, self.api_versions)
        raise bad_request(
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{version}' for type "
            f"'{self.name}'. The supported api-versions are '{', '.join(self.api_versions)}'.",
        )

    def check_name(self, name: str) -> None:
        """Raise ServiceError 400 for a name that the service does not allow."""
        if not self.name_pattern.fullmatch(name):
            raise bad_request(
                "InvalidParameter",
                f"The resource name '{name}' is not valid for type '{self.full_name}': expected "
                f"{self.name_pattern.pattern}",
            )

    def location_of(self, body: Mapping[str, Any]) -> str | None:
        """The normalised location of a body; raises ServiceError 400."""
        if self.location == "none":
            return None
        location = normalised_location(body.get("location"))
        allowed = self.locations | (_ANYWHERE if self.location == "region or global" else _NOWHERE)
        if location not in allowed:
            raise bad_request(
                "LocationNotAvailableForResourceType",
                f"The provided location '{location}' is not available for resource type "
                f"'{self.full_name}'. List of available regions for the resource type is "
                f"'{','.join(sorted(allowed))}'.",
            )
        return location


def required_api_version(api_version: str | None) -> str:
    """The version; raises ServiceError 400 when there is none."""
    if not api_version:
        raise bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return api_version


def invalid_api_version(version: str, supported: Iterable[str]) -> ServiceError:
    """ARM's 400 for what is no version of Azure Resource Manager at all."""
    return bad_request(
        "InvalidApiVersionParameter",
        f"The api-version '{version}' is invalid. The supported versions are "
        f"'{','.join(sorted(supported, reverse=True))}'.",
    )


def normalised_location(location: object) -> str:
    """`West Europe` → `westeurope`; raises ServiceError 400 when there is none."""
    if not isinstance(location, str) or not location.strip():
        raise bad_request(
            "LocationRequired", "The location property is required for this definition."
        )
    return location.replace(" ", "").lower()


def checked_tags(body: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a body; raises ServiceError 400."""
    tags: object = body.get("tags")
    if tags is None:
        return {}
    if not is_object(tags) or not all(isinstance(value, str) for value in tags.values()):
        raise bad_request("InvalidRequestContent", "'tags' must be an object of strings.")
    return dict(tags)


def patched_tags(body: Mapping[str, Any], before: dict[str, str]) -> dict[str, str]:
    """The tags after a PATCH: those of the body as a whole, or the old ones without any."""
    return checked_tags(body) if "tags" in body else before


def only_known(properties: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise ServiceError 400 for a property that the type does not have."""
    if unknown := sorted(set(properties) - set(known)):
        raise bad_request(
            "InvalidRequestContent",
            f"Could not find member '{unknown[0]}' on object of type '{where}'.",
        )


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, Mapping)


def object_or_empty(value: object) -> Mapping[str, Any]:
    """A JSON value as an object; anything else is an empty one."""
    return value if is_object(value) else {}


def object_of(value: object, where: str) -> Mapping[str, Any]:
    """A JSON value as an object (none: empty); raises ServiceError 400."""
    if value is None:
        return {}
    if not is_object(value):
        raise bad_request("InvalidRequestContent", f"'{where}' must be an object.")
    return value


def strings(value: object, where: str) -> list[str]:
    """A JSON value as a list of strings (none: empty); raises ServiceError 400."""
    listed: list[Any] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]
    if (value is not None and value != listed) or not all(isinstance(i, str) for i in listed):
        raise bad_request("InvalidRequestContent", f"'{where}' must be a list of strings.")
    return list(listed)


def objects(value: object, where: str) -> list[Mapping[str, Any]]:
    """A JSON value as a list of objects (none: empty); raises ServiceError 400."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(map(is_object, value)):  # pyright: ignore[reportUnknownArgumentType]
        raise bad_request("InvalidRequestContent", f"'{where}' must be a list of objects.")
    return value  # pyright: ignore[reportUnknownVariableType]


def bad_request(code: str, message: str) -> ServiceError:
    """ARM's 400."""
    return ServiceError(400, code, message)


def not_found(resource: ResourceId) -> ServiceError:
    """ARM's 404 for a resource in a resource group that exists."""
    return ServiceError(
        404,
        "ResourceNotFound",
        f"The Resource '{resource.full_type}/{resource.name}' under resource group "
        f"'{resource.group or '<null>'}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )
