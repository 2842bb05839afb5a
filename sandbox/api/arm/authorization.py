"""Role assignments and role definitions over HTTP.

Source: Azure REST API, "Role Assignments", "Role Definitions" (2022-04-01).
"""

import re
from typing import Any

from sandbox.api.arm.common import listing, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.role_assignments import RoleAssignment, definition_of
from sandbox.tenant.azure.roles import ROLES, RoleDefinition
from sandbox.tenant.azure.types import (
    bad_request,
    invalid_api_version,
    object_or_empty,
    required_api_version,
)
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

_PROVIDER = "/providers/Microsoft.Authorization"
_SCOPES = (
    "",
    "/providers/{namespace}",
    "/subscriptions/{subscription}",
    "/subscriptions/{subscription}/resourceGroups/{group}",
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{resource}",
)
_VERSIONS = (
    *("2015-07-01", "2018-01-01-preview", "2018-09-01-preview", "2020-04-01-preview"),
    *("2020-08-01-preview", "2022-04-01", "2022-05-01-preview"),
)
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_PRINCIPAL = re.compile(r"(?:principalId\s+eq\s+|assignedTo\()'([^']+)'\)?", re.IGNORECASE)
_NAME = re.compile(r"roleName\s+eq\s+'([^']+)'", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def list_assignments(request: Request) -> Response:
    """The assignments at, above and below a scope; `$filter` atScope() or by principal."""
    scope = _scope(request, _ASSIGNMENTS, "read")
    given = request.query.get("$filter", "")
    principal = _PRINCIPAL.fullmatch(given.strip())
    if given and principal is None and given.strip().lower() != "atscope()":
        raise bad_request("BadRequestFormat", f"The filter '{given}' is not supported.")
    found = request.tenant.role_assignments.around(scope, only_above=given.lower() == "atscope()")
    if principal is not None:
        found = [item for item in found if item.principal_id.lower() == principal[1].lower()]
    return listing(request, [_assignment(item) for item in found if item.role.lower() in ROLES])


def get_assignment(request: Request) -> Response:
    """One assignment."""
    scope = _scope(request, _ASSIGNMENTS, "read")
    return Response(body=_assignment(_found(request, scope)))


def put_assignment(request: Request) -> Response:
    """Assign a role."""
    scope, name = _scope(request, _ASSIGNMENTS, "write"), request.params["name"]
    if not _GUID.fullmatch(name):
        raise bad_request(
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
        )
    assignments = request.tenant.role_assignments
    properties = object_or_empty(request.object_body().get("properties"))
    wanted = assignments.made(scope, name, properties)
    return Response(201 if assignments.put(wanted) else 200, _assignment(wanted))


def delete_assignment(request: Request) -> Response:
    """Take a role away: 200 with what it was, or 204."""
    scope = _scope(request, _ASSIGNMENTS, "delete")
    gone = request.tenant.role_assignments.delete(scope, request.params["name"])
    return Response(204) if gone is None else Response(200, _assignment(gone))


def list_definitions(request: Request) -> Response:
    """The built-in roles; `$filter` by name."""
    scope = _scope(request, _DEFINITIONS, "read")
    name = _NAME.fullmatch(request.query.get("$filter", "").strip())
    found = [role for role in ROLES.values() if not name or role.name.lower() == name[1].lower()]
    return listing(request, [_definition(role, scope) for role in found])


def get_definition(request: Request) -> Response:
    """One built-in role."""
    scope = _scope(request, _DEFINITIONS, "read")
    try:
        return Response(body=_definition(definition_of(request.params["name"]), scope))
    except ServiceError as error:
        raise ServiceError(404, error.code, error.message) from None


def _found(request: Request, scope: str) -> RoleAssignment:
    return request.tenant.role_assignments.find(scope, request.params["name"])


def _scope(request: Request, kind: str, verb: str) -> str:
    version = required_api_version(request.query.get("api-version"))
    if version.lower() not in _VERSIONS:
        raise invalid_api_version(version, _VERSIONS)
    if "subscription" in request.params:
        request.tenant.azure.subscription(request.params["subscription"])
    end = request.path.lower().rindex(_PROVIDER.lower())
    scope = request.path[:end] or "/"
    require(request, f"{kind}/{verb}", scope)
    return scope


def _assignment(item: RoleAssignment) -> dict[str, Any]:
    scope = item.scope.rstrip("/")
    return {
        "id": f"{scope}{_PROVIDER}/roleAssignments/{item.name}",
        "name": item.name,
        "type": _ASSIGNMENTS,
        "properties": {
            "roleDefinitionId": _definition_id(ROLES[item.role.lower()], scope),
            "principalId": item.principal_id,
            "principalType": item.principal_type,
            "scope": scope or "/",
        },
    }


def _definition(role: RoleDefinition, scope: str) -> dict[str, Any]:
    permissions = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": [],
        "notDataActions": [],
    }
    return {
        "id": _definition_id(role, scope),
        "name": role.id,
        "type": _DEFINITIONS,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "assignableScopes": ["/"],
            "permissions": [permissions],
        },
    }


def _definition_id(role: RoleDefinition, scope: str) -> str:
    """As the service writes it: below the subscription, or below nothing."""
    parts = scope.split("/")
    place = "/".join(parts[:3]) if scope.lower().startswith("/subscriptions/") else ""
    return f"{place}{_PROVIDER}/roleDefinitions/{role.id}"


def _mount() -> None:
    for scope in _SCOPES:
        assignments = f"{scope}{_PROVIDER}/roleAssignments"
        definitions = f"{scope}{_PROVIDER}/roleDefinitions"
        router.route("GET", assignments)(list_assignments)
        router.route("GET", f"{assignments}/{{name}}")(get_assignment)
        router.route("PUT", f"{assignments}/{{name}}")(put_assignment)
        router.route("DELETE", f"{assignments}/{{name}}")(delete_assignment)
        router.route("GET", definitions)(list_definitions)
        router.route("GET", f"{definitions}/{{name}}")(get_definition)


_mount()
