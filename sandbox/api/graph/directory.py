"""Graph: roles, organisation, domains, licences, service principals."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.graph.member_of import direct_parents, related_routes, without_links
from sandbox.api.graph.odata import JSON, collection, entity
from sandbox.api.graph.routes import DIRECTORY_READ, graph_route, require_replicated
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.role_assignments import (
    create_role_assignment,
    delete_role_assignment,
    role_assignment,
    shown_assignment,
)
from sandbox.tenant.directory.roles import BUILT_IN_ROLES, role_definition
from sandbox.tenant.directory.store import not_found

router = Router(case_insensitive=True)

ROLES_WRITE = ("RoleManagement.ReadWrite.Directory",)
ROLES_READ = (
    *("RoleManagement.Read.Directory", "RoleManagement.Read.All"),
    *ROLES_WRITE,
    *DIRECTORY_READ,
)
ORGANIZATION_READ = ("Organization.Read.All", "Organization.ReadWrite.All", *DIRECTORY_READ)
DOMAIN_READ = ("Domain.Read.All", "Domain.ReadWrite.All", *DIRECTORY_READ)
LICENCE_READ = ("LicenseAssignment.Read.All", *ORGANIZATION_READ)
APPLICATION_READ = (
    *("Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
    "Directory.Read.All",
)
PRINCIPAL_MEMBER_OF = ("Application.Read.All", "Application.ReadWrite.All", *DIRECTORY_READ)

_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
_DEFINITIONS = "/roleManagement/directory/roleDefinitions"


# Directory roles


@graph_route(router, "GET", _ASSIGNMENTS, permissions=ROLES_READ)
def list_role_assignments(request: Request) -> Response:
    """Active role assignments; `$filter=principalId eq '…'` or `roleDefinitionId eq '…'`."""
    directory = request.tenant.directory
    return collection(
        request,
        directory.live_role_assignments(),
        "roleManagement/directory/roleAssignments",
        shown_assignment,
        lookups={"principalId": directory.live_role_assignments_to},
    )


@graph_route(router, "POST", _ASSIGNMENTS, permissions=ROLES_WRITE)
def add_role_assignment(request: Request) -> Response:
    """Give a directory role."""
    require_replicated(request, str(request.object_body().get("principalId")))
    made = create_role_assignment(request.tenant.directory, request.object_body())
    return entity(request, shown_assignment(made), "roleManagement/directory/roleAssignments", 201)


@graph_route(router, "GET", _ASSIGNMENTS + "/{id}", permissions=ROLES_READ)
def get_role_assignment(request: Request) -> Response:
    """One role assignment."""
    found = role_assignment(request.tenant.directory, request.params["id"])
    return entity(request, shown_assignment(found), "roleManagement/directory/roleAssignments")


@graph_route(router, "DELETE", _ASSIGNMENTS + "/{id}", permissions=ROLES_WRITE)
def remove_role_assignment(request: Request) -> Response:
    """Take a directory role away."""
    delete_role_assignment(request.tenant.directory, request.params["id"])
    return Response(204)


@graph_route(router, "GET", _DEFINITIONS, permissions=ROLES_READ)
def list_role_definitions(request: Request) -> Response:
    """The built-in roles."""
    found = [role_definition(template_id) for template_id in BUILT_IN_ROLES]
    return collection(request, found, "roleManagement/directory/roleDefinitions")


@graph_route(router, "GET", _DEFINITIONS + "/{id}", permissions=ROLES_READ)
def get_role_definition(request: Request) -> Response:
    """One built-in role by its template id."""
    found = role_definition(request.params["id"])
    return entity(request, found, "roleManagement/directory/roleDefinitions")


# The organisation


@graph_route(router, "GET", "/organization", permissions=ORGANIZATION_READ)
def list_organization(request: Request) -> Response:
    """The one organisation that a tenant is."""
    return collection(request, [_organization(request)], "organization")


@graph_route(router, "GET", "/organization/{id}", permissions=ORGANIZATION_READ)
def get_organization(request: Request) -> Response:
    """The organisation by the tenant id."""
    if request.params["id"].lower() != request.tenant.id:
        raise not_found(request.params["id"])
    return entity(request, _organization(request), "organization")


def _organization(request: Request) -> JSON:
    directory = request.tenant.directory
    verified = [
        {
            "name": domain["id"],
            "isDefault": domain.get("isDefault", False),
            "isInitial": domain.get("isInitial", False),
            "type": domain.get("authenticationType", "Managed"),
            "capabilities": ", ".join(domain.get("supportedServices", [])),
        }
        for domain in directory.domains
        if domain.get("isVerified", True)
    ]
    plans = [
        {
            "service": plan.get("servicePlanName"),
            "servicePlanId": plan.get("servicePlanId"),
            "capabilityStatus": sku.get("capabilityStatus", "Enabled"),
        }
        for sku in directory.subscribed_skus
        for plan in sku.get("servicePlans", [])
    ]
    return {
        **directory.organization,
        "tenantType": "AAD",
        "verifiedDomains": verified,
        "assignedPlans": plans,
    }


@graph_route(router, "GET", "/domains", permissions=DOMAIN_READ)
def list_domains(request: Request) -> Response:
    """All domains, verified or not."""
    found = [_domain(domain) for domain in request.tenant.directory.domains]
    return collection(request, found, "domains")


@graph_route(router, "GET", "/domains/{id}", permissions=DOMAIN_READ)
def get_domain(request: Request) -> Response:
    """One domain by its name."""
    for domain in request.tenant.directory.domains:
        if domain["id"].lower() == request.params["id"].lower():
            return entity(request, _domain(domain), "domains")
    raise not_found(request.params["id"])


def _domain(domain: Mapping[str, Any]) -> JSON:
    return {
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": [],
        **domain,
    }


@graph_route(router, "GET", "/subscribedSkus", permissions=LICENCE_READ)
def list_subscribed_skus(request: Request) -> Response:
    """The licences that the tenant owns, with their service plans."""
    return collection(request, request.tenant.directory.subscribed_skus, "subscribedSkus")


# Service principals


@graph_route(router, "GET", "/servicePrincipals", permissions=APPLICATION_READ)
def list_service_principals(request: Request) -> Response:
    """The tenant's applications as service principals."""
    found = [_service_principal(request, app.object_id) for app in request.tenant.apps.all()]
    return collection(request, found, "servicePrincipals")


