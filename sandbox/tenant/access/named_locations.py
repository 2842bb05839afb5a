"""Named locations: IP ranges, countries, and the compliant network of Global Secure Access.

Sources: Microsoft Graph, ipNamedLocation, countryNamedLocation and compliantNetworkNamedLocation
resource types; Microsoft Learn, "Conditional Access: Network assignment" (195 locations, 2,000
ranges in one, ranges of /8 and smaller, a trusted location cannot be deleted). The texts of the
refusals, and that a location which a policy names cannot be deleted, are assumed.
"""

import copy
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self, cast

from sandbox.tenant.access.deleted_items import DeletedItems, found
from sandbox.tenant.access.policy_schema import Document, refused
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.json_copy import copied
from sandbox.tenant.replicas import Unseen

IP, COUNTRY, COMPLIANT_NETWORK = (
    f"#microsoft.graph.{kind}NamedLocation" for kind in ("ip", "country", "compliantNetwork")
)
LOOKUP_METHODS = ("clientIpAddress", "authenticatorAppGps")

_MOST_LOCATIONS = 195
_MOST_RANGES = 2000
_WIDEST_IPV4 = 8
_COUNTRY = re.compile(r"[A-Z]{2}")
_KIND = "NamedLocation"
_SHAPES: Mapping[str, Document] = {
    IP: {"isTrusted": False, "ipRanges": []},
    COUNTRY: {
        "countriesAndRegions": [],
        "includeUnknownCountriesAndRegions": False,
        "countryLookupMethod": "clientIpAddress",
    },
    COMPLIANT_NETWORK: {"compliantNetworkType": "allTenantCompliantNetworks", "isTrusted": True},
}
_READ_ONLY = frozenset({"id", "createdDateTime", "modifiedDateTime"})


