"""Graph: Conditional Access's What If, `conditionalAccessRoot: evaluate`.

Source of path and permissions: Microsoft Graph reference, "conditionalAccessRoot: evaluate". It
lies under `/identity/conditionalAccess`, so it counts against the tenant's one request a second.
"""

from sandbox.api.graph.conditional_access import admitted
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.access.what_if import what_if

router = Router(case_insensitive=True)

PERMISSIONS = (
    "Policy.Read.ConditionalAccess",
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
)
_TYPE = "Collection(microsoft.graph.whatIfAnalysisResult)"


@graph_route(router, "POST", "/identity/conditionalAccess/evaluate", permissions=PERMISSIONS)
def evaluate(request: Request) -> Response:
    """Say of each policy whether it would apply to a described sign-in, and if not, why."""
    admitted(request)
    version = request.path.split("/")[1]
    results = what_if(request.tenant, request.object_body(), beta=version == "beta")
    context = f"{request.base_url}/{version}/$metadata#{_TYPE}"
    return Response(200, {"@odata.context": context, "value": results})
