"""Security defaults: Microsoft's fixed rules, in place of Conditional Access.

Source: Microsoft Graph, identitySecurityDefaultsEnforcementPolicy resource type; Microsoft Learn,
"Security defaults in Microsoft Entra ID". They and enabled policies exclude each other: an enabled
policy is refused while they are on, in the service's own words (report-only ones are taken); the
words of the opposite refusal are assumed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.tenant.access.policy_schema import refused
from sandbox.tenant.directory.store import JSON, Directory

POLICY_ID = "00000000-0000-0000-0000-000000000005"
_DESCRIPTION = (
    "Security defaults is a set of basic identity security mechanisms recommended by Microsoft. "
    "When enabled, these recommendations will be automatically enforced in your organization. "
    "Administrators and users will be better protected from common identity related attacks."
)


def shown(directory: Directory) -> JSON:
    """The policy as Graph shows it."""
    return {
        "id": POLICY_ID,
        "displayName": "Security Defaults",
        "description": _DESCRIPTION,
        **directory.security_defaults,
    }


def update(
    directory: Directory, body: Mapping[str, Any], policies: Iterable[Mapping[str, Any]]
) -> None:
    """Switch security defaults on or off; `policies` are the tenant's.

    Raises ServiceError 400 when they would come on beside an enabled policy.
    """
    for key in body:
        if key != "isEnabled" and "@odata." not in key:
            raise refused(f"Invalid property '{key}'.")
    enabled = body.get("isEnabled")
    if not isinstance(enabled, bool):
        raise refused("'isEnabled' must be true or false.")
    if enabled and any(policy["state"] == "enabled" for policy in policies):
        raise refused(
            "Conditional Access policies are enabled in the tenant. You must disable them before "
            "enabling Security defaults."
        )
    store = {POLICY_ID: directory.security_defaults}
    with directory.changes.of("securityDefaults", POLICY_ID, store):
        directory.security_defaults["isEnabled"] = enabled


def require_off(directory: Directory | None) -> None:
    """Raise ServiceError 400 while security defaults are on."""
    if directory is not None and directory.security_defaults["isEnabled"]:
        raise refused(
            "Security Defaults is enabled in the tenant. You must disable Security defaults before "
            "enabling a Conditional Access policy."
        )
