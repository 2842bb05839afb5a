"""Graph: the report of registered authentication methods.

Source: Microsoft Graph v1.0 reference, "List userRegistrationDetails" (permission; `$filter`). That
it needs Entra ID P1, and how it refuses without, is taken from the sign-in report (assumed).
"""

from sandbox.api.graph.odata import collection
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.licences import require_sign_in_report
from sandbox.tenant.directory.registration_details import registration_details

router = Router(case_insensitive=True)

READ = ("AuditLog.Read.All",)

_REGISTRATIONS = "/reports/authenticationMethods/userRegistrationDetails"


@graph_route(router, "GET", _REGISTRATIONS, permissions=READ)
def list_registration_details(request: Request) -> Response:
    """Which methods every user has registered."""
    require_sign_in_report(request.tenant.directory)
    return collection(request, registration_details(request.tenant.directory), _REGISTRATIONS[1:])
