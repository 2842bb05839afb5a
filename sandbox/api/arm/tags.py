"""Tags of a resource group or resource over HTTP. Source: Azure REST API, "Tags" (at scope)."""

from sandbox.api.arm.common import require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.ids import ResourceId, group_id
from sandbox.tenant.azure.resource_groups import check_api_version
from sandbox.tenant.azure.types import bad_request, checked_tags, object_or_empty

router = Router(case_insensitive=True)

_TAGS = "/providers/Microsoft.Resources/tags/default"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_RESOURCE = f"{_GROUP}/providers/{{namespace}}/{{type}}/{{name}}"
_ACTION = "Microsoft.Resources/tags"


@router.route("GET", _GROUP + _TAGS)
@router.route("GET", _RESOURCE + _TAGS)
def get_tags(request: Request) -> Response:
    """The tags of a resource group or resource."""
    scope = _scope(request, "read")
    return _answer(scope, request.tenant.azure.tags(scope))


@router.route("PUT", _GROUP + _TAGS)
@router.route("PUT", _RESOURCE + _TAGS)
def put_tags(request: Request) -> Response:
    """Replace all tags."""
    scope = _scope(request, "write")
    return _answer(scope, request.tenant.azure.set_tags(scope, _given(request)))


@router.route("PATCH", _GROUP + _TAGS)
@router.route("PATCH", _RESOURCE + _TAGS)
def patch_tags(request: Request) -> Response:
    """`operation` Merge, Replace or Delete."""
    scope = _scope(request, "write")
    given, azure = _given(request), request.tenant.azure
    operation = str(request.object_body().get("operation", "")).lower()
    before = azure.tags(scope)
    if operation == "merge":
        changed = before | given
    elif operation == "replace":
        changed = given
    elif operation == "delete":
        changed = {name: value for name, value in before.items() if given.get(name) != value}
    else:
        raise bad_request(
            "InvalidTagPatchOperation",
            f"The operation '{operation}' is none of 'Merge', 'Replace' and 'Delete'.",
        )
    return _answer(scope, azure.set_tags(scope, changed))


@router.route("DELETE", _GROUP + _TAGS)
@router.route("DELETE", _RESOURCE + _TAGS)
def delete_tags(request: Request) -> Response:
    """Remove all tags."""
    scope = _scope(request, "delete")
    request.tenant.azure.set_tags(scope, {})
    return Response(200)


def _scope(request: Request, verb: str) -> str:
    check_api_version(request.query.get("api-version"))
    parts = request.params
    subscription = request.tenant.azure.subscription(parts["subscription"]).subscription_id
    scope = group_id(subscription, parts["group"])
    if "name" in parts:
        kind = (parts["namespace"], parts["type"], parts["name"])
        scope = ResourceId(*kind, subscription, parts["group"]).text
    require(request, f"{_ACTION}/{verb}", scope)
    return scope


def _given(request: Request) -> dict[str, str]:
    return checked_tags(object_or_empty(request.object_body().get("properties")))


def _answer(scope: str, tags: dict[str, str]) -> Response:
    return Response(
        body={
            "id": scope + _TAGS,
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": tags},
        }
    )
