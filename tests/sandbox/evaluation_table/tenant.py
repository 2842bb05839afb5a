"""The tenant of the table: a few people of each kind, places, strengths."""

from typing import Any

from sandbox.tenant.tenant import Tenant
from tests.sandbox.evaluation_table.case import Case, Object, thing
from tests.sandbox.seed_tenant import StillClock, seed
from tests.support.tenant import AT_ONCE, KEY_KIND, passkey

DOMAIN = "table.onmicrosoft.com"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
HELPDESK_ADMINISTRATOR = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
SYNCHRONIZATION = "d29b2b05-8046-44ba-8758-1e26182fcf32"
OTHER_KIND = "ee882879-721c-4913-9775-3dfcce97072a"
GUESTS = {
    "gus": ("gus_partner.example#EXT#", "Guest"),
    "gil": ("gil", "Guest"),
    "mia": ("mia_partner.example#EXT#", "Member"),
}
MEMBERS = ("ada", "bo", "hal", "una", "eve", "fay", "max", "sync", "glass")


def _user(name: str, local: str, kind: str) -> Object:
    return {
        "id": thing(f"users/{name}"),
        "displayName": name.title(),
        "userPrincipalName": f"{local}@{DOMAIN}",
        "mailNickname": name,
        "userType": kind,
    }


def _group(name: str, *members: str, assignable: bool = False) -> Object:
    return {
        "id": thing(f"groups/{name}"),
        "displayName": name,
        "mailNickname": name.lower(),
        "isAssignableToRole": assignable,
        "members": [thing(member) for member in members],
    }


def _role(principal: str, role: str, scope: str = "/") -> Object:
    return {
        "id": thing(f"roles/{principal}/{role}"),
        "principalId": thing(principal),
        "roleDefinitionId": role,
        "directoryScopeId": scope,
    }


def _addresses(name: str, *blocks: str, trusted: bool) -> Object:
    ranges = [
        {
            "@odata.type": f"#microsoft.graph.iPv{'6' if ':' in block else '4'}CidrRange",
            "cidrAddress": block,
        }
        for block in blocks
    ]
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "id": thing(f"places/{name}"),
        "displayName": name,
        "isTrusted": trusted,
        "ipRanges": ranges,
    }


def _countries(
    name: str, *codes: str, unknown: bool = False, method: str = "clientIpAddress"
) -> Object:
    return {
        "@odata.type": "#microsoft.graph.countryNamedLocation",
        "id": thing(f"places/{name}"),
        "displayName": name,
        "countriesAndRegions": list(codes),
        "includeUnknownCountriesAndRegions": unknown,
        "countryLookupMethod": method,
    }


def _strength(name: str, *combinations: str, keys: tuple[str, ...] = ()) -> Object:
    restricted: Object = {
        "@odata.type": "#microsoft.graph.fido2CombinationConfiguration",
        "appliesToCombinations": ["fido2"],
        "allowedAAGUIDs": list(keys),
    }
    return {
        "id": thing(f"strengths/{name}"),
        "displayName": name,
        "policyType": "custom",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": list(combinations),
        "combinationConfigurations": [restricted] if keys else [],
    }


def document(case: Case) -> dict[str, Any]:
    """The tenant with a case's policies."""
    people = {**dict.fromkeys(MEMBERS, ("", "Member")), **GUESTS}
    policies = [
        {**rule, "id": thing(f"policies/{number}"), "displayName": f"Policy {number}"}
        for number, rule in enumerate(case.policies)
    ]
    return {
        "tenant": {"id": thing("tenant"), "displayName": "Table", "countryLetterCode": "DE"},
        "domains": [{"id": DOMAIN, "isInitial": True, "isDefault": True, "isVerified": True}],
        "subscribedSkus": seed()["subscribedSkus"],
        "apps": [
            {
                "appId": thing("app"),
                "objectId": thing("app/object"),
                "displayName": "Nightly job",
                "graphPermissions": [],
            }
        ],
        "users": [_user(name, local or name, kind) for name, (local, kind) in people.items()],
        "authenticationMethods": [
            passkey(thing(f"users/{name}"), kind)
            for name in people
            for kind in (KEY_KIND, OTHER_KIND)
        ],
        "groups": [
            _group("Paris", "users/fay"),
            _group("France", "groups/Paris"),
            _group("Europe", "groups/France"),
            _group("Staff", "users/eve"),
            _group("Admins", "users/bo", assignable=True),
            _group("Break glass", "users/glass", assignable=True),
        ],
        "roleAssignments": [
            _role("users/ada", GLOBAL_ADMINISTRATOR),
            _role("groups/Admins", GLOBAL_ADMINISTRATOR),
            _role("users/hal", HELPDESK_ADMINISTRATOR),
            _role("users/una", HELPDESK_ADMINISTRATOR, f"/administrativeUnits/{thing('unit')}"),
            _role("users/sync", SYNCHRONIZATION),
            _role("users/glass", GLOBAL_ADMINISTRATOR),
        ],
        "administrativeUnits": [{"id": thing("unit"), "displayName": "Unit", "members": []}],
        "namedLocations": [
            _addresses("Office", "203.0.113.0/24", "2001:db8:4a00::/48", trusted=True),
            _addresses("Branch", "192.0.2.0/25", trusted=False),
            _countries("Gulf", "AE", "QA"),
            _countries("Home", "DE", unknown=True),
            _countries("Alps", "CH", method="authenticatorAppGps"),
            {
                "@odata.type": "#microsoft.graph.compliantNetworkNamedLocation",
                "id": thing("places/Compliant"),
                "displayName": "All Compliant Network locations",
                "isTrusted": False,
                "compliantNetworkType": "allTenantCompliantNetworks",
            },
        ],
        "authenticationStrengths": [
            _strength("One kind of key", "fido2", keys=(KEY_KIND,)),
            _strength("Push", "password,microsoftAuthenticatorPush"),
        ],
        "conditionalAccessPolicies": policies,
        "securityDefaults": {"isEnabled": case.security_defaults},
        "behaviour": {**AT_ONCE, **case.behaviour},
    }


def tenant_of(case: Case) -> Tenant:
    """The tenant, its time standing still."""
    return Tenant.from_document(document(case), StillClock())
