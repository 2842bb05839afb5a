"""The shape of a Conditional Access policy in Microsoft Graph, and what Graph refuses in one.

A policy is kept as the JSON object that Graph shows. This module completes what a client leaves
out, merges a PATCH into what is there (objects merge, arrays are replaced, what is omitted keeps
its value) and checks the outcome. Source: Microsoft Graph reference, conditionalAccessPolicy
resource type; the refusals 1007, 1012, 1038, 1039 and 1150 are those that clients have met. The
words of all others are assumed, and they have no number.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from sandbox.tenant.access.policy_types import GUID, POLICY, Problem, problem_of
from sandbox.tenant.directory.licences import has_risk_conditions, has_workload_identities
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.json_copy import copied

Document = dict[str, Any]

READ_ONLY = frozenset({"id", "templateId", "createdDateTime", "modifiedDateTime"})
MICROSOFT_MANAGED_PREFIX = "Microsoft-managed: "
SCHEMA_REFUSED = (
    "1007: Incoming ConditionalAccessPolicy object is null or does not match the schema of "
    "ConditionalAccessPolicy type."
)
PREVIEW_REFUSED = (
    "1038: The policy you are trying to create or update contains preview features. "
    "Use the beta endpoint to create or update this policy."
)
_P2_REFUSED = (
    "1039: Cannot create or update policies with premium P2 features. Upgrade to a premium P2 "
    "license and try again."
)
_WORKLOAD_REFUSED = (
    "1150: Cannot create or update policies with workload identity premium features. Upgrade to a "
    "workload identity premium P1 or P2 license and try again"
)
_LITERAL_LOCATIONS = frozenset(
    {
        *("all", "alltrusted"),
        # The trusted addresses of the multifactor authentication service, and the compliant
        # network of Global Secure Access.
        *("00000000-0000-0000-0000-000000000000", "3d46dbda-8382-466a-856d-eb00cbc6b910"),
    }
)

_USERS: Document = {
    "includeUsers": [],
    "excludeUsers": [],
    "includeGroups": [],
    "excludeGroups": [],
    "includeRoles": [],
    "excludeRoles": [],
    "includeGuestsOrExternalUsers": None,
    "excludeGuestsOrExternalUsers": None,
}
_APPLICATIONS: Document = {
    "includeApplications": [],
    "excludeApplications": [],
    "includeUserActions": [],
    "includeAuthenticationContextClassReferences": [],
    "applicationFilter": None,
}
_CONDITIONS: Document = {
    "userRiskLevels": [],
    "signInRiskLevels": [],
    "servicePrincipalRiskLevels": [],
    "insiderRiskLevels": None,
    "clientAppTypes": [],
    "platforms": None,
    "locations": None,
    "devices": None,
    "clientApplications": None,
    "authenticationFlows": None,
    "applications": _APPLICATIONS,
    "users": _USERS,
}
_GRANT_CONTROLS: Document = {
    "operator": "OR",
    "builtInControls": [],
    "customAuthenticationFactors": [],
    "termsOfUse": [],
    "authenticationStrength": None,
}
_POLICY: Document = {
    "id": None,
    "templateId": None,
    "displayName": None,
    "createdDateTime": None,
    "modifiedDateTime": None,
    "state": None,
    "sessionControls": None,
    "conditions": _CONDITIONS,
    "grantControls": None,
}
# Parts that only the beta endpoint knows: v1.0 does not show them and refuses to write a policy
# that has one (1038).
BETA_ONLY = (
    ("conditions", "times"),
    ("conditions", "agentIdRiskLevels"),
    ("sessionControls", "globalSecureAccessFilteringProfile"),
)
# Which empty arrays the service refuses is not documented; these stand in every policy read back,
# or make their condition meaningless, so a client that echoes a whole GET is refused.
_EMPTY_REFUSED = (
    ("conditions", "clientAppTypes"),
    ("conditions", "platforms", "includePlatforms"),
    ("conditions", "locations", "includeLocations"),
    ("conditions", "applications", "includeAuthenticationContextClassReferences"),
)
_LITERALS = {
    "includeUsers": {"All", "None", "GuestsOrExternalUsers", "AllAgentIdUsers"},
    "excludeUsers": {"GuestsOrExternalUsers"},
}


def refused(message: str) -> ServiceError:
    """Graph's 400 for a policy that it does not take."""
    return ServiceError(400, "BadRequest", message)


def complete(body: Mapping[str, Any]) -> Document:
    """A policy with every property that Graph shows; what `body` leaves out gets its default."""
    policy = merge(_POLICY, body)
    grant: Any = policy["grantControls"]
    if isinstance(grant, dict):
        policy["grantControls"] = grant = merge(_GRANT_CONTROLS, cast("Document", grant))
        strength: Any = grant["authenticationStrength"]
        if isinstance(strength, dict):
            # Strengths are kept with their own kind; a policy names the one that it demands.
            named = cast("Document", strength)
            grant["authenticationStrength"] = {key: named[key] for key in named if key == "id"}
    return policy


def merge(current: Mapping[str, Any], change: Mapping[str, Any]) -> Document:
    """`current` after a PATCH with `change`; neither is altered.

    Objects merge, arrays and scalars are replaced, OData annotations are dropped.
    """
    merged = copied(dict(current))
    _merge_into(merged, change)
    return merged


