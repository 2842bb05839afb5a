"""Graph: active and eligible roles with their times, as Privileged Identity Management sees them.

Permissions: Microsoft Graph v1.0, "List roleAssignmentSchedules", "List roleEligibilitySchedules"
and the pages of their instances. Requests, which change schedules, are not simulated: an
administrator does that through the control face.
"""

from collections.abc import Callable

from sandbox.api.graph.odata import JSON, collection, entity
from sandbox.api.graph.routes import graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import role_schedules
from sandbox.tenant.directory.store import Directory, not_found

router = Router(case_insensitive=True)

_ROLES = ("RoleManagement.Read.All", "RoleManagement.Read.Directory")
_MANAGE = "RoleManagement.ReadWrite.Directory"


def _read(kind: str) -> tuple[str, ...]:
    return (f"{kind}.Read.Directory", f"{kind}.ReadWrite.Directory", *_ROLES, _MANAGE)


def _routes_of(
    segment: str, found: Callable[[Directory], list[JSON]], permissions: tuple[str, ...]
) -> None:
    context = f"roleManagement/directory/{segment}"

    @graph_route(router, "GET", f"/{context}", permissions=permissions)
    def _(request: Request) -> Response:
        return collection(request, found(request.tenant.directory), context)

    @graph_route(router, "GET", f"/{context}/{{id}}", permissions=permissions)
    def _(request: Request) -> Response:
        wanted = request.params["id"]
        for schedule in found(request.tenant.directory):
            if schedule["id"] == wanted.lower():
                return entity(request, schedule, context)
        raise not_found(wanted)


_ASSIGNMENTS, _ELIGIBILITIES = _read("RoleAssignmentSchedule"), _read("RoleEligibilitySchedule")
_routes_of("roleAssignmentSchedules", role_schedules.assignment_schedules, _ASSIGNMENTS)
_routes_of("roleEligibilitySchedules", role_schedules.eligibility_schedules, _ELIGIBILITIES)
_routes_of("roleAssignmentScheduleInstances", role_schedules.assignment_instances, _ASSIGNMENTS)
_routes_of("roleEligibilityScheduleInstances", role_schedules.eligibility_instances, _ELIGIBILITIES)
