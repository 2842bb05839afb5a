"""The second part of the permission table: access, authentication methods, logs, deleted items."""

from tests.sandbox.permission_table import (
    DIRECTORY,
    EVE,
    GONE_LOCATION,
    GONE_POLICY,
    GONE_USER,
    LOCATION,
    PASS,
    PASSKEY,
    PASSWORD_METHOD,
    POLICY,
    STRENGTH,
    Case,
)

EXCLUDE = {"conditions": {"users": {"excludeUsers": [EVE]}}}
COUNTRIES = {
    "@odata.type": "#microsoft.graph.countryNamedLocation",
    "displayName": "Ours",
    "countriesAndRegions": ["DE"],
}
_CA_READ = ("Policy.Read.All", "Policy.Read.ConditionalAccess")
_CA_WRITE = ("Policy.Read.All and Policy.ReadWrite.ConditionalAccess",)


def _policy_routes() -> list[Case]:
    applications = (f"{_CA_WRITE[0]} and Application.Read.All",)
    policy = {
        "displayName": "New",
        "state": "disabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["block"]},
    }
    base = "/identity/conditionalAccess"
    gone = f"{base}/deletedItems"
    asked = {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": EVE,
        },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": ["00000003-0000-0ff1-ce00-000000000000"],
        },
        "signInConditions": {},
    }
    return [
        Case(f"GET {base}/policies", _CA_READ),
        Case(f"POST {base}/policies", applications, {}, policy, 201),
        Case(f"GET {base}/policies/{{id}}", _CA_READ, {"id": POLICY}),
        Case(f"PATCH {base}/policies/{{id}}", _CA_WRITE, {"id": POLICY}, EXCLUDE, 204),
        Case(f"DELETE {base}/policies/{{id}}", _CA_WRITE, {"id": POLICY}, None, 204),
        Case(f"GET {gone}/policies", _CA_READ),
        Case(f"GET {gone}/policies/{{id}}", _CA_READ, {"id": GONE_POLICY}),
        Case(f"POST {gone}/policies/{{id}}/restore", _CA_WRITE, {"id": GONE_POLICY}),
        Case(f"DELETE {gone}/policies/{{id}}", _CA_WRITE, {"id": GONE_POLICY}, None, 204),
        Case(f"GET {base}/namedLocations", _CA_READ),
        Case(f"POST {base}/namedLocations", _CA_WRITE, {}, COUNTRIES, 201),
        Case(f"GET {base}/namedLocations/{{id}}", _CA_READ, {"id": LOCATION}),
        Case(f"PATCH {base}/namedLocations/{{id}}", _CA_WRITE, {"id": LOCATION}, COUNTRIES, 204),
        Case(f"DELETE {base}/namedLocations/{{id}}", _CA_WRITE, {"id": LOCATION}, None, 204),
        Case(f"GET {gone}/namedLocations", _CA_READ),
        Case(f"GET {gone}/namedLocations/{{id}}", _CA_READ, {"id": GONE_LOCATION}),
        Case(f"POST {gone}/namedLocations/{{id}}/restore", _CA_WRITE, {"id": GONE_LOCATION}),
        Case(f"DELETE {gone}/namedLocations/{{id}}", _CA_WRITE, {"id": GONE_LOCATION}, None, 204),
        Case(
            f"POST {base}/evaluate",
            (
                *("Policy.Read.ConditionalAccess", "Policy.Read.All"),
                "Policy.ReadWrite.ConditionalAccess",
            ),
            {},
            asked,
        ),
    ]


def _strength_routes() -> list[Case]:
    write = ("Policy.ReadWrite.ConditionalAccess", "Policy.ReadWrite.AuthenticationMethod")
    read = ("Policy.Read.AuthenticationMethod", "Policy.Read.All", *write)
    own, keys = {"id": STRENGTH}, {"allowedCombinations": ["fido2"]}
    found: list[Case] = []
    for base in (
        "/policies/authenticationStrengthPolicies",
        "/identity/conditionalAccess/authenticationStrength/policies",
    ):
        found += [
            Case(f"GET {base}", read),
            Case(f"POST {base}", write, {}, keys | {"displayName": "New"}, 201),
            Case(f"GET {base}/{{id}}", read, own),
            Case(f"PATCH {base}/{{id}}", write, own, {"description": "Keys"}, 204),
            Case(f"DELETE {base}/{{id}}", write, own, None, 204),
            Case(f"POST {base}/{{id}}/updateAllowedCombinations", write, own, keys),
            Case(f"GET {base}/{{id}}/usage", read, own),
        ]
    return found