@graph_route(router, "GET", "/servicePrincipals(appId='{appId}')", permissions=APPLICATION_READ)
def get_service_principal_by_app_id(request: Request) -> Response:
    """One service principal by its application id."""
    app = request.tenant.apps.find(request.params["appId"])
    if app is None:
        raise not_found(request.params["appId"])
    found = _service_principal(request, app.object_id)
    return entity(request, found, "servicePrincipals")


@graph_route(router, "GET", "/servicePrincipals/{id}", permissions=APPLICATION_READ)
def get_service_principal(request: Request) -> Response:
    """One service principal by its object id."""
    found = _service_principal(request, _known_principal(request))
    return entity(request, found, "servicePrincipals")


def _parents(request: Request) -> list[JSON]:
    """The groups and administrative units that list the service principal as their member."""
    return direct_parents(request, _known_principal(request))


def _transitive_groups(request: Request) -> list[JSON]:
    """All groups that the service principal is in, through other groups too."""
    directory = request.tenant.directory
    return directory.objects(sorted(directory.groups_of(_known_principal(request))))


def _known_principal(request: Request) -> str:
    if request.tenant.apps.by_object_id(request.params["id"]) is None:
        raise not_found(request.params["id"])
    return request.params["id"].lower()


for _tail, _found in (("memberOf", _parents), ("transitiveMemberOf", _transitive_groups)):
    related_routes(
        router, f"/servicePrincipals/{{id}}/{_tail}", PRINCIPAL_MEMBER_OF, _found, without_links
    )


def _service_principal(request: Request, object_id: str) -> JSON:
    found = request.tenant.directory.find_object(object_id)
    assert found is not None, "an application always has a service principal"  # noqa: S101
    return {name: value for name, value in found.items() if name != "@odata.type"}
