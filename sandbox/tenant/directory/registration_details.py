"""Which authentication methods users have registered: the tenant's report, a row a user.

Sources: Microsoft Graph v1.0, "userRegistrationDetails resource type" and "List
userRegistrationDetails"; Microsoft Entra PowerShell, "Get-EntraAuthenticationMethodUser-
RegistrationDetailReport" (disabled accounts have no row). A passkey on a security key is called
`passKeyDeviceBound` (pull request 8837 of microsoftgraph/microsoft-graph-docs-contrib: "'fido2' has
become 'passKeyDeviceBound'"). Neither passwords nor Temporary Access Passes are listed (assumed),
other methods and self-service password reset are not simulated. The report is up to date at once;
the real one lags by hours.
"""

from sandbox.tenant.directory.authentication_methods import PASSKEY, methods_of
from sandbox.tenant.directory.authentication_methods_policy import PASSKEYS, configuration
from sandbox.tenant.directory.store import JSON, Directory

DEVICE_BOUND_PASSKEY = "passKeyDeviceBound"


def registration_details(directory: Directory) -> list[JSON]:
    """The report's rows, in the order of the users."""
    allowed = configuration(directory, PASSKEYS)["state"] == "enabled"
    return [
        _row(directory, user, allowed)
        for user in directory.users.values()
        if user["accountEnabled"]
    ]


def _row(directory: Directory, user: JSON, allowed: bool) -> JSON:
    registered = bool(methods_of(directory, user["id"], PASSKEY))
    return {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "userDisplayName": user["displayName"],
        "userType": str(user.get("userType") or "Member").lower(),
        "isAdmin": bool(directory.roles_of(user["id"])),
        "isSsprRegistered": False,
        "isSsprEnabled": False,
        "isSsprCapable": False,
        "isMfaRegistered": registered,
        "isMfaCapable": registered and allowed,
        "isPasswordlessCapable": registered and allowed,
        "methodsRegistered": [DEVICE_BOUND_PASSKEY] if registered else [],
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "none",
        "lastUpdatedDateTime": directory.clock.timestamp(),
    }
