"""The conditions of a Conditional Access policy, each held against one sign-in.

Each function answers None when the sign-in fits the condition, otherwise the reason that rules the
policy out. `NotEvaluated` is raised for a condition that is not modelled; it never counts as a fit.

Exception
└── NotEvaluated    names the part of the policy that is not evaluated here

Source: Microsoft Learn, "Conditional Access: Users, groups, agents, and workload identities",
"Conditional Access: Target resources", "Conditional Access: Conditions", "Conditional Access:
Network assignment".
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.tenant.access import device_filter

Object = Mapping[str, Any]

LEGACY_CLIENTS = frozenset({"exchangeActiveSync", "other"})
# The older literal means these; "serviceProvider" and the rest have to be named one by one.
GUEST_LITERAL_TYPES = frozenset(
    {"internalGuest", "b2bCollaborationGuest", "b2bCollaborationMember"}
)


class NotEvaluated(Exception):  # noqa: N818 - it is an answer, not a mistake
    """A part of a policy that is not evaluated here."""


@dataclass(frozen=True)
class SignInContext:
    """What a sign-in brings along.

    `groups` are all groups of the user, also through other groups; `roles` are role template ids.
    `guest_type` is None for a member of the tenant, else a value of Graph's
    conditionalAccessGuestOrExternalUserTypes. `method` is the authentication done, written as
    authentication strengths write it (for example `password` or `fido2`). `device` holds the
    properties of a registered device, names in lower case; None: not registered. `names` gives
    display names for ids in the reasons.
    """

    user_id: str
    groups: frozenset[str]
    roles: frozenset[str]
    app_id: str
    guest_type: str | None = None
    resource_id: str | None = None
    app_groups: frozenset[str] = frozenset()
    user_action: str | None = None
    client_app: str = "browser"
    platform: str | None = None
    ip: str | None = None
    country: str | None = None
    device: Mapping[str, str] | None = None
    sign_in_risk: str = "none"
    user_risk: str = "none"
    mfa_done: bool = False
    method: str = "password"
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_legacy(self) -> bool:
        """Whether the client cannot answer any demand (POP, IMAP, SMTP, ActiveSync …)."""
        return self.client_app in LEGACY_CLIENTS

    def called(self, object_id: str) -> str:
        """The display name of an id in quotes, or the id."""
        name = self.names.get(object_id.lower())
        return f"'{name}'" if name else object_id


def users(conditions: Object, context: SignInContext) -> str | None:
    """Users, groups, roles and guests; an exclusion wins over every inclusion."""
    if conditions.get("clientApplications"):
        return "users: the policy is for workload identities, not for users"
    scope: Object = conditions["users"]
    if excluded := _in_scope(scope, "exclude", context):
        return f"users: excluded as {excluded}"
    if not _in_scope(scope, "include", context):
        return "users: not among the included users, groups, roles and guests"
    return None


def _in_scope(scope: Object, side: str, context: SignInContext) -> str | None:
    listed = [str(entry) for entry in scope.get(f"{side}Users") or ()]
    if "All" in listed:
        return "one of all users"
    if context.user_id.lower() in _lower(listed):
        return "a user named in the policy"
    if "GuestsOrExternalUsers" in listed and context.guest_type in GUEST_LITERAL_TYPES:
        return "a guest or external user"
    for group in scope.get(f"{side}Groups") or ():
        if group.lower() in _lower(context.groups):
            return f"a member of group {context.called(group)}"
    for role in scope.get(f"{side}Roles") or ():
        if role.lower() in _lower(context.roles):
            return f"a holder of the role {context.called(role)}"
    guests: Object | None = scope.get(f"{side}GuestsOrExternalUsers")
    if guests and context.guest_type in str(guests.get("guestOrExternalUserTypes")).split(","):
        tenants: Object = guests.get("externalTenants") or {}
        if tenants.get("membershipKind", "all") != "all":
            raise NotEvaluated(f"conditions.users.{side}GuestsOrExternalUsers.externalTenants")
        return f"a guest or external user ({context.guest_type})"
    return None


def applications(conditions: Object, context: SignInContext) -> str | None:
    """Target resources: applications, application groups, user actions, contexts."""
    scope: Object = conditions["applications"]
    if actions := scope.get("includeUserActions"):
        if context.user_action in actions:
            return None
        return f"target resources: only for the user action {', '.join(actions)}"
    if scope.get("includeAuthenticationContextClassReferences"):
        return "target resources: only for an authentication context, which no sign-in asks for"
    if scope.get("applicationFilter"):
        raise NotEvaluated("conditions.applications.applicationFilter")
    if _targets(scope.get("excludeApplications"), context):
        return "target resources: the application is excluded"
    included = scope.get("includeApplications") or ()
    if "All" in included or _targets(included, context):
        return None
    return "target resources: the application is not included"


def _targets(entries: Sequence[str] | None, context: SignInContext) -> bool:
    own = {context.app_id.lower(), (context.resource_id or "").lower()}
    return any(entry in context.app_groups or entry.lower() in own for entry in entries or ())


def client_apps(conditions: Object, context: SignInContext) -> str | None:
    """Client applications: browser, modern clients, legacy authentication."""
    wanted: Sequence[str] = conditions.get("clientAppTypes") or ()
    if not wanted or "all" in wanted or context.client_app in wanted:
        return None
    return f"client apps: {context.client_app} is not among {', '.join(wanted)}"


def platforms(conditions: Object, context: SignInContext) -> str | None:
    """Device platforms; `all` covers unknown ones too."""
    scope: Object | None = conditions.get("platforms")
    if not scope or not scope.get("includePlatforms"):
        return None
    shown = context.platform or "unknown"
    if context.platform in (scope.get("excludePlatforms") or ()):
        return f"device platforms: {shown} is excluded"
    included: Sequence[str] = scope["includePlatforms"]
    if "all" in included or context.platform in included:
        return None
    return f"device platforms: {shown} is not included"


def locations(
    conditions: Object, context: SignInContext, named_locations: Sequence[Object]
) -> str | None:
    """Network: any, all trusted, named locations by address or by country."""
    scope: Object | None = conditions.get("locations")
    if not scope or not scope.get("includeLocations"):
        return None
    if found := _location(scope.get("excludeLocations") or (), context, named_locations):
        return f"network: {found} is excluded"
    if _location(scope["includeLocations"], context, named_locations):
        return None
    return (
        f"network: {context.ip or 'the address'} ({context.country or 'no country'}) is not in it"
    )


def _location(
    entries: Sequence[str], context: SignInContext, named_locations: Sequence[Object]
) -> str | None:
    for entry in entries:
        if entry == "All":
            return "any network"
        for location in named_locations:
            named = location["id"].lower() == entry.lower()
            trusted = entry == "AllTrusted" and location.get("isTrusted", False)
            if (named or trusted) and _is_in(location, context):
                return f"named location '{location['displayName']}'"
    return None


def _is_in(location: Object, context: SignInContext) -> bool:
    if "countriesAndRegions" in location:
        if location.get("countryLookupMethod", "clientIpAddress") != "clientIpAddress":
            raise NotEvaluated(f"named location '{location['displayName']}': countryLookupMethod")
        if context.country is None:
            return bool(location.get("includeUnknownCountriesAndRegions"))
        return context.country.upper() in location["countriesAndRegions"]
    if context.ip is None:
        return False
    address = ipaddress.ip_address(context.ip)
    return any(
        address in ipaddress.ip_network(block["cidrAddress"], strict=False)
        for block in location["ipRanges"]
    )


def risk(conditions: Object, context: SignInContext) -> str | None:
    """Sign-in risk and user risk."""
    for key, name, level in (
        ("signInRiskLevels", "sign-in risk", context.sign_in_risk),
        ("userRiskLevels", "user risk", context.user_risk),
    ):
        wanted: Sequence[str] = conditions.get(key) or ()
        if wanted and level not in wanted:
            return f"{name}: {level} is not among {', '.join(wanted)}"
    return None


def devices(conditions: Object, context: SignInContext) -> str | None:
    """The filter for devices."""
    scope: Object = conditions.get("devices") or {}
    device: Object | None = scope.get("deviceFilter")
    if not device:
        return None
    try:
        fits = device_filter.matches(device["rule"], context.device)
    except device_filter.UnsupportedRuleError as unsupported:
        raise NotEvaluated(f"conditions.devices.deviceFilter: {unsupported}") from None
    if fits == (device["mode"] == "include"):
        return None
    return f"filter for devices: the device is not in scope of {device['mode']} {device['rule']}"


def unmodelled(conditions: Object) -> None:
    """Raise `NotEvaluated` for a condition that is set and that no function here knows."""
    for key in ("authenticationFlows", "insiderRiskLevels", "times", "agentIdRiskLevels"):
        if conditions.get(key):
            raise NotEvaluated(f"conditions.{key}")


def _lower(values: Sequence[str] | frozenset[str]) -> set[str]:
    return {value.lower() for value in values}
