"""The azuread provider's calls (v3) for Conditional Access policies and authentication strengths.

Source: hashicorp/terraform-provider-azuread, `internal/services/conditionalaccess` and
`internal/services/policies`; the whole policy is sent on create and on update.
"""

from typing import Any

from tests.sandbox.wire.azuread import FIVE_POLLS, Steps
from tests.sandbox.wire.steps import JSON, Wait, delete, get, patch, post

_POLICY = "/v1.0/identity/conditionalAccess/policies/{policy}"
_STRENGTH = "/v1.0/policies/authenticationStrengthPolicies/{strength}"


def _policy(**properties: Any) -> JSON:
    return {
        "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
        "displayName": "Strong sign-in for administrators",
        "state": "disabled",
        "conditions": {
            "applications": {
                "excludeApplications": [],
                "includeApplications": ["All"],
                "includeUserActions": [],
            },
            "clientAppTypes": ["all"],
            "clientApplications": None,
            "devices": None,
            "locations": None,
            "platforms": None,
            "servicePrincipalRiskLevels": [],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "users": {
                "excludeGroups": ["{group}"],
                "excludeGuestsOrExternalUsers": None,
                "excludeRoles": [],
                "excludeUsers": ["{user}"],
                "includeGroups": [],
                "includeGuestsOrExternalUsers": None,
                "includeRoles": ["{role}"],
                "includeUsers": [],
            },
        },
        "grantControls": {
            "authenticationStrength": {
                "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
                "id": "{strength}",
            },
            "builtInControls": [],
            "customAuthenticationFactors": [],
            "operator": "OR",
            "termsOfUse": [],
        },
        "sessionControls": None,
        **properties,
    }


POLICY_READ: Steps = (
    get(
        _POLICY,
        expect={
            "conditions.users.excludeUsers": ["{user}"],
            "conditions.users.excludeGroups": ["{group}"],
            "grantControls.authenticationStrength.id": "{strength}",
            "grantControls.authenticationStrength.displayName": "Passkeys only",
        },
    ),
)
POLICY_CREATE: Steps = (
    post("/v1.0/identity/conditionalAccess/policies", _policy(), keep={"policy": "id"}),
    get(_POLICY, wait=FIVE_POLLS),
    *POLICY_READ,
)
POLICY_UPDATE: Steps = (
    patch(_POLICY, _policy(state="enabledForReportingButNotEnforced")),
    get(
        _POLICY,
        expect={"state": "enabledForReportingButNotEnforced"},
        wait=Wait(meanwhile=(200,)),
    ),
)
POLICY_DELETE: Steps = (get(_POLICY), delete(_POLICY), get(_POLICY, 404, wait=FIVE_POLLS))

STRENGTH_READ: Steps = (
    get(_STRENGTH, expect={"displayName": "Passkeys only", "allowedCombinations": ["fido2"]}),
)
STRENGTH_CREATE: Steps = (
    post(
        "/v1.0/policies/authenticationStrengthPolicies",
        {
            "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
            "allowedCombinations": ["fido2"],
            "description": None,
            "displayName": "Passkeys only",
        },
        keep={"strength": "id"},
    ),
    get(_STRENGTH, wait=FIVE_POLLS),
    *STRENGTH_READ,
)
STRENGTH_UPDATE: Steps = (
    patch(
        _STRENGTH,
        {
            "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
            "description": "For emergency access",
            "displayName": "Passkeys only",
        },
    ),
    post(
        f"{_STRENGTH}/updateAllowedCombinations",
        {"allowedCombinations": ["fido2", "x509CertificateMultiFactor"]},
        200,
    ),
)
STRENGTH_DELETE: Steps = (delete(_STRENGTH), get(_STRENGTH, 404, wait=FIVE_POLLS))
