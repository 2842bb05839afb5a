"""Workspaces, action groups, alert rules and tenant diagnostic settings over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from sandbox.api.arm.common import listing, require, require_linked
from sandbox.api.arm.operations import workspace_creation_headers
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.diagnostic_settings import CATEGORIES, DIAGNOSTIC_SETTINGS
from sandbox.tenant.azure.ids import ResourceId, group_id, subscription_scope
from sandbox.tenant.azure.registry import RESOURCE_TYPES
from sandbox.tenant.azure.types import ResourceType, object_or_empty
from sandbox.tenant.azure.workspaces import WORKSPACES
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_AADIAM = f"/providers/{DIAGNOSTIC_SETTINGS.namespace}"
_SHARED_KEYS = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"


@dataclass(frozen=True)
class _Asked:
    id: ResourceId
    version: str
    actor: str


@dataclass(frozen=True)
class _Handlers:
    """What HTTP methods do with a resource of one type."""

    kind: ResourceType

    def get(self, request: Request) -> Response:
        """The resource."""
        asked = self._asked(request, "read")
        resource = request.tenant.azure.get(asked.id)
        return Response(body=self._with_etag(resource))

    def head(self, request: Request) -> Response:
        """Whether the resource exists: 204 or 404."""
        asked = self._asked(request, "read")
        try:
            request.tenant.azure.get(asked.id)
        except ServiceError as error:
            return Response(error.status)
        return Response(204)

    def put(self, request: Request) -> Response:
        """Create or replace the resource."""
        asked = self._asked(request, "write")
        body = request.object_body()
        if self.kind is DIAGNOSTIC_SETTINGS:
            _require_sink(request, asked.id, body)
        self._check_match(request, asked.id)
        outcome = request.tenant.azure.put(asked.id, body, asked.version, asked.actor)
        answer = self._with_etag(outcome.resource)
        if outcome.operation is not None:
            location = str(outcome.resource["location"])
            headers = workspace_creation_headers(request, outcome.operation, location)
            return Response(201, answer, headers)
        created = outcome.created and self.kind is not DIAGNOSTIC_SETTINGS
        return Response(201 if created else 200, answer)

    def patch(self, request: Request) -> Response:
        """Change some of the resource."""
        asked = self._asked(request, "write")
        self._check_match(request, asked.id)
        body = request.object_body()
        changed = request.tenant.azure.patch(asked.id, body, asked.version, asked.actor)
        return Response(body=self._with_etag(changed))

    def delete(self, request: Request) -> Response:
        """Delete the resource: 200, or 204 when there was none."""
        asked = self._asked(request, "delete")
        self._check_match(request, asked.id)
        force = request.query.get("force", "").lower() == "true"
        return Response(200 if request.tenant.azure.delete(asked.id, force=force) else 204)

    def list(self, request: Request) -> Response:
        """The resources of this type in a subscription or resource group."""
        self.kind.check_api_version(request.query.get("api-version"))
        azure = request.tenant.azure
        subscription = azure.subscription(request.params["subscription"]).subscription_id
        group = request.params.get("group", "")
        scope = group_id(subscription, group) if group else subscription_scope(subscription)
        require(request, f"{self.kind.full_name}/read", scope)
        found = azure.resources(self.kind, subscription, group)
        return listing(request, [self._with_etag(resource) for resource in found])

    def _asked(self, request: Request, verb: str) -> _Asked:
        """The id, the API version and the calling application, all checked."""
        version = self.kind.check_api_version(request.query.get("api-version"))
        parts = request.params
        identity = ResourceId(
            self.kind.namespace,
            self.kind.name,
            parts["name"],
            parts.get("subscription", ""),
            parts.get("group", ""),
        )
        if identity.subscription:
            request.tenant.azure.subscription(identity.subscription)
        app = require(request, f"{self.kind.full_name}/{verb}", identity.text)
        return _Asked(identity, version, app.app_id)

    def _with_etag(self, resource: dict[str, Any]) -> dict[str, Any]:
        return resource | {"etag": _etag(resource)} if self.kind.has_etag else resource

    def _check_match(self, request: Request, identity: ResourceId) -> None:
        """Raise ServiceError 412 where `If-Match` or `If-None-Match` do not hold."""
        found = request.tenant.azure.find(identity.key)
        wanted, unwanted = (request.headers.get(name) for name in ("if-match", "if-none-match"))
        current = _etag(found) if found and self.kind.has_etag else None
        missing = wanted is not None and found is None
        stale = None not in (wanted, current) and wanted not in ("*", current)
        if missing or stale or (unwanted == "*" and found is not None):
            raise ServiceError(
                412,
                "PreconditionFailed",
                f"The condition '{wanted or unwanted}' given in the request header(s) was not met "
                f"for resource '{identity.text}'.",
            )


def _etag(resource: dict[str, Any]) -> str:
    text = dumps(resource, sort_keys=True)
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def _require_sink(request: Request, setting: ResourceId, body: dict[str, Any]) -> None:
    """Who lets a workspace receive the tenant's logs needs its keys."""
    workspace = object_or_empty(body.get("properties")).get("workspaceId")
    if isinstance(workspace, str) and request.tenant.azure.find(workspace) is not None:
        allowed = (f"{DIAGNOSTIC_SETTINGS.full_name}/write", setting.text)
        require_linked(request, allowed, _SHARED_KEYS, workspace)


