"""Authentication methods and their combinations, as authentication strengths write them.

Source: Microsoft Graph reference, authenticationMethodModes, and the built-in strength "Multifactor
authentication" (authenticationStrengthPolicy): a combination in it is multifactor authentication.
"""

MULTIFACTOR = (
    "windowsHelloForBusiness",
    "fido2",
    "x509CertificateMultiFactor",
    "deviceBasedPush",
    "temporaryAccessPassOneTime",
    "temporaryAccessPassMultiUse",
    "password,microsoftAuthenticatorPush",
    "password,softwareOath",
    "password,hardwareOath",
    "password,x509CertificateSingleFactor",
    "password,x509CertificateMultiFactor",
    "password,sms",
    "password,voice",
    "federatedMultiFactor",
    "microsoftAuthenticatorPush,federatedSingleFactor",
    "softwareOath,federatedSingleFactor",
    "hardwareOath,federatedSingleFactor",
    "sms,federatedSingleFactor",
    "voice,federatedSingleFactor",
)
"""In the order of the built-in strength."""
SINGLE_FACTOR = frozenset(
    {
        "password",
        "sms",
        "hardwareOath",
        "softwareOath",
        "x509CertificateSingleFactor",
        "federatedSingleFactor",
        "qrCodePin",
    }
)
PASSKEY = "fido2"


def parts(combination: str) -> frozenset[str]:
    """The methods of a combination; their order says nothing."""
    return frozenset(part.strip() for part in combination.split(","))


def is_multifactor(combination: str) -> bool:
    """Whether a combination is multifactor authentication."""
    return parts(combination) in {parts(known) for known in MULTIFACTOR}


def is_known(combination: str) -> bool:
    """Whether Graph knows a combination."""
    return parts(combination) in {parts(known) for known in (*MULTIFACTOR, *SINGLE_FACTOR)}


def uses_password(combination: str) -> bool:
    """Whether the user types the password."""
    return "password" in parts(combination)
