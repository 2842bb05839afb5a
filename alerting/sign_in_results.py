"""What the result code of a sign-in means, in words for somebody who was just woken up.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from alerting.literals import literal

SUCCESS = "0"
_FIRST = "the password or key was right"
_WORDS = {
    "50034": "failed: no such user",
    "50053": "failed: the account is locked, or the IP address is known for attacks",
    "50055": f"{_FIRST}, but the password has expired",
    "50057": "failed: the account is disabled",
    "50058": "interrupted: nobody was signed in, or several were",
    "50072": f"{_FIRST}; stopped: must register for multifactor authentication",
    "50074": f"{_FIRST}; stopped: multifactor authentication was not done",
    "50076": f"{_FIRST}; stopped: multifactor authentication was not done",
    "50079": f"{_FIRST}; stopped: must register for multifactor authentication",
    "50097": f"{_FIRST}; stopped: the device must prove itself",
    "50105": f"{_FIRST}; stopped: not assigned to the application",
    "50125": f"{_FIRST}; interrupted: must reset the password or register",
    "50126": "failed: wrong name or password",
    "50140": f"{_FIRST}; interrupted: asked whether to stay signed in",
    "50158": f"{_FIRST}; interrupted: sent to another service for multifactor authentication",
    "50173": "failed: the session was revoked, a new sign-in is needed",
    "53000": f"{_FIRST}; blocked by Conditional Access: the device is not compliant",
    "53001": f"{_FIRST}; blocked by Conditional Access: the device is not joined",
    "53003": f"{_FIRST}; blocked by Conditional Access",
    "53004": f"{_FIRST}; blocked: registering for multifactor authentication looked risky",
    "65001": f"{_FIRST}; stopped: the application has no consent",
    "70008": "failed: the session has expired, a new sign-in is needed",
    "70043": "failed: Conditional Access asks for a new sign-in",
    "500121": f"{_FIRST}; stopped: multifactor authentication failed",
    "700082": "failed: the session has expired, a new sign-in is needed",
    "530003": f"{_FIRST}; blocked by Conditional Access: the device must be managed",
}


def result_in_words() -> str:
    """A KQL expression over ResultType and ResultDescription. A code without words shows both."""
    cases = ", ".join(
        f"ResultType == {literal(code)}, {literal(words)}"
        for code, words in {SUCCESS: "succeeded", **_WORDS}.items()
    )
    other = 'strcat("failed: ", ResultType, " ", ResultDescription)'
    return f"case({cases}, {other})"
