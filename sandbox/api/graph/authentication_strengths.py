"""Graph: authentication strengths, under both of their addresses.

`/policies/authenticationStrengthPolicies` is not limited to one request a second, the address under
`/identity/conditionalAccess` is. Permissions: Microsoft Graph, authenticationStrengthPolicy with
its create, update, delete, usage and updateAllowedCombinations.
"""

from collections.abc import Callable

from sandbox.api.graph.odata import collection, entity
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Handler, Request, Response, Router
from sandbox.tenant.access.policies import ConditionalAccess

router = Router(case_insensitive=True)

WRITE = ("Policy.ReadWrite.ConditionalAccess", "Policy.ReadWrite.AuthenticationMethod")
READ = ("Policy.Read.AuthenticationMethod", "Policy.Read.All", *WRITE)

_STRENGTHS = "/policies/authenticationStrengthPolicies"
_BESIDE_POLICIES = "/identity/conditionalAccess/authenticationStrength/policies"


def _both(method: str, rest: str, permissions: tuple[str, ...]) -> Callable[[Handler], Handler]:
    """Register a handler at both addresses."""

    def register(handler: Handler) -> Handler:
        for address in (_STRENGTHS, _BESIDE_POLICIES):
            graph_route(router, method, address + rest, permissions=permissions)(handler)
        return handler

    return register


@_both("GET", "", READ)
def list_strengths(request: Request) -> Response:
    """Page through all authentication strengths."""
    return collection(request, _area(request).strengths(), _STRENGTHS[1:])


@_both("POST", "", WRITE)
def create_strength(request: Request) -> Response:
    """Create a custom strength."""
    area = _area(request)
    area.require_licence()
    made = area.strength_policies.create(request.object_body())
    return entity(request, made, _STRENGTHS[1:], 201)


@_both("GET", "/{id}", READ)
def get_strength(request: Request) -> Response:
    """Read one authentication strength."""
    return entity(request, _area(request).strength(request.params["id"]), _STRENGTHS[1:])


@_both("PATCH", "/{id}", WRITE)
def update_strength(request: Request) -> Response:
    """Change the name or the description of a custom strength; the answer has no body."""
    area = _area(request)
    area.require_licence()
    area.strength_policies.update(request.params["id"], request.object_body())
    return Response(204)


@_both("DELETE", "/{id}", WRITE)
def delete_strength(request: Request) -> Response:
    """Delete a custom strength that no policy demands."""
    area, strength_id = _area(request), request.params["id"]
    area.strength_policies.delete(strength_id, area.policies_demanding(strength_id))
    return Response(204)


@_both("POST", "/{id}/updateAllowedCombinations", WRITE)
def update_allowed_combinations(request: Request) -> Response:
    """Replace the combinations of a custom strength."""
    area, strength_id = _area(request), request.params["id"]
    area.require_licence()
    result = area.strength_policies.update_combinations(
        strength_id, request.object_body(), area.policies_demanding(strength_id)
    )
    return Response(
        body={"@odata.type": "#microsoft.graph.updateAllowedCombinationsResult"} | result
    )


@_both("GET", "/{id}/usage", READ)
def strength_usage(request: Request) -> Response:
    """The policies that demand a strength: those for multifactor authentication, and others."""
    area, beta = _area(request), request.path.startswith("/beta/")
    strength = area.strength(request.params["id"])
    using = [area.policy(found, beta=beta) for found in area.policies_demanding(strength["id"])]
    satisfied = strength["requirementsSatisfied"] == "mfa"
    return Response(body={"mfa": using if satisfied else [], "none": [] if satisfied else using})


def _area(request: Request) -> ConditionalAccess:
    area = request.tenant.conditional_access
    if _BESIDE_POLICIES in request.path:
        area.admit_request()
    return area
