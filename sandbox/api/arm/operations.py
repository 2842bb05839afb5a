"""Polling long-running operations over HTTP: by `Azure-AsyncOperation` and by `Location`.

Source: Microsoft Learn, "Track asynchronous Azure operations"; Azure REST API, "Operation Statuses"
(Log Analytics).
"""

from typing import Any

from sandbox.api.arm.common import api_version, poll_again, poll_url, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import subscription_scope
from sandbox.tenant.azure.operations import Operation
from sandbox.tenant.azure.resource_groups import deletion_blocked
from sandbox.tenant.clock import iso

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOCATION = f"{_SUBSCRIPTION}/providers/Microsoft.OperationalInsights/locations/{{location}}"
_READ_GROUP = "Microsoft.Resources/subscriptions/resourcegroups/read"
_READ_WORKSPACE = "Microsoft.OperationalInsights/workspaces/read"


def group_deletion_headers(request: Request, operation: Operation) -> dict[str, str]:
    """Where the deletion of a resource group is polled: `Location` only."""
    subscription = request.params["subscription"]
    path = f"{subscription_scope(subscription)}/operationresults/{operation.id}"
    return {"Location": poll_url(request, path), **poll_again(request, operation)}


def workspace_creation_headers(
    request: Request, operation: Operation, location: str
) -> dict[str, str]:
    """Where the creation of a workspace is polled: `Azure-AsyncOperation` and `Location`."""
    place = f"{subscription_scope(request.params['subscription'])}/providers"
    place = f"{place}/Microsoft.OperationalInsights/locations/{location}"
    return {
        "Azure-AsyncOperation": poll_url(request, f"{place}/operationStatuses/{operation.id}"),
        "Location": poll_url(request, f"{place}/operationResults/{operation.id}"),
        **poll_again(request, operation),
    }


@router.route("GET", f"{_SUBSCRIPTION}/operationresults/{{operation}}")
def poll_group_deletion(request: Request) -> Response:
    """The deletion of a resource group: 202 until it is done, or its error."""
    operation = _operation(request, _READ_GROUP)
    if request.tenant.azure.operations.seconds_left(operation) > 0:
        return Response(202, None, group_deletion_headers(request, operation))
    if operation.fails:
        raise deletion_blocked(operation.target.rsplit("/", 1)[-1])
    return Response(200)


@router.route("GET", f"{_LOCATION}/operationStatuses/{{operation}}")
def poll_status(request: Request) -> Response:
    """An operation's status: InProgress, Succeeded, or Failed with its error."""
    operation = _operation(request, _READ_WORKSPACE)
    body: dict[str, Any] = {
        "id": request.path,
        "name": operation.id,
        "startTime": iso(operation.started),
    }
    if request.tenant.azure.operations.seconds_left(operation) > 0:
        return Response(200, body | {"status": "InProgress"}, poll_again(request, operation))
    body["endTime"] = iso(operation.ends)
    if not operation.fails:
        return Response(200, body | {"status": "Succeeded"})
    error = {"code": "InternalServerError", "message": "The workspace could not be provisioned."}
    return Response(200, body | {"status": "Failed", "error": error})


@router.route("GET", f"{_LOCATION}/operationResults/{{operation}}")
def poll_result(request: Request) -> Response:
    """An operation's result: 202 until it is done, then the workspace."""
    operation = _operation(request, _READ_WORKSPACE)
    if request.tenant.azure.operations.seconds_left(operation) > 0:
        own_url = {"Location": poll_url(request, request.path)}
        return Response(202, None, own_url | poll_again(request, operation))
    return Response(200, request.tenant.azure.find(operation.target))


def _operation(request: Request, action: str) -> Operation:
    api_version(request)
    azure = request.tenant.azure
    azure.subscription(request.params["subscription"])
    operation = azure.operations.get(request.params["operation"])
    require(request, action, operation.target)
    return operation
