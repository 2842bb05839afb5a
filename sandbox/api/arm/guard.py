"""What every answer of Azure Resource Manager has: its ids, and how many requests are left."""

from dataclasses import replace
from uuid import uuid4

from sandbox.api.arm.common import calling_application
from sandbox.api.routing import Handler, Request, Response, Route, Router
from sandbox.tenant.errors import ServiceError


def guarded(routers: tuple[Router, ...]) -> Router:
    """One router with the routes of all, behind the request limits of the subscription."""
    router = Router(case_insensitive=True)
    for route in (route for part in routers for route in part.routes):
        router.route(route.method, route.template)(_guarded(route))
    return router


def _guarded(route: Route) -> Handler:
    def handler(request: Request) -> Response:
        headers = _ids()
        subscription = request.params.get("subscription", "")
        principal = calling_application(request).object_id
        try:
            headers |= request.tenant.azure.limits.take(subscription, principal, request.method)
            response = route.handler(request)
        except ServiceError as error:
            carried = {**headers, **error.headers}
            raise ServiceError(
                error.status, error.code, error.message, carried, error.details
            ) from None
        return replace(response, headers={**headers, **response.headers})

    return handler


def _ids() -> dict[str, str]:
    request_id = str(uuid4())
    return {"x-ms-request-id": request_id, "x-ms-correlation-request-id": request_id}
