"""Which authentication methods users have registered: the tenant's report, a row a user.

Sources: Microsoft Graph v1.0, "userRegistrationDetails resource type" and "List
userRegistrationDetails"; Microsoft Entra PowerShell, "Get-EntraAuthenticationMethodUser-
RegistrationDetailReport" (disabled accounts have no row). A passkey on a security key is called
`passKeyDeviceBound` (pull request 8837 of microsoftgraph/microsoft-graph-docs-contrib: "'fido2' has
become 'passKeyDeviceBound'"). Neither passwords nor Temporary Access Passes are listed (assumed).
An e-mail address is no second factor. That the tenant allows the other kinds is taken as given;
self-service password reset is not simulated. The report is up to date at once; the real one lags by
hours.
"""

from sandbox.tenant.directory import method_kinds as kinds
from sandbox.tenant.directory.authentication_methods import methods_of
from sandbox.tenant.directory.authentication_methods_policy import PASSKEYS, configuration
from sandbox.tenant.directory.store import JSON, Directory

DEVICE_BOUND_PASSKEY = "passKeyDeviceBound"
_NAMES = {
    kinds.FIDO2.type: DEVICE_BOUND_PASSKEY,
    kinds.EMAIL.type: "email",
    kinds.AUTHENTICATOR.type: "microsoftAuthenticatorPush",
    kinds.SOFTWARE_OATH.type: "softwareOneTimePasscode",
    kinds.HARDWARE_OATH.type: "hardwareOneTimePasscode",
    kinds.WINDOWS_HELLO.type: "windowsHelloForBusiness",
    kinds.PLATFORM_CREDENTIAL.type: "macOsSecureEnclaveKey",
}
_PHONES = {
    "mobile": "mobilePhone",
    "alternateMobile": "alternateMobilePhone",
    "office": "officePhone",
}
_PASSWORDLESS = frozenset(
    {DEVICE_BOUND_PASSKEY, "windowsHelloForBusiness", "macOsSecureEnclaveKey"}
)


def registration_details(directory: Directory) -> list[JSON]:
    """The report's rows, in the order of the users."""
    allowed = configuration(directory, PASSKEYS)["state"] == "enabled"
    return [
        _row(directory, user, allowed)
        for user in directory.users.values()
        if user["accountEnabled"]
    ]


def _row(directory: Directory, user: JSON, allowed: bool) -> JSON:
    names = _registered(directory, user["id"])
    usable = {name for name in names if name != DEVICE_BOUND_PASSKEY or allowed} - {"email"}
    return {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "userDisplayName": user["displayName"],
        "userType": str(user.get("userType") or "Member").lower(),
        "isAdmin": bool(directory.roles_of(user["id"])),
        "isSsprRegistered": False,
        "isSsprEnabled": False,
        "isSsprCapable": False,
        "isMfaRegistered": bool(set(names) - {"email"}),
        "isMfaCapable": bool(usable),
        "isPasswordlessCapable": bool(usable & _PASSWORDLESS),
        "methodsRegistered": names,
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "none",
        "lastUpdatedDateTime": directory.clock.timestamp(),
    }


def _registered(directory: Directory, user_id: str) -> list[str]:
    """The report's names of what a user has registered, each once."""
    found: dict[str, None] = {}
    for method in methods_of(directory, user_id):
        kind = method["@odata.type"]
        name = _PHONES[method["phoneType"]] if kind == kinds.PHONE.type else _NAMES.get(kind)
        if name is not None:
            found[name] = None
    return [*found]
