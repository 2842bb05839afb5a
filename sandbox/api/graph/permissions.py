"""Application permissions: whether those of a caller open a route, and the refusal if they do not.

A route lists alternatives, as the permission tables of Microsoft Graph's pages do; an alternative
may be several permissions at once ("Policy.Read.All and Policy.ReadWrite.ConditionalAccess").

Each service behind Graph words its refusal in its own way. The words are those that clients have
met: from Conditional Access and security defaults, from authentication methods and strengths, from
the audit logs, and from the directory, which answers everything else.
"""

from collections.abc import Set as AbstractSet

from sandbox.api.routing import Route
from sandbox.tenant.directory.authority import denied
from sandbox.tenant.errors import ServiceError

_TOGETHER = " and "
_CONDITIONAL_ACCESS = (
    "/identity/conditionalAccess/",
    "/policies/identitySecurityDefaultsEnforcementPolicy",
)
_AUTHENTICATION = ("/policies/authenticationStrengthPolicies", "/users/{id}/authentication/")
_AUDIT_LOGS = ("/auditLogs/",)


def opens(alternative: str, granted: AbstractSet[str]) -> bool:
    """Whether a caller has every permission of one alternative."""
    return granted >= frozenset(alternative.split(_TOGETHER))


def require_permission(route: Route, granted: AbstractSet[str]) -> None:
    """Raise ServiceError 403, in its service's words, when no alternative of a route is granted."""
    if not any(opens(alternative, granted) for alternative in route.permissions):
        raise _refusal(route, granted)


def _refusal(route: Route, granted: AbstractSet[str]) -> ServiceError:
    """How the service behind a route refuses a caller without the permission."""
    path = "/" + route.template.split("/", 2)[2]
    if path.startswith(_CONDITIONAL_ACCESS):
        return scopes_missing()
    if path.startswith(_AUTHENTICATION):
        return ServiceError(403, "accessDenied", "Request Authorization failed")
    if path.startswith(_AUDIT_LOGS):
        missing = min((_missing(one, granted) for one in route.permissions), key=len)
        return ServiceError(
            403,
            "Authentication_MSGraphPermissionMissing",
            "The principal does not have required Microsoft Graph permission(s): "
            f"{', '.join(missing)} to call this API. For more information about Microsoft Graph "
            "permissions, please visit "
            "https://learn.microsoft.com/graph/permissions-overview.",
        )
    return denied()


def _missing(alternative: str, granted: AbstractSet[str]) -> list[str]:
    return [name for name in alternative.split(_TOGETHER) if name not in granted]


def scopes_missing() -> ServiceError:
    """The refusal of Conditional Access."""
    return ServiceError(
        403,
        "AccessDenied",
        "You cannot perform the requested operation, required scopes are missing in the token.",
    )