def _method_routes() -> list[Case]:
    write = ("UserAuthenticationMethod.ReadWrite.All",)
    read = ("UserAuthenticationMethod.Read.All", *write)
    pass_write = ("UserAuthMethod-TAP.ReadWrite.All", *write)
    pass_read = ("UserAuthMethod-TAP.Read.All", "UserAuthMethod-TAP.ReadWrite.All", *read)
    key_write = ("UserAuthMethod-Passkey.ReadWrite.All", *write)
    key_read = ("UserAuthMethod-Passkey.Read.All", "UserAuthMethod-Passkey.ReadWrite.All", *read)
    policy_write = ("Policy.ReadWrite.AuthenticationMethod",)
    policy_read = ("Policy.Read.All", "Policy.Read.AuthenticationMethod", *policy_write)
    base, eve = "/users/{id}/authentication", {"id": EVE}
    passes, keys = f"{base}/temporaryAccessPassMethods", f"{base}/fido2Methods"
    one_pass, one_key = eve | {"method": PASS}, eve | {"method": PASSKEY}
    policy = "/policies/authenticationMethodsPolicy"
    configuration = f"{policy}/authenticationMethodConfigurations/{{method}}"
    return [
        Case(f"GET {base}/methods", read, eve),
        Case(f"GET {base}/passwordMethods", read, eve),
        Case(f"GET {base}/passwordMethods/{{method}}", read, eve | {"method": PASSWORD_METHOD}),
        Case(f"GET {passes}", pass_read, eve),
        Case(f"POST {passes}", pass_write, eve, {}, 201),
        Case(f"GET {passes}/{{method}}", pass_read, one_pass),
        Case(f"DELETE {passes}/{{method}}", pass_write, one_pass, None, 204),
        Case(f"GET {keys}/creationOptions", key_write, eve),
        Case(
            f"GET {keys}/creationOptions(challengeTimeoutInMinutes={{minutes}})",
            key_write,
            eve | {"minutes": "30"},
        ),
        Case(f"GET {keys}", key_read, eve),
        Case(f"POST {keys}", key_write, eve, {}, None),
        Case(f"GET {keys}/{{method}}", key_read, one_key),
        Case(f"DELETE {keys}/{{method}}", key_write, one_key, None, 204),
        Case(f"GET {policy}", policy_read),
        Case(f"GET {configuration}", policy_read, {"method": "fido2"}),
        Case(
            f"PATCH {configuration}",
            policy_write,
            {"method": "fido2"},
            {
                "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
                "state": "enabled",
            },
            204,
        ),
    ]


def _other_routes() -> list[Case]:
    defaults = "/policies/identitySecurityDefaultsEnforcementPolicy"
    audits = tuple(f"AuditLog.Read.All and {permission}" for permission in DIRECTORY)
    restore = ("User.DeleteRestore.All", "User.ReadWrite.All")
    items, gone = "/directory/deletedItems/{id}", {"id": GONE_USER}
    return [
        Case(f"GET {defaults}", ("Policy.Read.All",)),
        Case(
            f"PATCH {defaults}",
            (*_CA_WRITE, "Policy.Read.All and Policy.ReadWrite.SecurityDefaults"),
            {},
            {"isEnabled": False},
            204,
        ),
        *(
            Case(f"GET /auditLogs/{log}{tail}", audits, {"id": EVE}, None, status)
            for log in ("directoryAudits", "signIns")
            for tail, status in (("", 200), ("/{id}", None))
        ),
        Case(f"GET {items}", ("User.Read.All", "User.ReadWrite.All", *DIRECTORY), gone),
        Case(f"POST {items}/restore", restore, gone),
        Case(f"DELETE {items}", restore, gone, None, 204),
    ]


def cases() -> list[Case]:
    """This part of the table."""
    return [*_policy_routes(), *_strength_routes(), *_method_routes(), *_other_routes()]