def _merge_into(merged: Document, change: Mapping[str, Any]) -> None:
    for key, value in change.items():
        # Only external tenants are of several types; elsewhere annotations say nothing new.
        if "@odata." in key and not (key == "@odata.type" and "membershipKind" in change):
            continue
        if isinstance(value, Mapping):
            before: Any = merged.get(key)
            base: Document = cast("Document", before) if isinstance(before, dict) else {}
            _merge_into(base, cast("Mapping[str, Any]", value))
            merged[key] = base
        else:
            merged[key] = copied(value)


def check_body(body: Mapping[str, Any], *, beta: bool) -> None:
    """Refuse a request body that Graph would refuse whatever the policy holds."""
    if not body:
        raise refused(SCHEMA_REFUSED)
    _refuse(problem_of(dict(body), POLICY, whole=False))
    for path in _EMPTY_REFUSED:
        if _at(body, path) == []:
            raise refused(f"{SCHEMA_REFUSED} '{'.'.join(path)}' must not be empty.")
    if not beta and preview_features(body):
        raise refused(PREVIEW_REFUSED)


def check_policy(policy: Mapping[str, Any]) -> None:
    """Refuse a complete policy that Graph would refuse to keep."""
    if not str(policy.get("displayName") or "").strip():
        raise refused(f"{SCHEMA_REFUSED} 'displayName' is required.")
    _refuse(problem_of(dict(policy), POLICY, whole=True))
    conditions = _object(policy, "conditions")
    users = _object(conditions, "users")
    _check_users(users)
    if conditions.get("clientApplications") is None and not any(
        users.get(key) for key in users if key.startswith("include")
    ):
        raise refused(f"{SCHEMA_REFUSED} 'conditions.users' includes nobody.")
    applications = _object(conditions, "applications")
    if not any(
        applications.get(key)
        for key in applications
        if key.startswith("include") or key == "applicationFilter"
    ):
        raise refused(f"{SCHEMA_REFUSED} 'conditions.applications' includes nothing.")
    if applications.get("includeApplications") and applications.get("includeUserActions"):
        raise refused(
            "1012: 'applications' condition cannot include both 'includeApplications' and "
            "'includeUserActions'. Please remove one of the conditions."
        )
    if policy.get("grantControls") is None and policy.get("sessionControls") is None:
        raise refused(f"{SCHEMA_REFUSED} The policy has neither grant nor session controls.")


def check_licensed(policy: Mapping[str, Any], directory: Directory) -> None:
    """Refuse a policy with conditions that the tenant's licences do not cover."""
    conditions = _object(policy, "conditions")
    if any(conditions.get(key) for key in ("userRiskLevels", "signInRiskLevels")) and (
        not has_risk_conditions(directory)
    ):
        raise refused(_P2_REFUSED)
    workloads = conditions.get("clientApplications") or conditions.get("servicePrincipalRiskLevels")
    if workloads and not has_workload_identities(directory):
        raise refused(_WORKLOAD_REFUSED)


def location_ids(document: Mapping[str, Any]) -> set[str]:
    """The ids of the named locations that a policy or a request body names."""
    locations = _object(_object(document, "conditions"), "locations")
    named: set[str] = set()
    for key in ("includeLocations", "excludeLocations"):
        values: Any = locations.get(key)
        if isinstance(values, list):
            named |= {str(value).lower() for value in cast("list[Any]", values)}
    return named - _LITERAL_LOCATIONS


def strength_id(document: Mapping[str, Any]) -> str | None:
    """The id of the authentication strength that a policy or a request body demands."""
    strength = _object(_object(document, "grantControls"), "authenticationStrength")
    return str(strength["id"]).lower() if "id" in strength else None


def preview_features(policy: Mapping[str, Any]) -> list[str]:
    """The beta-only parts that a policy or a request body has, as dotted paths."""
    return [".".join(path) for path in BETA_ONLY if _at(policy, path)]


def is_microsoft_managed(policy: Mapping[str, Any]) -> bool:
    """Whether Microsoft keeps this policy: only its state and its exclusions can be changed."""
    return str(policy["displayName"]).startswith(MICROSOFT_MANAGED_PREFIX)


def leaves(body: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of everything that a request body sets."""
    for key, value in body.items():
        if "@odata." in key:
            continue
        if isinstance(value, Mapping):
            yield from leaves(cast("Mapping[str, Any]", value), f"{prefix}{key}.")
        else:
            yield prefix + key


def _refuse(problem: Problem | None) -> None:
    if problem is None:
        return
    if problem.unknown:
        raise refused(f"Invalid property '{problem.path}'.")
    raise refused(f"{SCHEMA_REFUSED} {problem.expected}")


def _check_users(users: Mapping[str, Any]) -> None:
    for key in ("includeUsers", "excludeUsers", "includeGroups", "excludeGroups"):
        for value in users[key]:
            if not GUID.fullmatch(value) and value not in _LITERALS.get(key, set()):
                kind = "group" if key.endswith("Groups") else "user"
                raise refused(f"Invalid {kind} value: {value}.")
    for key in ("include", "exclude"):
        literal = "GuestsOrExternalUsers" in users[f"{key}Users"]
        if literal and users.get(f"{key}GuestsOrExternalUsers"):
            raise refused(
                f"{SCHEMA_REFUSED} 'GuestsOrExternalUsers' cannot be combined with "
                f"'{key}GuestsOrExternalUsers'."
            )
    if "All" in users["includeUsers"] and len(users["includeUsers"]) > 1:
        raise refused(f"{SCHEMA_REFUSED} 'All' cannot be combined with other users.")


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value: Any = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise refused(f"{SCHEMA_REFUSED} '{key}' must be an object.")
    return cast("Mapping[str, Any]", value)


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(key)
    return value
