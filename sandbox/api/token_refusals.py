"""How each service says that it takes no such token.

Sources: Microsoft Learn, "Resolve Microsoft Graph authorization errors" and "Troubleshoot
authentication errors in Azure Resource Manager"; texts as both services are seen to answer.
"""

from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE, TokenError
from sandbox.tenant.clock import iso
from sandbox.tenant.errors import ServiceError

_GRAPH = "00000003-0000-0000-c000-000000000000"
_GRAPH_TEXTS = {
    "missing": "Access token is empty.",
    "malformed": "IDX14100: the access token is not one of this tenant's.",
    "audience": "Access token validation failure. Invalid audience.",
    "expired": "Lifetime validation failed, the token is expired.",
    "stranger": "The identity of the calling application could not be established.",
}


def graph_refusal(refused: TokenError, base_url: str, now: float) -> ServiceError:  # noqa: ARG001
    """Microsoft Graph: one code for all reasons."""
    challenge = (
        f'Bearer realm="", authorization_uri="{base_url}/common/oauth2/authorize", '
        f'client_id="{_GRAPH}"'
    )
    return ServiceError(
        401,
        "InvalidAuthenticationToken",
        _GRAPH_TEXTS[refused.reason],
        {"WWW-Authenticate": challenge},
    )


def resource_manager_refusal(refused: TokenError, base_url: str, now: float) -> ServiceError:
    """Azure Resource Manager: a code for each reason, and the reason in the challenge again."""
    code, text = _resource_manager_words(refused, now)
    challenge = f'Bearer authorization_uri="{base_url}/"'
    if refused.reason != "missing":
        challenge += f', error="invalid_token", error_description="{text}"'
    return ServiceError(401, code, text, {"WWW-Authenticate": challenge})


def _resource_manager_words(refused: TokenError, now: float) -> tuple[str, str]:
    if refused.reason == "missing":
        return "AuthenticationFailed", (
            "Authentication failed. The 'Authorization' header is missing."
        )
    if refused.reason == "audience":
        return "InvalidAuthenticationTokenAudience", (
            "The access token has been obtained for wrong audience or resource "
            f"'{refused.claims['aud']}'. It should exactly match with one of the allowed "
            f"audiences '{RESOURCE_MANAGER_AUDIENCE}'."
        )
    if refused.reason == "expired":
        return "ExpiredAuthenticationToken", (
            f"The access token expiry UTC time '{iso(refused.claims['exp'])}' is earlier than "
            f"current UTC time '{iso(now)}'."
        )
    if refused.reason == "stranger":
        return "AuthenticationFailed", "Authentication failed. The application is not known here."
    return "InvalidAuthenticationToken", "The access token is invalid."
