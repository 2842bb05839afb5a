"""The network condition: any, all trusted, named locations, the compliant network.

Source: Microsoft Learn, "Conditional Access: Network assignment"; Microsoft Graph reference,
ipNamedLocation, countryNamedLocation, compliantNetworkNamedLocation.
"""

import ipaddress
from collections.abc import Sequence

from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext

# Methods that are passwordless; GPS locations do not work with them.
_PASSWORDLESS = frozenset({"fido2", "windowsHelloForBusiness", "deviceBasedPush"})


def locations(
    conditions: Object, context: SignInContext, named_locations: Sequence[Object]
) -> str | None:
    """None when the network fits, else why not; an excluded location wins."""
    scope: Object | None = conditions.get("locations")
    if not scope or not scope.get("includeLocations"):
        return None
    unknown: NotEvaluated | None = None
    try:
        if found := _location(scope.get("excludeLocations") or (), context, named_locations):
            return f"network: {found} is excluded"
    except NotEvaluated as error:
        unknown = error
    if not _location(scope["includeLocations"], context, named_locations):
        place = context.ip or "the address"
        return f"network: {place} ({context.country or 'no country'}) is not in it"
    if unknown is not None:
        raise unknown
    return None


def _location(
    entries: Sequence[str], context: SignInContext, named_locations: Sequence[Object]
) -> str | None:
    if "All" in entries:
        return "any network"
    unknown: NotEvaluated | None = None
    for entry in entries:
        for location in named_locations:
            named = location["id"].lower() == entry.lower()
            trusted = entry == "AllTrusted" and location.get("isTrusted", False)
            if not (named or trusted):
                continue
            try:
                if _is_in(location, context):
                    return f"named location '{location['displayName']}'"
            except NotEvaluated as error:
                unknown = unknown or error
    if unknown is not None:
        raise unknown
    return None


def _is_in(location: Object, context: SignInContext) -> bool:
    if "countriesAndRegions" in location:
        return _is_in_country(location, context)
    if "compliantNetworkType" in location:
        return context.compliant_network
    if context.ip is None:
        return False
    address = ipaddress.ip_address(context.ip)
    return any(
        address in ipaddress.ip_network(block["cidrAddress"], strict=False)
        for block in location.get("ipRanges") or ()
    )


def _is_in_country(location: Object, context: SignInContext) -> bool:
    country = context.country
    if location.get("countryLookupMethod", "clientIpAddress") == "authenticatorAppGps":
        if context.gps_country is None and context.method not in _PASSWORDLESS:
            raise NotEvaluated(
                f"conditions.locations: named location '{location['displayName']}' asks for the "
                "position of the authenticator app, which this sign-in does not say,"
            )
        country = context.gps_country
    if country is None:
        return bool(location.get("includeUnknownCountriesAndRegions"))
    listed = {str(code).upper() for code in location["countriesAndRegions"]}
    return country.upper() in listed
