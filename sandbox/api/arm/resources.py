"""Workspaces, action groups, scheduled query rules and tenant diagnostic settings over HTTP."""

from collections.abc import Callable

from sandbox.api.arm.common import listing, operation_headers, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.diagnostic_settings import DIAGNOSTIC_SETTINGS
from sandbox.tenant.azure.ids import ResourceId, group_id, subscription_scope
from sandbox.tenant.azure.resources import RESOURCE_TYPES
from sandbox.tenant.azure.types import ResourceType

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"


def _handlers(kind: ResourceType) -> dict[str, Callable[[Request], Response]]:
    """The handlers of one resource type by HTTP method."""

    def resource(request: Request, verb: str) -> tuple[ResourceId, str, str]:
        """The id, the API version and the calling application, all checked."""
        version = kind.check_api_version(request.query.get("api-version"))
        parts = request.params
        identity = ResourceId(
            kind.namespace,
            kind.name,
            parts["name"],
            parts.get("subscription", ""),
            parts.get("group", ""),
        )
        if identity.subscription:
            request.tenant.azure.subscription(identity.subscription)
        app = require(request, f"{kind.full_name}/{verb}", identity.text)
        return identity, version, app.app_id

    def get(request: Request) -> Response:
        identity, _version, _actor = resource(request, "read")
        return Response(body=request.tenant.azure.get(identity))

    def put(request: Request) -> Response:
        identity, version, actor = resource(request, "write")
        outcome = request.tenant.azure.put(identity, request.object_body(), version, actor)
        if outcome.operation is None:
            return Response(201 if outcome.created else 200, outcome.resource)
        place = f"{subscription_scope(identity.subscription)}/providers/{kind.namespace}"
        headers = operation_headers(
            request, "Azure-AsyncOperation", "operationstatuses", outcome.operation, place
        )
        return Response(201, outcome.resource, headers)

    def patch(request: Request) -> Response:
        identity, version, actor = resource(request, "write")
        azure = request.tenant.azure
        return Response(body=azure.patch(identity, request.object_body(), version, actor))

    def delete(request: Request) -> Response:
        identity, _version, _actor = resource(request, "delete")
        return Response(200 if request.tenant.azure.delete(identity) else 204)

    return {"GET": get, "PUT": put, "PATCH": patch, "DELETE": delete}


def _list_handler(kind: ResourceType) -> Callable[[Request], Response]:
    def list_resources(request: Request) -> Response:
        kind.check_api_version(request.query.get("api-version"))
        azure = request.tenant.azure
        subscription = azure.subscription(request.params["subscription"]).subscription_id
        group = request.params.get("group", "")
        scope = group_id(subscription, group) if group else subscription_scope(subscription)
        require(request, f"{kind.full_name}/read", scope)
        return listing(azure.resources(kind, subscription, group))

    return list_resources


@router.route("GET", "/providers/microsoft.aadiam/diagnosticSettings")
def list_diagnostic_settings(request: Request) -> Response:
    """The tenant's diagnostic settings."""
    DIAGNOSTIC_SETTINGS.check_api_version(request.query.get("api-version"))
    action = f"{DIAGNOSTIC_SETTINGS.full_name}/read"
    require(request, action, f"/providers/{DIAGNOSTIC_SETTINGS.namespace}")
    return listing(request.tenant.azure.of_type(DIAGNOSTIC_SETTINGS.full_name))


def _mount() -> None:
    for kind in RESOURCE_TYPES:
        tail = f"/providers/{kind.full_name}"
        group = f"{_SUBSCRIPTION}/resourceGroups/{{group}}{tail}"
        for template in (f"{_SUBSCRIPTION}{tail}", group):
            router.route("GET", template)(_list_handler(kind))
        for method, handler in _handlers(kind).items():
            router.route(method, f"{group}/{{name}}")(handler)
    for method, handler in _handlers(DIAGNOSTIC_SETTINGS).items():
        if method != "PATCH":
            router.route(method, f"/providers/{DIAGNOSTIC_SETTINGS.full_name}/{{name}}")(handler)


_mount()
