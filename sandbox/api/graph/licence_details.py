"""Graph: the licences of a user with their service plans.

Source: Microsoft Graph v1.0, "List licenseDetails" and its permission table. Assumed: applications
open it with the permissions that the table lists for users (it calls applications unsupported, yet
auditors read it as such); there is no least privileged one besides.
"""

from sandbox.api.graph.odata import collection
from sandbox.api.graph.routes import DIRECTORY_READ, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.licence_assignment import licence_details

router = Router(case_insensitive=True)

READ = ("LicenseAssignment.Read.All", "User.Read.All", "User.ReadWrite.All", *DIRECTORY_READ)


@graph_route(router, "GET", "/users/{id}/licenseDetails", permissions=READ)
def list_licence_details(request: Request) -> Response:
    """What is assigned to a user; nothing for one without a licence."""
    directory = request.tenant.directory
    user = directory.user(request.params["id"])
    return collection(request, licence_details(directory, user), "licenseDetails")
