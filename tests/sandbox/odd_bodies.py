"""A good body for every route that takes one, and odd ones made of it."""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from tests.sandbox import permission_table, permission_table_policies, test_arm_routes
from tests.sandbox.arm_manager import WORKSPACE
from tests.sandbox.permission_table import ADA, EVE, IT, LOCATION, POLICY, STRENGTH, UNIT
from tests.support.tenant import object_id, small_document

JSON = dict[str, Any]
BOTTOMLESS = "in place of ten thousand lists in each other"
ODD: tuple[Any, ...] = (
    *(None, True, -1, 10**400, 1e308, "", "x", "\ud800", BOTTOMLESS),
    *([], [[]], [{}], {}, {"a": {"b": [None]}}),
)


class Good(NamedTuple):
    """A request that goes through: `PATCH /v1.0/users/…` and its body."""

    method: str
    path: str
    body: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


_FULL_POLICY: JSON = {
    "displayName": "Whole",
    "state": "enabled",
    "conditions": {
        "clientAppTypes": ["browser"],
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": [LOCATION]},
        "devices": {"deviceFilter": {"mode": "include", "rule": 'device.model -eq "a"'}},
        "authenticationFlows": {"transferMethods": "deviceCodeFlow"},
        "applications": {
            "includeApplications": ["All"],
            "excludeApplications": ["Office365"],
            "applicationFilter": None,
        },
        "users": {
            "includeUsers": [EVE],
            "excludeUsers": [ADA],
            "includeGroups": [IT],
            "excludeGroups": [IT],
            "includeRoles": ["62e90394-69f5-4237-9190-012177145e10"],
            "excludeRoles": [],
            "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "internalGuest",
                "externalTenants": {
                    "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                    "membershipKind": "all",
                },
            },
        },
    },
    "grantControls": {
        "operator": "OR",
        "builtInControls": ["mfa"],
        "authenticationStrength": {"id": STRENGTH},
    },
    "sessionControls": {
        "signInFrequency": {
            "isEnabled": True,
            "type": "hours",
            "value": 4,
            "authenticationType": "primaryAndSecondaryAuthentication",
            "frequencyInterval": "timeBased",
        },
        "persistentBrowser": {"isEnabled": True, "mode": "never"},
    },
}
_USER: JSON = {
    "displayName": "New",
    "userPrincipalName": "new@fabrikam.onmicrosoft.com",
    "mailNickname": "new",
    "accountEnabled": True,
    "passwordProfile": {
        "password": "Correct-Horse-7-Battery",
        "forceChangePasswordNextSignIn": False,
    },
    "otherMails": ["new@example.com"],
    "businessPhones": ["+49 1"],
    "passwordPolicies": "DisablePasswordExpiration",
    "usageLocation": "DE",
}
_REFERENCES = [f"https://graph.microsoft.com/v1.0/directoryObjects/{ADA}"]
_GROUP: JSON = {
    "displayName": "New",
    "mailNickname": "new",
    "mailEnabled": False,
    "securityEnabled": True,
    "isAssignableToRole": False,
    "description": "Ours",
    "groupTypes": [],
    "members@odata.bind": _REFERENCES,
}
_NEW_MEMBER: JSON = {
    "@odata.type": "#microsoft.graph.group",
    "displayName": "New",
    "mailNickname": "new",
    "mailEnabled": False,
    "securityEnabled": True,
}
_RANGES: JSON = {
    "@odata.type": "#microsoft.graph.ipNamedLocation",
    "displayName": "Office",
    "isTrusted": True,
    "ipRanges": [
        {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.0/24"}
    ],
}
_CERTIFICATES = {"certificateUserIds": ["X509:<PN>eve@fabrikam.example"]}
_KIND = "#microsoft.graph.{}AuthenticationMethod"
_CONFIGURATIONS = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
_TARGETS = [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]
_METHOD_TYPE = "#microsoft.graph.{}AuthenticationMethodConfiguration"
_MORE_GRAPH: dict[str, JSON] = {
    "POST /users": _USER,
    f"PATCH /users/{EVE}": _USER,
    "POST /groups": _GROUP | {"owners@odata.bind": _REFERENCES},
    f"PATCH /groups/{IT}": _GROUP,
    "POST /identity/conditionalAccess/policies": _FULL_POLICY,
    f"PATCH /identity/conditionalAccess/policies/{POLICY}": _FULL_POLICY,
    "POST /identity/conditionalAccess/namedLocations": _RANGES,
    f"PATCH {_CONFIGURATIONS}/fido2": {
        "@odata.type": _METHOD_TYPE.format("fido2"),
        "state": "enabled",
        "isAttestationEnforced": False,
        "isSelfServiceRegistrationAllowed": True,
        "keyRestrictions": {
            "isEnforced": True,
            "enforcementType": "allow",
            "aaGuids": ["ee882879-721c-4913-9775-3dfcce97072a"],
        },
        "includeTargets": _TARGETS,
        "excludeTargets": [{"targetType": "group", "id": IT}],
    },
    f"PATCH {_CONFIGURATIONS}/x509Certificate": {
        "@odata.type": _METHOD_TYPE.format("x509Certificate"),
        "state": "enabled",
        "certificateUserBindings": [
            {
                "x509CertificateField": "PrincipalName",
                "userProperty": "userPrincipalName",
                "priority": 1,
            }
        ],
        "authenticationModeConfiguration": {
            "x509CertificateAuthenticationDefaultMode": "x509CertificateMultiFactor",
            "rules": [],
        },
        "includeTargets": _TARGETS,
        "excludeTargets": [],
    },
    f"PATCH {_CONFIGURATIONS}/temporaryAccessPass": {
        "@odata.type": _METHOD_TYPE.format("temporaryAccessPass"),
        "state": "enabled",
        "defaultLength": 8,
        "defaultLifetimeInMinutes": 60,
        "minimumLifetimeInMinutes": 60,
        "maximumLifetimeInMinutes": 480,
        "isUsableOnce": False,
    },
    f"POST /users/{EVE}/authentication/temporaryAccessPassMethods": {
        "startDateTime": "2025-06-16T00:00:00Z",
        "lifetimeInMinutes": 60,
        "isUsableOnce": True,
    },
    f"POST /users/{EVE}/authentication/fido2Methods": {
        "displayName": "Key",
        "publicKeyCredential": {
            "id": "aWQ",
            "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
        },
    },
    "PATCH /policies/identitySecurityDefaultsEnforcementPolicy": {"isEnabled": False},
    f"POST /administrativeUnits/{UNIT}/members": _NEW_MEMBER,
    f"POST /directory/administrativeUnits/{UNIT}/members": _NEW_MEMBER,
    "POST /directory/deletedItems/" + permission_table.GONE_USER + "/restore": {
        "newUserPrincipalName": "back@fabrikam.onmicrosoft.com",
        "autoReconcileProxyConflict": True,
    },
}


def graph() -> list[Good]:
    """The permission table's writes, with whole bodies where it has short ones."""
    found: dict[str, Good] = {}
    for case in permission_table.cases() + permission_table_policies.cases():
        method = case.route.partition(" ")[0]
        if method not in ("GET", "DELETE"):
            name = f"{method} {case.path}"
            body = _MORE_GRAPH.get(name, case.body or {})
            found[name] = Good(method, f"/beta{case.path}", body)
    for name, body in _MORE_GRAPH.items():
        method, _, path = name.partition(" ")
        found[name] = Good(method, f"/beta{path}", body)
    return list(found.values())


def resource_manager() -> list[Good]:
    """The writes of the table of roles."""
    return [
        Good(case.method, case.path, case.body or {})
        for case in test_arm_routes.CASES
        if case.method in ("PUT", "PATCH", "POST")
    ]


def control() -> list[Good]:
    """What a test, the command line or curl asks of the sandbox itself."""
    policies = "/sandbox/conditional-access/policies"
    sign_in: JSON = {
        "user": EVE,
        "app": "Azure Portal",
        "password": "wrong",
        "mfa": True,
        "method": "fido2",
        "platform": "windows",
        "clientApp": "browser",
        "interactive": True,
        "signInRisk": "none",
        "location": {"ip": "203.0.113.9", "country": "DE"},
        "device": {"isCompliant": True, "model": "a"},
    }
    fault: JSON = {
        "method": "GET",
        "path": "/v1.0/users",
        "nth": 1,
        "times": 2,
        "status": 503,
        "headers": {"Retry-After": "1"},
        "body": {"error": {"code": "a"}},
        "when": "before",
    }
    knobs: JSON = {
        "readLagSeconds": 0.5,
        "replicas": 3,
        "smallPagesLackNextLink": True,
        "directoryUnitsPerTenSeconds": None,
    }
    return [
        Good("PUT", "/sandbox/tenant", small_document()),
        Good("PATCH", "/sandbox/behaviour", knobs),
        Good("POST", "/sandbox/faults", fault),
        Good("POST", "/sandbox/clock", {"advanceSeconds": 1}),
        Good("POST", "/sandbox/sign-ins", sign_in),
        Good("POST", policies, _FULL_POLICY),
        Good("PATCH", f"{policies}/{POLICY}", _FULL_POLICY),
        Good("PATCH", f"/sandbox/users/{EVE}", _USER | {"authorizationInfo": _CERTIFICATES}),
        *administrator(),
    ]


def administrator() -> list[Good]:
    """What an administrator at work in a portal sends besides."""
    user, group = f"/sandbox/users/{EVE}", f"/sandbox/groups/{IT}"
    passkey: JSON = {"@odata.type": _KIND.format("fido2"), "displayName": "Key", "aaGuid": "a"}
    hardware: JSON = {"@odata.type": _KIND.format("hardwareOath"), "device": {"serialNumber": "1"}}
    until = {"state": "active", "endDateTime": "2026-01-01T00:00:00Z"}
    return [
        Good("POST", f"{user}/methods", passkey | {"attestationCertificates": ["a"]}),
        Good("POST", f"{user}/methods", hardware),
        Good("PUT", f"{user}/per-user-mfa", {"perUserMfaState": "enabled"}),
        Good("PUT", f"{user}/licences/EMSPREMIUM", None),
        Good("PUT", f"{user}/roles/Global Reader", until),
        Good("PUT", f"{user}/roles/Global Reader", until | {"state": "eligible"}),
        Good("POST", "/sandbox/groups", _GROUP),
        Good("PATCH", group, _GROUP),
        Good("PUT", f"{group}/members/{ADA}", None),
        Good("PUT", f"{group}/owners/{EVE}", None),
        Good("POST", f"/sandbox/deleted-items/{permission_table.GONE_USER}/restore", None),
    ]


def log_analytics() -> list[Good]:
    """Queries, one by one and several at once."""
    query: JSON = {"query": "print x = 1", "timespan": "PT1H", "workspaces": [WORKSPACE]}
    entry: JSON = {
        "id": "1",
        "headers": {"Prefer": "wait=1"},
        "method": "POST",
        "path": "/query",
        "workspace": object_id("workspace"),
        "body": query,
    }
    return [
        Good("POST", f"/v1/workspaces/{object_id('workspace')}/query", query),
        Good("POST", f"/v1{WORKSPACE}/query", query),
        Good("POST", "/v1/$batch", {"requests": [entry]}),
    ]


def cases() -> list[Good]:
    """One good request for every route of every service that takes a body, and some more."""
    return [*graph(), *resource_manager(), *control(), *log_analytics()]


def variants(body: Any) -> Iterator[tuple[str, bytes]]:
    """The body with each of its parts replaced by each odd value: where and what, and the bytes."""
    for path in [(), *_paths(body)]:
        for odd in ODD:
            changed = _with(body, path, odd)
            text = json.dumps(changed).replace(f'"{BOTTOMLESS}"', "[" * 10_000 + "]" * 10_000)
            yield f"{'.'.join(map(str, path))} = {str(odd)[:20]!r}", text.encode()


def _paths(value: Any, *start: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places in a JSON value; of a list only the first."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(cast("dict[str | int, Any]", value).items())
    elif isinstance(value, list):
        inside = list(enumerate(cast("list[Any]", value)[:1]))
    for key, held in inside:
        yield (*start, key)
        yield from _paths(held, *start, key)


def _with(body: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed: Any = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = odd
    return changed
