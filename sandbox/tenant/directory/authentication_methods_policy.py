"""Which authentication methods a tenant allows, and how: the authentication methods policy.

A tenant document's key `authenticationMethodsPolicy` holds what differs from the defaults, by the
configuration's id. Shapes, and the bounds of Temporary Access Passes: Microsoft Graph v1.0, "Get
authenticationMethodsPolicy" and "Get x509CertificateAuthenticationMethodConfiguration" (with its
defaults: certificates are disabled). Assumed: that passkeys and Temporary Access Passes are enabled
in a new tenant, which differs with the tenant's age.
"""

from collections.abc import Mapping
from typing import Any, cast

from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request

PASSKEYS = "Fido2"
TEMPORARY_ACCESS_PASS = "TemporaryAccessPass"  # noqa: S105 - a method's name
CERTIFICATES = "X509Certificate"

_EVERYBODY = [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}]
_DEFAULTS: dict[str, JSON] = {
    PASSKEYS: {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": PASSKEYS,
        "state": "enabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": False,
        "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
        "excludeTargets": [],
        "includeTargets": _EVERYBODY,
    },
    TEMPORARY_ACCESS_PASS: {
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration",
        "id": TEMPORARY_ACCESS_PASS,
        "state": "enabled",
        "defaultLifetimeInMinutes": 60,
        "defaultLength": 8,
        "minimumLifetimeInMinutes": 60,
        "maximumLifetimeInMinutes": 480,
        "isUsableOnce": False,
        "excludeTargets": [],
        "includeTargets": _EVERYBODY,
    },
    CERTIFICATES: {
        "@odata.type": "#microsoft.graph.x509CertificateAuthenticationMethodConfiguration",
        "id": CERTIFICATES,
        "state": "disabled",
        "certificateUserBindings": [
            {
                "x509CertificateField": "PrincipalName",
                "userProperty": "onPremisesUserPrincipalName",
                "priority": 1,
            },
            {
                "x509CertificateField": "RFC822Name",
                "userProperty": "userPrincipalName",
                "priority": 2,
            },
        ],
        "authenticationModeConfiguration": {
            "x509CertificateAuthenticationDefaultMode": "x509CertificateSingleFactor",
            "rules": [],
        },
        "excludeTargets": [],
        "includeTargets": _EVERYBODY,
    },
}


def policy(directory: Directory) -> JSON:
    """The whole policy as Graph shows it; only the simulated methods are in it."""
    return {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are "
        "allowed in the tenant, authentication method registration requirements, and self-service "
        "password reset settings",
        "policyVersion": "1.5",
        "authenticationMethodConfigurations": [
            configuration(directory, method_id) for method_id in _DEFAULTS
        ],
    }


def configuration(directory: Directory, method_id: str) -> JSON:
    """The configuration of one method; raises ServiceError 404."""
    for known, default in _DEFAULTS.items():
        if known.lower() == method_id.lower():
            return default | directory.authentication_methods_policy.get(known, {})
    raise not_found(method_id)


def update_configuration(directory: Directory, method_id: str, body: Mapping[str, Any]) -> None:
    """Change what the body names; `@odata.type` must be there, as Graph demands."""
    found = configuration(directory, method_id)
    if body.get("@odata.type") != found["@odata.type"]:
        raise bad_request(f"A value is required for '@odata.type': {found['@odata.type']}")
    values = {name: value for name, value in body.items() if "@odata." not in name and name != "id"}
    for name, value in values.items():
        if name not in found or not _takes(name, value, found[name]):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    kept = directory.authentication_methods_policy
    with directory.changes.of("authenticationMethodsPolicy", found["id"], kept):
        kept[found["id"]] = found | values


def _takes(name: str, value: object, current: object) -> bool:
    """Whether a property takes a value: the type that it has, within what is documented."""
    if type(value) is not type(current):
        return False
    if name == "state":
        return value in ("enabled", "disabled")
    if isinstance(value, int) and not isinstance(value, bool):
        return value >= 1
    if name == "keyRestrictions":
        restrictions = cast("JSON", value)
        keys: Any = restrictions.get("aaGuids", [])
        return (
            isinstance(restrictions.get("isEnforced", False), bool)
            and restrictions.get("enforcementType", "block") in ("allow", "block")
            and isinstance(keys, list)
            and all(isinstance(key, str) for key in cast("list[Any]", keys))
        )
    if name in ("includeTargets", "excludeTargets"):
        return all(_is_target(entry) for entry in cast("list[Any]", value))
    return True


def _is_target(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    target = cast("JSON", entry)
    return target.get("targetType") in ("user", "group") and isinstance(target.get("id"), str)
