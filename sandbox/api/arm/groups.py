"""Resource groups over HTTP. Source: Azure REST API, "Resource Groups"."""

from sandbox.api.arm.common import listing, operation_headers, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import group_id
from sandbox.tenant.azure.resource_groups import check_api_version
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

_GROUPS = "/subscriptions/{subscription}/resourcegroups"
_GROUP = f"{_GROUPS}/{{group}}"
_ACTION = "Microsoft.Resources/subscriptions/resourcegroups"


@router.route("GET", _GROUPS)
def list_groups(request: Request) -> Response:
    """The resource groups of a subscription."""
    subscription = _subscription(request)
    require(request, f"{_ACTION}/read", f"/subscriptions/{subscription}")
    return listing(request.tenant.azure.groups(subscription))


@router.route("GET", _GROUP)
def get_group(request: Request) -> Response:
    """One resource group."""
    subscription, name = _asked(request, "read")
    return Response(body=request.tenant.azure.group(subscription, name))


@router.route("HEAD", _GROUP)
def check_group(request: Request) -> Response:
    """Whether a resource group exists: 204 or 404."""
    subscription, name = _asked(request, "read")
    try:
        request.tenant.azure.group(subscription, name)
    except ServiceError as error:
        return Response(error.status)
    return Response(204)


@router.route("PUT", _GROUP)
def put_group(request: Request) -> Response:
    """Create or update a resource group."""
    subscription, name = _asked(request, "write")
    outcome = request.tenant.azure.put_group(subscription, name, request.object_body())
    return Response(201 if outcome.created else 200, outcome.resource)


@router.route("PATCH", _GROUP)
def patch_group(request: Request) -> Response:
    """Change a resource group's tags."""
    subscription, name = _asked(request, "write")
    return Response(
        body=request.tenant.azure.patch_group(subscription, name, request.object_body())
    )


@router.route("DELETE", _GROUP)
def delete_group(request: Request) -> Response:
    """Delete a resource group and its contents; the client polls `Location`."""
    subscription, name = _asked(request, "delete")
    operation = request.tenant.azure.delete_group(subscription, name)
    scope = f"/subscriptions/{subscription}"
    headers = operation_headers(request, "Location", "operationresults", operation, scope)
    return Response(202, None, headers)


@router.route("GET", f"{_GROUP}/resources")
def list_contents(request: Request) -> Response:
    """Every resource in a resource group."""
    subscription, name = _asked(request, "resources/read")
    return listing(request.tenant.azure.contents(subscription, name))


def _subscription(request: Request) -> str:
    check_api_version(request.query.get("api-version"))
    return request.tenant.azure.subscription(request.params["subscription"]).subscription_id


def _asked(request: Request, verb: str) -> tuple[str, str]:
    subscription, name = _subscription(request), request.params["group"]
    require(request, f"{_ACTION}/{verb}", group_id(subscription, name))
    return subscription, name
