"""Resource groups over HTTP. Source: Azure REST API, "Resource Groups", "Resources - List"."""

import re
from typing import Any

from sandbox.api.arm.common import listing, require
from sandbox.api.arm.operations import group_deletion_headers
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import group_id
from sandbox.tenant.azure.resource_groups import check_api_version
from sandbox.tenant.azure.types import bad_request
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUPS = f"{_SUBSCRIPTION}/resourcegroups"
_GROUP = f"{_GROUPS}/{{group}}"
_ACTION = "Microsoft.Resources/subscriptions/resourcegroups"
_FILTER = re.compile(r"(resourceType|name|tagName|tagValue)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)


@router.route("GET", _GROUPS)
def list_groups(request: Request) -> Response:
    """The resource groups of a subscription; `$filter` by tag."""
    subscription = _subscription(request)
    require(request, f"{_ACTION}/read", f"/subscriptions/{subscription}")
    return listing(request, _filtered(request, request.tenant.azure.groups(subscription)))


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
    return Response(202, None, group_deletion_headers(request, operation))


@router.route("GET", f"{_GROUP}/resources")
def list_contents(request: Request) -> Response:
    """Every resource in a resource group; `$filter` by type, name or tag."""
    subscription, name = _asked(request, "resources/read")
    return listing(request, _filtered(request, request.tenant.azure.contents(subscription, name)))


@router.route("GET", f"{_SUBSCRIPTION}/resources")
def list_resources(request: Request) -> Response:
    """Every resource in a subscription; `$filter` by type, name or tag."""
    subscription = _subscription(request)
    scope = f"/subscriptions/{subscription}"
    require(request, "Microsoft.Resources/subscriptions/resources/read", scope)
    return listing(request, _filtered(request, request.tenant.azure.contents(subscription)))


def _filtered(request: Request, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items that `$filter` lets through; raises ServiceError 400 for one that is not known."""
    given = request.query.get("$filter", "").strip()
    if not given:
        return items
    wanted: dict[str, str] = {}
    for part in re.split(r"\s+and\s+", given, flags=re.IGNORECASE):
        match = _FILTER.fullmatch(part.strip())
        if match is None:
            raise bad_request(
                "InvalidFilterInQueryString",
                f"Invalid $filter '{given}' specified in the query string: expected resourceType, "
                "name, tagName and tagValue with eq, joined by and.",
            )
        wanted[match[1].lower()] = match[2].replace("''", "'")
    return [item for item in items if _fits(item, wanted)]


def _fits(item: dict[str, Any], wanted: dict[str, str]) -> bool:
    given: dict[str, str] = item.get("tags") or {}
    tags = {name.lower(): value for name, value in given.items()}
    facts = {"resourcetype": item["type"].lower(), "name": item["name"].lower()}
    if any(wanted[key].lower() != value for key, value in facts.items() if key in wanted):
        return False
    if "tagname" not in wanted:
        return True
    value = tags.get(wanted["tagname"].lower())
    return value is not None and wanted.get("tagvalue", value) == value


def _subscription(request: Request) -> str:
    check_api_version(request.query.get("api-version"))
    return request.tenant.azure.subscription(request.params["subscription"]).subscription_id


def _asked(request: Request, verb: str) -> tuple[str, str]:
    subscription, name = _subscription(request), request.params["group"]
    require(request, f"{_ACTION}/{verb}", group_id(subscription, name))
    return subscription, name
