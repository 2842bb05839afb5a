"""What the result code of a sign-in means, in words for somebody who was just woken up.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from alerting.literals import literal

SUCCESS = "0"
_WORDS = {
    "50034": "failed: no such user",
    "50053": "failed: the account is locked, or the IP address is known for attacks",
    "50055": "failed: the password has expired",
    "50056": "failed: no password is stored for the account",
    "50057": "failed: the account is disabled",
    "50058": "interrupted: no session, the user must sign in",
    "50072": "password accepted; stopped: must register for multifactor authentication",
    "50074": "password accepted; stopped: multifactor authentication was not done",
    "50076": "password accepted; stopped: multifactor authentication was not done",
    "50079": "password accepted; stopped: must register for multifactor authentication",
    "50125": "interrupted: password reset or registration",
    "50126": "failed: wrong password",
    "50140": "interrupted: asked whether to stay signed in",
    "50144": "failed: the password has expired",
    "50158": "interrupted: an external challenge was not met",
    "50173": "failed: the session was revoked, a new sign-in is needed",
    "53000": "blocked by Conditional Access: the device is not compliant",
    "53001": "blocked by Conditional Access: the device is not joined",
    "53003": "blocked by Conditional Access",
    "53004": "blocked: must register for multifactor authentication first",
    "65001": "failed: the application has no consent",
    "70008": "failed: the session has expired, a new sign-in is needed",
    "500121": "password accepted; stopped: multifactor authentication failed",
    "530003": "blocked by Conditional Access: the device must be managed",
}


def result_in_words() -> str:
    """A KQL expression over ResultType and ResultDescription. A code without words shows both."""
    cases = ", ".join(
        f"ResultType == {literal(code)}, {literal(words)}"
        for code, words in {SUCCESS: "signed in", **_WORDS}.items()
    )
    other = 'strcat("failed: ", ResultType, " ", ResultDescription)'
    return f"case({cases}, {other})"
