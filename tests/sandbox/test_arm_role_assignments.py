"""Role assignments through Azure Resource Manager: they open what they say, and only that."""

from typing import Any

import httpx

from sandbox.api.server import TenantServer
from sandbox.tenant.azure.roles import ROLES
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.applications import AzureRole
from sandbox.tenant.tenant import Tenant
from tests.sandbox.arm_manager import GROUP, SETTINGS, SUBSCRIPTION, Manager
from tests.support.tenant import object_id

AUTHORIZATION = "/providers/Microsoft.Authorization"
NAME = "11111111-2222-4333-8444-555555555555"
OTHER = "11111111-2222-4333-8444-666666666666"
APP = object_id("app/object")
AADIAM = "/providers/microsoft.aadiam"


def at(scope: str, name: str = NAME) -> str:
    return f"{scope}{AUTHORIZATION}/roleAssignments/{name}"


def body(role: str = "Contributor", principal: str = APP, scope: str = SUBSCRIPTION) -> Any:
    definition = f"{scope}{AUTHORIZATION}/roleDefinitions/{ROLES[role.lower()].id}"
    return {"properties": {"roleDefinitionId": definition, "principalId": principal}}


def give(server: TenantServer, *roles: tuple[str, str]) -> None:
    """The application has these roles and no others."""
    app = server.world.default.apps.all()[0]
    app.azure_roles = [AzureRole(scope=scope, role=role) for scope, role in roles]


def test_an_assignment_opens_its_scope_until_it_is_taken_away(
    manager: Manager, tenant_server: TenantServer
) -> None:
    give(tenant_server, ("/", "User Access Administrator"))
    place = {"location": "westeurope"}
    assert manager.refused("PUT", GROUP, place) == (403, "AuthorizationFailed")
    made = manager.ask("PUT", at(GROUP), body())
    assert made.status_code == 201
    assert made.json()["properties"]["principalType"] == "ServicePrincipal"
    assert made.json()["properties"]["scope"] == GROUP
    assert manager.ask("PUT", GROUP, place).status_code == 201
    other = GROUP.replace("rg-Watch", "rg-other")
    assert manager.refused("PUT", other, place) == (403, "AuthorizationFailed")
    assert manager.ask("GET", at(GROUP)).json() == made.json()
    assert manager.ask("DELETE", at(GROUP)).json() == made.json()
    assert manager.refused("PUT", GROUP, place) == (403, "AuthorizationFailed")
    assert manager.ask("DELETE", at(GROUP)).status_code == 204
    assert manager.refused("GET", at(GROUP)) == (404, "RoleAssignmentNotFound")


def test_the_right_to_the_tenants_diagnostic_settings_is_given_at_their_own_scope(
    manager: Manager, tenant_server: TenantServer
) -> None:
    give(tenant_server, (SUBSCRIPTION, "Owner"))
    assert manager.refused("GET", SETTINGS) == (403, "AuthorizationFailed")
    assert manager.refused("PUT", at(AADIAM), body()) == (403, "AuthorizationFailed")
    give(tenant_server, ("/", "User Access Administrator"))
    manager.ask("PUT", at(AADIAM), body(scope="")).raise_for_status()
    assert manager.ask("GET", SETTINGS).status_code == 200
    assert manager.ask("DELETE", f"{SETTINGS}/x").status_code == 204


def test_what_conflicts_or_does_not_exist_is_refused(
    manager: Manager, tenant_server: TenantServer
) -> None:
    give(tenant_server, ("/", "Owner"))
    manager.ask("PUT", at(GROUP), body()).raise_for_status()
    assert manager.ask("PUT", at(GROUP), body()).status_code == 200
    assert manager.refused("PUT", at(GROUP, OTHER), body()) == (409, "RoleAssignmentExists")
    changed = body("Reader")
    assert manager.refused("PUT", at(GROUP), changed) == (409, "RoleAssignmentUpdateNotPermitted")
    nobody = body(principal=object_id("nobody"))
    assert manager.refused("PUT", at(GROUP, OTHER), nobody) == (400, "PrincipalNotFound")
    unknown = body()
    unknown["properties"]["roleDefinitionId"] = f"/x/{OTHER}"
    assert manager.refused("PUT", at(GROUP, OTHER), unknown) == (400, "RoleDefinitionDoesNotExist")
    assert manager.refused("PUT", at(GROUP, "name"), body()) == (400, "InvalidRoleAssignmentId")
    wrong = {"api-version": "2099-01-01"}
    assert manager.refused("GET", at(GROUP), **wrong) == (400, "InvalidApiVersionParameter")


def test_assignments_are_listed_at_above_and_below_a_scope(
    manager: Manager, tenant_server: TenantServer
) -> None:
    give(tenant_server, ("/", "Owner"))
    user = object_id("users/ada")
    manager.ask("PUT", at(GROUP), body("Reader", user)).raise_for_status()

    def listed(scope: str, query: str = "") -> set[tuple[str, str]]:
        filters = {"$filter": query} if query else {}
        path = f"{scope}{AUTHORIZATION}/roleAssignments"
        found = manager.ask("GET", path, **filters).raise_for_status().json()["value"]
        return {(i["properties"]["principalType"], i["properties"]["scope"]) for i in found}

    both = {("ServicePrincipal", "/"), ("User", GROUP)}
    assert listed(SUBSCRIPTION) == both == listed("")
    assert listed(SUBSCRIPTION, "atScope()") == {("ServicePrincipal", "/")}
    assert listed(GROUP, "atScope()") == both
    assert listed(SUBSCRIPTION, f"principalId eq '{user}'") == {("User", GROUP)}
    assert listed(GROUP + "x") == {("ServicePrincipal", "/")}
    path = f"{GROUP}{AUTHORIZATION}/roleAssignments"
    wrong = {"$filter": "roleName eq 'x'"}
    assert manager.refused("GET", path, **wrong) == (400, "BadRequestFormat")


def test_role_definitions_are_found_by_name_and_by_id(manager: Manager) -> None:
    path = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions"
    every = manager.ask("GET", path).json()["value"]
    assert {item["properties"]["roleName"].lower() for item in every} == set(ROLES)
    named = {"$filter": "roleName eq 'Log Analytics Reader'"}
    (found,) = manager.ask("GET", path, **named).json()["value"]
    assert found["properties"]["permissions"][0]["actions"][0] == "*/read"
    assert manager.ask("GET", f"{path}/{found['name']}").json() == found
    assert manager.refused("GET", f"{path}/{NAME}") == (404, "RoleDefinitionDoesNotExist")


def test_assignments_survive_a_restart(
    manager: Manager, tenant_server: TenantServer, control: httpx.Client
) -> None:
    give(tenant_server, ("/", "Owner"))
    manager.ask("PUT", at(GROUP), body()).raise_for_status()
    before = tenant_server.world.default.role_assignments.all()
    saved = control.get("/sandbox/tenant").raise_for_status().json()
    after = Tenant.from_document(saved, Clock())
    assert after.role_assignments.all() == before
    assert after.role_assignments.delete(GROUP, NAME) is not None
    assert [role.scope for role in after.apps.all()[0].azure_roles] == ["/"]
