"""Graph: security defaults.

Permissions: Microsoft Graph, "Get identitySecurityDefaultsEnforcementPolicy" and its update; the
permissions reference has Policy.ReadWrite.SecurityDefaults for the same.
"""

from sandbox.api.graph.odata import entity
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.access import security_defaults

router = Router(case_insensitive=True)

READ = ("Policy.Read.All",)
WRITE = (
    "Policy.Read.All and Policy.ReadWrite.ConditionalAccess",
    "Policy.Read.All and Policy.ReadWrite.SecurityDefaults",
)

_SECURITY_DEFAULTS = "/policies/identitySecurityDefaultsEnforcementPolicy"


@graph_route(router, "GET", _SECURITY_DEFAULTS, permissions=READ)
def get_security_defaults(request: Request) -> Response:
    """Whether security defaults are on."""
    policy = security_defaults.shown(request.tenant.directory)
    return entity(request, policy, _SECURITY_DEFAULTS[1:])


@graph_route(router, "PATCH", _SECURITY_DEFAULTS, permissions=WRITE)
def update_security_defaults(request: Request) -> Response:
    """Switch security defaults on or off."""
    policies = request.tenant.conditional_access.policies()
    security_defaults.update(request.tenant.directory, request.object_body(), policies)
    return Response(204)
