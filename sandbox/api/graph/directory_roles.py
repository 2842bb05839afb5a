"""Graph: the directory roles that are in use, and who holds them.

Source: Microsoft Graph v1.0 reference, "List directoryRoles", "Get directoryRole", "List members of
a directory role". A role is addressed by its object id; by its template id it is not simulated.
"""

from sandbox.api.graph.groups import shown_object
from sandbox.api.graph.odata import collection, entity
from sandbox.api.graph.routes import DIRECTORY_READ, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.directory_roles import directory_role, directory_roles, role_members

router = Router(case_insensitive=True)

READ = (
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    *DIRECTORY_READ,
)


@graph_route(router, "GET", "/directoryRoles", permissions=READ)
def list_directory_roles(request: Request) -> Response:
    """The roles that are in use."""
    return collection(request, directory_roles(request.tenant.directory), "directoryRoles")


@graph_route(router, "GET", "/directoryRoles/{id}", permissions=READ)
def get_directory_role(request: Request) -> Response:
    """One role by its object id."""
    found = directory_role(request.tenant.directory, request.params["id"])
    return entity(request, found, "directoryRoles")


@graph_route(router, "GET", "/directoryRoles/{id}/members", permissions=READ)
def list_role_members(request: Request) -> Response:
    """Who holds a role."""
    found = role_members(request.tenant.directory, request.params["id"])
    return collection(request, found, "directoryObjects", shown_object)
