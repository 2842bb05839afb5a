"""The query API of Log Analytics: one workspace, a resource, or a batch of queries.

Source: Microsoft Learn, "Azure Monitor Log Analytics API": request format, batch queries, errors.
"""

from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

from sandbox.api.arm.common import calling_application
from sandbox.api.routing import Request, Response, Router
from sandbox.api.tokens import LOG_ANALYTICS_AUDIENCE, TokenError
from sandbox.tenant.azure.roles import definitions_at
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.monitor.log_queries import LogQuery, QueryRefusedError, answer, workspace_of

router = Router(case_insensitive=True)

_ACTION = "Microsoft.OperationalInsights/workspaces/query/read"
_IDS = ("x-ms-request-id", "x-ms-client-request-id")

Json = dict[str, Any]


@router.route("POST", "/v1/workspaces/{workspace}/query")
@router.route("GET", "/v1/workspaces/{workspace}/query")
def query_workspace(request: Request) -> Response:
    """Query a workspace by its customer id."""
    workspace = _allowed(request, workspace_of(request.tenant, request.params["workspace"]))
    return Response(body=answer(request.tenant, _query(request, workspace)))


@router.route("POST", "/v1/subscriptions/{rest*}/query")
@router.route("GET", "/v1/subscriptions/{rest*}/query")
def query_resource(request: Request) -> Response:
    """Query the logs of a resource; here: of a workspace by its resource id."""
    identity = f"/subscriptions/{request.params['rest']}"
    found = request.tenant.azure.find(identity)
    if found is None:
        raise QueryRefusedError(
            404, "ResourceNotFoundError", f"The resource {identity} was not found"
        )
    if found["type"].lower() != "microsoft.operationalinsights/workspaces":
        raise QueryRefusedError(
            501, "NotSimulated", f"The sandbox does not simulate the logs of a {found['type']}."
        )
    workspace = _allowed(request, found)
    return Response(body=answer(request.tenant, _query(request, workspace)))


@router.route("POST", "/v1/$batch")
def query_batch(request: Request) -> Response:
    """Several queries at once; each has its own status."""
    listed: Any = request.object_body().get("requests")
    if not isinstance(listed, list):
        raise QueryRefusedError(400, "BadArgumentError", "'requests' must be a list")
    entries = cast("list[Any]", listed)
    return Response(body={"responses": [_one_of_batch(request, entry) for entry in entries]})


def log_analytics_error(error: ServiceError, headers: Mapping[str, str]) -> Response:
    """The OneAPI error object of the query API."""
    request_id = str(uuid4())
    told = dict(zip(_IDS, (request_id, headers.get(_IDS[1], request_id)), strict=True))
    return Response(error.status, _error_body(error), {**told, **error.headers})


def log_analytics_refusal(refused: TokenError, base_url: str, now: float) -> ServiceError:
    """Why a token was not taken: 401 without one, 403 for a wrong one, as documented."""
    del now
    if refused.reason == "missing":
        challenge = {"WWW-Authenticate": f'Bearer authorization_uri="{base_url}/common"'}
        text = "Authentication failed. The 'Authorization' header is missing."
        return ServiceError(401, "AuthenticationFailed", text, challenge)
    if refused.reason == "audience":
        return ServiceError(
            403,
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained from wrong audience or resource "
            f"'{refused.claims['aud']}'. It should exactly match (including forward slash) with "
            f"one of the allowed audiences '{LOG_ANALYTICS_AUDIENCE}'.",
        )
    if refused.reason == "expired":
        return ServiceError(401, "InvalidTokenError", "The access token is expired.")
    return ServiceError(403, "InvalidAuthenticationToken", "The access token is invalid.")


def _error_body(error: ServiceError) -> Json:
    told: Json = {"message": error.message, "code": error.code, "correlationId": str(uuid4())}
    if isinstance(error, QueryRefusedError) and error.inner:
        told["innererror"] = error.inner
    return {"error": told}


def _query(request: Request, workspace: Json) -> LogQuery:
    given = request.object_body() if request.method == "POST" else dict(request.query)
    return _checked(request, workspace, given, request.headers.get("prefer", ""))


def _checked(request: Request, workspace: Json, given: Mapping[str, Any], prefer: str) -> LogQuery:
    text: Any = given.get("query")
    if not isinstance(text, str) or not text.strip():
        raise QueryRefusedError(400, "BadArgumentError", "The request lacks 'query'")
    others: Any = given.get("workspaces") or []
    if isinstance(others, str):
        # In a URL they are one text.
        others = others.split(",")
    if not isinstance(others, list):
        raise QueryRefusedError(400, "BadArgumentError", "'workspaces' must be a list")
    named = {str(name).strip().lower() for name in cast("list[Any]", others)}
    own = {workspace["id"].lower(), workspace["name"].lower()}
    own.add(workspace["properties"]["customerId"].lower())
    if not named <= own:
        raise QueryRefusedError(
            501, "NotSimulated", "The sandbox does not simulate queries over several workspaces."
        )
    timespan: Any = given.get("timespan")
    span = None if timespan is None else str(timespan)
    return LogQuery(workspace, text, lambda other: _may_read(request, other), span, prefer)


def _allowed(request: Request, workspace: Json) -> Json:
    """The workspace, for whoever may query it; raises QueryRefusedError 403."""
    if _may_read(request, workspace):
        return workspace
    app = calling_application(request)
    raise QueryRefusedError(
        403,
        "InsufficientAccessError",
        "The provided credentials have insufficient access to perform the requested operation",
        {
            "code": "UnauthorizedClient",
            "message": "The service principal does not have sufficient permissions to access this "
            f"resource: {app.object_id}",
        },
    )


def _may_read(request: Request, workspace: Mapping[str, Any]) -> bool:
    roles = definitions_at(calling_application(request).azure_roles, workspace["id"])
    return any(role.allows(_ACTION) for role in roles)


def _one_of_batch(request: Request, entry: Any) -> Json:
    asked = cast("Json", entry) if isinstance(entry, dict) else {}
    try:
        headers = {name.lower(): text for name, text in _object(asked, "headers").items()}
        if str(asked.get("path", "/query")) != "/query":
            raise QueryRefusedError(404, "PathNotFoundError", "The requested path does not exist")
        workspace = workspace_of(request.tenant, str(asked.get("workspace", "")))
        body = _object(asked, "body")
        prefer = str(headers.get("prefer", ""))
        query = _checked(request, _allowed(request, workspace), body, prefer)
        status, told = 200, answer(request.tenant, query)
    except ServiceError as error:
        status, told = error.status, _error_body(error)
    return {"id": asked.get("id"), "status": status, "headers": {}, "body": told}


def _object(asked: Mapping[str, Any], name: str) -> Json:
    """An object of a request in a batch, empty when it is left out; raises QueryRefusedError."""
    found: Any = asked.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise QueryRefusedError(400, "BadArgumentError", f"'{name}' must be an object")
    return cast("Json", found)
