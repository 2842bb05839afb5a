"""The kinds of authentication methods that a user can have, but passwords.

Each with its segment in Graph's paths, the words in the names of its permissions, its properties
and, where every user's has the same, its id. Sources: Microsoft Graph v1.0 and beta, the pages of
what derives from "authenticationMethod resource type"; "What's new in Microsoft Graph", October
2025 (a permission for each kind). A certificate is no method of a user: the tenant's policy and the
user's `authorizationInfo` say who signs in with one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.tenant.directory.entity_types import BOOLEAN, INTEGER, STRING, STRINGS, TIME

PHONE_IDS = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
"""The id of a phone method by its `phoneType`: a user has at most one of each."""
EMAIL_ID = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
"""The id of every user's e-mail method."""


@dataclass(frozen=True)
class MethodKind:
    """A kind: `type` is its `@odata.type`, `words` for example one of several texts.

    `is_beta` kinds are only in Graph's beta. `required` properties are never null.
    """

    name: str
    segment: str
    permission: str
    properties: Mapping[str, str]
    required: frozenset[str] = frozenset()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    is_beta: bool = False

    @property
    def type(self) -> str:
        """The `@odata.type`."""
        return f"#microsoft.graph.{self.name}AuthenticationMethod"


_KEY_STRENGTH = {"keyStrength": ("normal", "weak", "unknown")}

FIDO2 = MethodKind(
    "fido2",
    "fido2Methods",
    "Passkey",
    {
        **dict.fromkeys(("displayName", "aaGuid", "model", "passkeyType"), STRING),
        "attestationLevel": STRING,
        "attestationCertificates": STRINGS,
    },
    words={
        "attestationLevel": ("attested", "notAttested"),
        "passkeyType": ("deviceBound", "synced"),
    },
)
TEMPORARY_ACCESS_PASS = MethodKind(
    "temporaryAccessPass",
    "temporaryAccessPassMethods",
    "TAP",
    {"startDateTime": TIME, "lifetimeInMinutes": INTEGER, "isUsableOnce": BOOLEAN},
    required=frozenset({"startDateTime", "lifetimeInMinutes", "isUsableOnce"}),
)
PHONE = MethodKind(
    "phone",
    "phoneMethods",
    "Phone",
    dict.fromkeys(("phoneNumber", "phoneType", "smsSignInState"), STRING),
    required=frozenset({"phoneNumber", "phoneType"}),
    words={
        "phoneType": tuple(PHONE_IDS),
        "smsSignInState": (
            *("notSupported", "notAllowedByPolicy", "notEnabled", "phoneNumberNotUnique"),
            *("ready", "notConfigured"),
        ),
    },
)
EMAIL = MethodKind(
    "email",
    "emailMethods",
    "Email",
    {"emailAddress": STRING},
    required=frozenset({"emailAddress"}),
)
AUTHENTICATOR = MethodKind(
    "microsoftAuthenticator",
    "microsoftAuthenticatorMethods",
    "MicrosoftAuthApp",
    dict.fromkeys(("displayName", "deviceTag", "phoneAppVersion"), STRING),
)
SOFTWARE_OATH = MethodKind(
    "softwareOath", "softwareOathMethods", "SoftwareOATH", {"secretKey": STRING}
)
WINDOWS_HELLO = MethodKind(
    "windowsHelloForBusiness",
    "windowsHelloForBusinessMethods",
    "WindowsHello",
    dict.fromkeys(("displayName", "keyStrength"), STRING),
    words=_KEY_STRENGTH,
)
PLATFORM_CREDENTIAL = MethodKind(
    "platformCredential",
    "platformCredentialMethods",
    "PlatformCred",
    dict.fromkeys(("displayName", "keyStrength", "platform"), STRING),
    words=_KEY_STRENGTH | {"platform": ("unknown", "windows", "macOS", "iOS", "android", "linux")},
)
HARDWARE_OATH = MethodKind(
    "hardwareOath",
    "hardwareOathMethods",
    "HardwareOATH",
    {"device": "graph.hardwareOathTokenAuthenticationMethodDevice"},
    is_beta=True,
)

LISTED_KINDS = (
    *(PHONE, EMAIL, AUTHENTICATOR, SOFTWARE_OATH, WINDOWS_HELLO, PLATFORM_CREDENTIAL),
    HARDWARE_OATH,
)
"""Those that can be listed and deleted here; an administrator registers them as a user would."""

KINDS: Mapping[str, MethodKind] = {
    kind.type: kind for kind in (FIDO2, TEMPORARY_ACCESS_PASS, *LISTED_KINDS)
}
"""Every kind by its `@odata.type`."""
