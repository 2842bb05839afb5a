"""How a sign-in ends: the error codes of the sign-in log, and which one Conditional Access gives.

Source of the codes: Microsoft Learn, "Microsoft Entra authentication and authorization error
codes". 53002 and 53009 (client application) are among the device and application codes of
"Troubleshooting sign-in problems with Conditional Access".
"""

from sandbox.tenant.access.evaluation import Evaluation

RESULTS = {
    "0": "",
    "50053": (
        "The account is locked, you've tried to sign in too many times with an incorrect user ID "
        "or password."
    ),
    "50055": "The password is expired.",
    "50057": "The user account is disabled.",
    "50072": "User needs to enroll for multi-factor authentication (interactive).",
    "50074": "Strong Authentication is required.",
    "50076": (
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must use multi-factor authentication to access the resource."
    ),
    "50079": (
        "Due to a configuration change made by your administrator, or because you moved to a new "
        "location, you must enroll in multi-factor authentication to access the resource."
    ),
    "50126": "Error validating credentials due to invalid username or password.",
    "53000": "Device is not in required device state: compliant.",
    "53001": "Device is not in required device state: domain joined.",
    "53002": "The application used is not an approved application for Conditional Access.",
    "53003": "Access has been blocked by Conditional Access policies.",
    "53004": (
        "User needs to complete the multi-factor authentication registration process before "
        "accessing this content."
    ),
    "53009": "Application needs to enforce Intune protection policies.",
    "130501": (
        "Sign-in was blocked due to User Credential Policy: the tenant's authentication methods "
        "policy does not allow this passkey."
    ),
    "135010": "The key was not found: no such passkey is registered for the user.",
    "530035": "Access has been blocked by security defaults.",
}
STRONG_AUTHENTICATION = frozenset({"50072", "50074", "50076", "50079", "53004"})
"""The codes that ask for multifactor authentication."""

_STOPPED_BY = (
    ("compliantDevice", "53000"),
    ("domainJoinedDevice", "53001"),
    ("approvedApplication", "53002"),
    ("compliantApplication", "53009"),
)


def asked_code(*, interactive: bool, registered: bool, risky: bool = False) -> str:
    """The code of a sign-in that still needs multifactor authentication.

    A user without methods enrols first, and may not when the sign-in is risky.
    """
    if not registered and risky:
        return "53004"
    if registered:
        return "50074" if interactive else "50076"
    return "50072" if interactive else "50079"


def blocked_code(evaluation: Evaluation) -> str:
    """53003, but the code of a device or application demand that alone stopped the sign-in."""
    stopped = [
        policy.demand.failing
        for policy in evaluation.applied
        if policy.demand and policy.demand.answer == "impossible"
    ]
    for control, code in _STOPPED_BY:
        if stopped and all(control in failing for failing in stopped):
            return code
    return "53003"
