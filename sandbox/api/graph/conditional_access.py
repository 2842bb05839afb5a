"""Graph: Conditional Access policies, those that can be restored too.

Everything under `/identity/conditionalAccess` counts against the tenant's one request a second.
Permissions: Microsoft Graph, "List policies", "Create conditionalAccessPolicy" and "Known issues
with Microsoft Graph" (a write needs Policy.Read.All too, and Application.Read.All when it names
applications). The permission tables of the deleted items contradict their own pages; those of the
policies are assumed for them.
"""

from dataclasses import replace
from typing import Any, cast

from sandbox.api.graph.odata import collection, entity
from sandbox.api.graph.permissions import scopes_missing
from sandbox.api.graph.routes import granted, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.access.policies import ConditionalAccess

router = Router(case_insensitive=True)

READ = ("Policy.Read.All", "Policy.Read.ConditionalAccess")
WRITE = ("Policy.Read.All and Policy.ReadWrite.ConditionalAccess",)

_POLICIES = "/identity/conditionalAccess/policies"
_DELETED = "/identity/conditionalAccess/deletedItems/policies"


@graph_route(router, "GET", _POLICIES, permissions=READ)
def list_policies(request: Request) -> Response:
    """Page through all policies."""
    policies = admitted(request).policies(beta=_beta(request))
    response = collection(request, policies, _POLICIES[1:])
    body: dict[str, Any] = response.body
    if "$top" in request.query and request.tenant.behaviour.small_pages_lack_next_link:
        body = {key: value for key, value in body.items() if key != "@odata.nextLink"}
    return replace(response, body=body)


@graph_route(router, "POST", _POLICIES, permissions=WRITE)
def create_policy(request: Request) -> Response:
    """Create a policy."""
    area = admitted(request)
    _require_applications(request)
    made = area.create_policy(request.object_body(), beta=_beta(request))
    return entity(request, made, _POLICIES[1:], 201)


@graph_route(router, "GET", _POLICIES + "/{id}", permissions=READ)
def get_policy(request: Request) -> Response:
    """Read one policy."""
    policy = admitted(request).policy(request.params["id"], beta=_beta(request))
    return entity(request, policy, _POLICIES[1:])


@graph_route(router, "PATCH", _POLICIES + "/{id}", permissions=WRITE)
def update_policy(request: Request) -> Response:
    """Change a policy; the answer has no body."""
    area = admitted(request)
    _require_applications(request)
    area.update_policy(request.params["id"], request.object_body(), beta=_beta(request))
    return Response(204)


@graph_route(router, "DELETE", _POLICIES + "/{id}", permissions=WRITE)
def delete_policy(request: Request) -> Response:
    """Move a policy to the deleted items."""
    admitted(request).delete_policy(request.params["id"])
    return Response(204)


@graph_route(router, "GET", _DELETED, permissions=READ)
def list_deleted_policies(request: Request) -> Response:
    """The policies that can be restored."""
    return collection(request, admitted(request).deleted_policies.all(), _DELETED[1:])


@graph_route(router, "GET", _DELETED + "/{id}", permissions=READ)
def get_deleted_policy(request: Request) -> Response:
    """One policy that can be restored."""
    policy = admitted(request).deleted_policies.get(request.params["id"])
    return entity(request, policy, _DELETED[1:])


@graph_route(router, "POST", _DELETED + "/{id}/restore", permissions=WRITE)
def restore_policy(request: Request) -> Response:
    """Bring a deleted policy back."""
    policy = admitted(request).restore_policy(request.params["id"], beta=_beta(request))
    return entity(request, policy, _POLICIES[1:])


@graph_route(router, "DELETE", _DELETED + "/{id}", permissions=WRITE)
def purge_policy(request: Request) -> Response:
    """Delete a policy for good."""
    admitted(request).deleted_policies.take(request.params["id"])
    return Response(204)


def admitted(request: Request) -> ConditionalAccess:
    """The tenant's Conditional Access, unless the request comes too early."""
    area = request.tenant.conditional_access
    area.admit_request()
    return area


def _require_applications(request: Request) -> None:
    """Refuse a caller that names applications and may not read them."""
    conditions: Any = request.object_body().get("conditions")
    if not isinstance(conditions, dict) or not cast("dict[str, Any]", conditions).get(
        "applications"
    ):
        return
    permissions = granted(request)
    if permissions is not None and "Application.Read.All" not in permissions:
        raise scopes_missing()


def _beta(request: Request) -> bool:
    return request.path.startswith("/beta/")
