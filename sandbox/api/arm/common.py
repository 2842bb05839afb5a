"""What the routes of Azure Resource Manager share: who may do it, and how long work is polled."""

from typing import Any

from sandbox.api.routing import Request, Response
from sandbox.tenant.azure.roles import authorize
from sandbox.tenant.azure.types import required_api_version
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.errors import ServiceError

# Without a `Retry-After` in seconds beside it, the official clients wait these milliseconds.
RETRY_SOON = {"retry-after-ms": "50"}


def calling_application(request: Request) -> Application:
    """The application that the token speaks for; raises ServiceError 401."""
    caller = request.caller
    app = request.tenant.apps.find(caller.app_id) if caller else None
    if app is None:
        raise ServiceError(401, "AuthenticationFailed", "Authentication failed.")
    return app


def require(request: Request, action: str, scope: str) -> Application:
    """The calling application; raises ServiceError 403 when it may not do the action there."""
    app = calling_application(request)
    authorize(app.azure_roles, action, scope, app.object_id)
    return app


def api_version(request: Request) -> str:
    """The request's `api-version`; raises ServiceError 400 when there is none."""
    return required_api_version(request.query.get("api-version"))


def listing(items: list[dict[str, Any]]) -> Response:
    """A page with everything."""
    return Response(body={"value": items})


def operation_headers(
    request: Request, header: str, kind: str, operation: str, scope: str
) -> dict[str, str]:
    """Where a client polls an operation: `Azure-AsyncOperation` or `Location`."""
    url = f"{request.base_url}{scope}/{kind}/{operation}?api-version={api_version(request)}"
    return {header: url, **RETRY_SOON}
