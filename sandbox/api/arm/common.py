"""What the routes of Azure Resource Manager share: who may do it, pages, operations to poll."""

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sandbox.api.routing import Request, Response
from sandbox.tenant.azure.operations import Operation
from sandbox.tenant.azure.roles import authorize, authorize_linked
from sandbox.tenant.azure.types import bad_request, required_api_version
from sandbox.tenant.directory.applications import Application
from sandbox.tenant.errors import ServiceError

_LONGEST_POLL_SECONDS = 15


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


def require_linked(
    request: Request, allowed: tuple[str, str], needed: str, linked_scope: str
) -> None:
    """Raise ServiceError 403 when the application lacks an action on a resource that it names.

    `allowed` is the action and the scope that it was allowed already.
    """
    app = calling_application(request)
    authorize_linked(app.azure_roles, allowed, needed, linked_scope, app.object_id)


def api_version(request: Request) -> str:
    """The request's `api-version`; raises ServiceError 400 when there is none."""
    return required_api_version(request.query.get("api-version"))


def listing(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """A page: everything, or `$top` of it with a `nextLink` to the rest.

    Raises ServiceError 400 for a `$top` or `$skiptoken` that is no number.
    """
    top, start = _number(request, "$top", len(items)), _number(request, "$skiptoken", 0)
    page: dict[str, Any] = {"value": list(items[start : start + top])}
    if start + top < len(items):
        query = {**request.query, "$skiptoken": str(start + top)}
        page["nextLink"] = f"{request.base_url}{request.path}?{urlencode(query)}"
    return Response(body=page)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query.get(name)
    if given is None:
        return default
    if not given.isdecimal() or (name == "$top" and int(given) < 1):
        raise bad_request(
            "InvalidTopQueryParameter" if name == "$top" else "InvalidSkipToken",
            f"The value '{given}' of the query parameter '{name}' is invalid.",
        )
    return int(given)


def poll_url(request: Request, path: str) -> str:
    """Where a client polls, with the API version that it began with."""
    return f"{request.base_url}{path}?api-version={api_version(request)}"


def poll_again(request: Request, operation: Operation) -> dict[str, str]:
    """When to poll next: in seconds, or in milliseconds where an operation takes less.

    Azure's own clients read `retry-after-ms` only where there is no `Retry-After`.
    """
    left = request.tenant.azure.operations.seconds_left(operation)
    if left < 1:
        return {"retry-after-ms": str(max(math.ceil(left * 1000), 50))}
    return {"Retry-After": str(min(math.ceil(left), _LONGEST_POLL_SECONDS))}
