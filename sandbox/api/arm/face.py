"""Azure Resource Manager: tenants, subscriptions, resource providers, permissions.

Source: Azure REST API, "Tenants", "Subscriptions", "Providers", "Permissions". Resource groups,
resources and operations have files of their own.
"""

from typing import Any

from sandbox.api.arm import authorization as arm_authorization
from sandbox.api.arm import groups as arm_groups
from sandbox.api.arm import operations as arm_operations
from sandbox.api.arm import resources as arm_resources
from sandbox.api.arm import tables as arm_tables
from sandbox.api.arm import tags as arm_tags
from sandbox.api.arm import trial_notifications as arm_trials
from sandbox.api.arm.common import api_version, calling_application, listing, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import within
from sandbox.tenant.azure.registry import types_of
from sandbox.tenant.azure.roles import definitions_at
from sandbox.tenant.azure.subscriptions import NAMESPACES, Subscription
from sandbox.tenant.directory.applications import AzureRole

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
_READ = "Microsoft.Resources/subscriptions/read"


@router.route("GET", "/tenants")
def list_tenants(request: Request) -> Response:
    """The tenant of the token."""
    api_version(request)
    tenant = request.tenant
    return listing(
        request,
        [
            {
                "id": f"/tenants/{tenant.id}",
                "tenantId": tenant.id,
                "displayName": tenant.display_name,
            }
        ],
    )


@router.route("GET", "/subscriptions")
def list_subscriptions(request: Request) -> Response:
    """The subscriptions in which the application has any role."""
    api_version(request)
    roles = calling_application(request).azure_roles
    return listing(
        request,
        [
            _subscription_body(request, subscription)
            for subscription in request.tenant.azure.subscriptions.values()
            if _reaches(roles, subscription)
        ],
    )


@router.route("GET", _SUBSCRIPTION)
def get_subscription(request: Request) -> Response:
    """One subscription, with the tenant that it trusts."""
    return Response(body=_subscription_body(request, _visible(request)))


@router.route("GET", f"{_SUBSCRIPTION}/providers")
def list_providers(request: Request) -> Response:
    """The resource providers with their registration."""
    subscription = _visible(request)
    return listing(request, [_provider_body(subscription, name) for name in NAMESPACES])


@router.route("GET", f"{_SUBSCRIPTION}/providers/{{namespace}}")
def get_provider(request: Request) -> Response:
    """One resource provider."""
    subscription = _visible(request)
    return Response(body=_provider_body(subscription, request.params["namespace"]))


@router.route("POST", f"{_SUBSCRIPTION}/providers/{{namespace}}/register")
def register_provider(request: Request) -> Response:
    """Register a resource provider; a moment later it is registered."""
    namespace = request.params["namespace"]
    subscription = _visible(request)
    require(request, f"{namespace}/register/action", subscription.scope)
    return Response(body=subscription.register(namespace))


@router.route("POST", f"{_SUBSCRIPTION}/providers/{{namespace}}/unregister")
def unregister_provider(request: Request) -> Response:
    """Take back the registration of a resource provider."""
    namespace = request.params["namespace"]
    subscription = _visible(request)
    require(request, f"{namespace}/unregister/action", subscription.scope)
    return Response(body=subscription.unregister(namespace))


@router.route("GET", f"{_SUBSCRIPTION}/resourcegroups/{{group}}{_PERMISSIONS}")
@router.route("GET", f"{_SUBSCRIPTION}{_PERMISSIONS}")
@router.route("GET", f"/providers/{{namespace}}{_PERMISSIONS}")
def list_permissions(request: Request) -> Response:
    """What the application may do at a scope."""
    api_version(request)
    if "subscription" in request.params:
        request.tenant.azure.subscription(request.params["subscription"])
    scope = request.path.lower().removesuffix("/").removesuffix(_PERMISSIONS.lower())
    roles = definitions_at(calling_application(request).azure_roles, scope)
    return listing(
        request,
        [{"actions": list(role.actions), "notActions": list(role.not_actions)} for role in roles],
    )


def _visible(request: Request) -> Subscription:
    """The subscription of the path, to whoever has any role in it; raises ServiceError."""
    api_version(request)
    subscription = request.tenant.azure.subscription(request.params["subscription"])
    if not _reaches(calling_application(request).azure_roles, subscription):
        require(request, _READ, subscription.scope)
    return subscription


def _reaches(roles: list[AzureRole], subscription: Subscription) -> bool:
    return any(
        within(role.scope, subscription.scope) or within(subscription.scope, role.scope)
        for role in roles
    )


def _provider_body(subscription: Subscription, namespace: str) -> dict[str, Any]:
    types = [
        {
            "resourceType": kind.name,
            "locations": sorted(kind.locations) if kind.location != "none" else [],
            "apiVersions": list(reversed(kind.api_versions)),
        }
        for kind in types_of(namespace)
    ]
    return subscription.provider(namespace) | {"resourceTypes": types}


def _subscription_body(request: Request, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.scope,
        "authorizationSource": "RoleBased",
        "subscriptionId": subscription.subscription_id,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "tenantId": request.tenant.id,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


for _part in (
    arm_authorization,
    arm_groups,
    arm_resources,
    arm_operations,
    arm_tables,
    arm_tags,
    arm_trials,
):
    router.routes += _part.router.routes
