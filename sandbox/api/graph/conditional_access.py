"""Graph: Conditional Access policies, named locations, authentication strengths.

Everything under `/identity/conditionalAccess` counts against the tenant's one request a second;
authentication strengths live under `/policies` and do not. Named locations and authentication
strengths can be read only.
"""

from sandbox.api.graph.odata import collection, entity
from sandbox.api.graph.routes import granted, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.directory.authority import denied

router = Router()

READ = ("Policy.Read.All", "Policy.Read.ConditionalAccess")
WRITE = ("Policy.ReadWrite.ConditionalAccess",)

_POLICIES = "/identity/conditionalAccess/policies"
_LOCATIONS = "/identity/conditionalAccess/namedLocations"
_STRENGTHS = "/policies/authenticationStrengthPolicies"


@graph_route(router, "GET", _POLICIES, permissions=READ)
def list_policies(request: Request) -> Response:
    """Page through all policies."""
    policies = _admitted(request).policies(beta=_beta(request))
    return collection(request, policies, _POLICIES[1:])


@graph_route(router, "POST", _POLICIES, permissions=WRITE)
def create_policy(request: Request) -> Response:
    """Create a policy."""
    area = _admitted_to_write(request)
    made = area.create_policy(request.object_body(), beta=_beta(request))
    return entity(request, made, _POLICIES[1:], 201)


@graph_route(router, "GET", _POLICIES + "/{id}", permissions=READ)
def get_policy(request: Request) -> Response:
    """Read one policy."""
    policy = _admitted(request).policy(request.params["id"], beta=_beta(request))
    return entity(request, policy, _POLICIES[1:])


@graph_route(router, "PATCH", _POLICIES + "/{id}", permissions=WRITE)
def update_policy(request: Request) -> Response:
    """Change a policy; the answer has no body."""
    area = _admitted_to_write(request)
    area.update_policy(request.params["id"], request.object_body(), beta=_beta(request))
    return Response(204)


@graph_route(router, "DELETE", _POLICIES + "/{id}", permissions=WRITE)
def delete_policy(request: Request) -> Response:
    """Delete a policy."""
    _admitted_to_write(request).delete_policy(request.params["id"])
    return Response(204)


@graph_route(router, "GET", _LOCATIONS, permissions=READ)
def list_named_locations(request: Request) -> Response:
    """Page through all named locations."""
    return collection(request, _admitted(request).named_locations(), _LOCATIONS[1:])


@graph_route(router, "GET", _LOCATIONS + "/{id}", permissions=READ)
def get_named_location(request: Request) -> Response:
    """Read one named location."""
    location = _admitted(request).named_location(request.params["id"])
    return entity(request, location, _LOCATIONS[1:])


@graph_route(router, "GET", _STRENGTHS, permissions=READ)
def list_strengths(request: Request) -> Response:
    """Page through all authentication strengths."""
    return collection(request, request.tenant.conditional_access.strengths(), _STRENGTHS[1:])


@graph_route(router, "GET", _STRENGTHS + "/{id}", permissions=READ)
def get_strength(request: Request) -> Response:
    """Read one authentication strength."""
    strength = request.tenant.conditional_access.strength(request.params["id"])
    return entity(request, strength, _STRENGTHS[1:])


def _admitted(request: Request) -> ConditionalAccess:
    """The tenant's Conditional Access, unless the request comes too early."""
    area = request.tenant.conditional_access
    area.admit_request()
    return area


def _admitted_to_write(request: Request) -> ConditionalAccess:
    """The same for a caller that also may read: Graph wants Policy.Read.All for every write."""
    permissions = granted(request)
    if permissions is not None and "Policy.Read.All" not in permissions:
        raise denied()
    return _admitted(request)


def _beta(request: Request) -> bool:
    return request.path.startswith("/beta/")