class NamedLocations:
    """The named locations of one tenant."""

    def __init__(self, clock: Clock, behaviour: Behaviour, changes: Changes) -> None:
        self._clock = clock
        self._changes = changes
        self._locations: dict[str, Document] = {}
        self.deleted = DeletedItems("deletedNamedLocation", _KIND, clock, behaviour, changes)

    def read(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take what `all` gave when the tenant was kept."""
        self._locations = {str(item["id"]).lower(): copied(dict(item)) for item in documents}

    def all(self) -> list[Document]:
        """Every location as Graph shows it."""
        return copied(list(self._locations.values()))

    def get(self, location_id: str) -> Document:
        """One location; raises ServiceError 404."""
        return copied(found(self._locations, location_id, _KIND))

    def as_seen(self, unseen: Unseen) -> Self:
        """The locations as a replica knows them, to be read only."""
        view = copy.copy(self)
        view._locations = unseen.store("namedLocation", self._locations)
        view.deleted = self.deleted.as_seen(unseen)
        return view

    def create(self, body: Mapping[str, Any]) -> Document:
        """Keep a new location; raises ServiceError 400 for what Graph does not take."""
        kind = str(body.get("@odata.type", ""))
        if kind not in (IP, COUNTRY):
            raise refused(
                f"'@odata.type' is '{kind}', must be '{IP}' or '{COUNTRY}'. The compliant network "
                "location comes with Global Secure Access."
            )
        if len(self._locations) >= _MOST_LOCATIONS:
            raise refused(f"The tenant has {_MOST_LOCATIONS} named locations, the most it can.")
        now = self._clock.timestamp()
        location = _checked(kind, {"displayName": None, **_SHAPES[kind]}, body)
        location = {"@odata.type": kind, "id": self._changes.ids.new(), **location}
        location |= {"createdDateTime": now, "modifiedDateTime": now}
        with self._changes.of("namedLocation", location["id"], self._locations):
            self._locations[location["id"]] = location
        return copied(location)

    def update(self, location_id: str, body: Mapping[str, Any]) -> None:
        """Apply a PATCH: what is omitted keeps its value, arrays are replaced.

        Raises ServiceError 404, or 400 for what Graph does not take: the body has to name the type.
        """
        current = found(self._locations, location_id, _KIND)
        kind = current["@odata.type"]
        if body.get("@odata.type") != kind:
            raise refused(f"'@odata.type' must be '{kind}', the type of this location.")
        changed = current | _checked(kind, current, body)
        changed["modifiedDateTime"] = self._clock.timestamp()
        with self._changes.of("namedLocation", current["id"], self._locations):
            self._locations[current["id"].lower()] = changed

    def delete(self, location_id: str, used_by: Collection[str]) -> None:
        """Move a location to the deleted items. `used_by`: the ids of policies that name it.

        Raises ServiceError 404, or 400 for one that is trusted, in use, or Microsoft's own.
        """
        current = found(self._locations, location_id, _KIND)
        if current["@odata.type"] == COMPLIANT_NETWORK:
            raise refused("The location of all compliant networks cannot be deleted.")
        if current.get("isTrusted"):
            raise refused(
                f"Named location '{current['displayName']}' is marked as trusted. Untrust it "
                "before you delete it."
            )
        if used_by:
            raise refused(
                f"Named location '{current['displayName']}' is used by Conditional Access "
                f"policies: {', '.join(sorted(used_by))}."
            )
        with self._changes.of("namedLocation", current["id"], self._locations):
            self.deleted.put(self._locations.pop(current["id"].lower()))

    def restore(self, location_id: str) -> Document:
        """Bring a deleted location back; raises ServiceError 404."""
        location = self.deleted.take(location_id)
        with self._changes.of("namedLocation", location["id"], self._locations):
            self._locations[location["id"].lower()] = location
        return copied(location)


def kept_location(location: Document) -> Document:
    """A location of a tenant document, as it is; raises ServiceError 400 for a wrong one."""
    kind: Any = location.get("@odata.type")
    if kind not in _SHAPES:
        raise refused(f"'@odata.type' must be one of {', '.join(_SHAPES)}.")
    _checked(kind, {}, location)
    return location


def _checked(kind: str, current: Mapping[str, Any], body: Mapping[str, Any]) -> Document:
    """The properties of a location after a request; raises ServiceError 400."""
    shape = {"displayName": None, **_SHAPES[kind]}
    location = {key: current.get(key, default) for key, default in shape.items()}
    for key, value in body.items():
        if key in shape:
            location[key] = copied(value)
        elif key not in _READ_ONLY and "@odata." not in key:
            raise refused(f"Invalid property '{key}'.")
    name = location["displayName"]
    if not isinstance(name, str) or not name.strip():
        raise refused("'displayName' is required and must not be empty.")
    for flag in ("isTrusted", "includeUnknownCountriesAndRegions"):
        if flag in shape and not isinstance(location[flag], bool):
            raise refused(f"'{flag}' must be true or false.")
    if kind == IP:
        location["ipRanges"] = _ranges(location["ipRanges"])
    elif kind == COUNTRY:
        _check_countries(location)
    elif location["compliantNetworkType"] != "allTenantCompliantNetworks":
        raise refused("'compliantNetworkType' must be 'allTenantCompliantNetworks'.")
    return location


def _ranges(value: Any) -> list[Document]:
    if not isinstance(value, list) or not value:
        raise refused("'ipRanges' is required and must not be empty.")
    ranges = cast("list[Any]", value)
    if len(ranges) > _MOST_RANGES:
        raise refused(f"'ipRanges' has {len(ranges)} ranges, {_MOST_RANGES} at most.")
    checked: list[Document] = []
    for item in ranges:
        holder: Mapping[str, Any] = (
            cast("Mapping[str, Any]", item) if isinstance(item, Mapping) else {}
        )
        text = str(holder.get("cidrAddress", ""))
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise refused(f"'ipRanges': '{text}' is not a range in CIDR form.") from None
        if "/" not in text or (network.version == 4 and network.prefixlen < _WIDEST_IPV4):
            raise refused(f"'ipRanges': '{text}' needs a prefix length of /{_WIDEST_IPV4} or more.")
        kind = f"#microsoft.graph.iPv{network.version}CidrRange"
        if holder.get("@odata.type") != kind:
            raise refused(f"'ipRanges': '{text}' must have '@odata.type' '{kind}'.")
        checked.append({"@odata.type": kind, "cidrAddress": text})
    return checked


def _check_countries(location: Mapping[str, Any]) -> None:
    countries: Any = location["countriesAndRegions"]
    if not isinstance(countries, list) or not countries:
        raise refused("'countriesAndRegions' is required and must not be empty.")
    for country in cast("list[Any]", countries):
        if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
            raise refused(f"'countriesAndRegions': '{country}' is not a two-letter country code.")
    if location["countryLookupMethod"] not in LOOKUP_METHODS:
        raise refused(f"'countryLookupMethod' must be one of {list(LOOKUP_METHODS)}.")