@router.route("GET", f"{_AADIAM}/diagnosticSettings")
def list_diagnostic_settings(request: Request) -> Response:
    """The tenant's diagnostic settings."""
    DIAGNOSTIC_SETTINGS.check_api_version(request.query.get("api-version"))
    require(request, f"{DIAGNOSTIC_SETTINGS.full_name}/read", _AADIAM)
    return listing(request, request.tenant.azure.tenant_settings())


@router.route("GET", f"{_AADIAM}/diagnosticSettingsCategories")
def list_diagnostic_categories(request: Request) -> Response:
    """The categories that a diagnostic setting of the tenant may send."""
    DIAGNOSTIC_SETTINGS.check_api_version(request.query.get("api-version"))
    require(request, f"{DIAGNOSTIC_SETTINGS.namespace}/diagnosticSettingsCategories/read", _AADIAM)
    kind = f"{DIAGNOSTIC_SETTINGS.namespace}/diagnosticSettingsCategories"
    items = [
        {
            "id": f"/providers/{kind}/{name}",
            "name": name,
            "type": kind,
            "properties": {"categoryType": "Logs"},
        }
        for name in CATEGORIES
    ]
    return listing(request, items)


@router.route("GET", f"{_SUBSCRIPTION}/providers/{WORKSPACES.namespace}/deletedWorkspaces")
@router.route(
    "GET",
    f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{WORKSPACES.namespace}/deletedWorkspaces",
)
def list_deleted_workspaces(request: Request) -> Response:
    """The workspaces that a PUT of the same name and region brings back."""
    WORKSPACES.check_api_version(request.query.get("api-version"))
    azure = request.tenant.azure
    subscription = azure.subscription(request.params["subscription"]).subscription_id
    group = request.params.get("group", "")
    scope = group_id(subscription, group) if group else subscription_scope(subscription)
    require(request, f"{WORKSPACES.namespace}/deletedWorkspaces/read", scope)
    return listing(request, azure.deleted_workspaces.below(scope))


def _mount() -> None:
    for kind in RESOURCE_TYPES:
        tail = f"/providers/{kind.full_name}"
        group = f"{_SUBSCRIPTION}/resourceGroups/{{group}}{tail}"
        handlers = _Handlers(kind)
        for template in (f"{_SUBSCRIPTION}{tail}", group):
            router.route("GET", template)(handlers.list)
        for method, handler in _methods(handlers).items():
            router.route(method, f"{group}/{{name}}")(handler)
    for method, handler in _methods(_Handlers(DIAGNOSTIC_SETTINGS)).items():
        if method != "PATCH":
            router.route(method, f"/providers/{DIAGNOSTIC_SETTINGS.full_name}/{{name}}")(handler)


def _methods(handlers: _Handlers) -> dict[str, Callable[[Request], Response]]:
    return {
        "GET": handlers.get,
        "HEAD": handlers.head,
        "PUT": handlers.put,
        "PATCH": handlers.patch,
        "DELETE": handlers.delete,
    }


_mount()
