"""Test notifications of an action group over HTTP; the client polls `Location`.

The permission is assumed to be `Microsoft.Insights/createNotifications/write`, after the built-in
role Monitoring Contributor, which names `Microsoft.Insights/createNotifications/*`.
"""

from sandbox.api.arm.common import poll_url, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.action_groups import ACTION_GROUPS
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.errors import ServiceError

router = Router(case_insensitive=True)

_GROUP = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
    f"{ACTION_GROUPS.full_name}/{{name}}"
)


@router.route("POST", f"{_GROUP}/createNotifications")
def create_notifications(request: Request) -> Response:
    """Send a sample alert to receivers."""
    action_group = _action_group(request, "Microsoft.Insights/createNotifications/write")
    azure, outbox = request.tenant.azure, request.tenant.outbox
    azure.get(action_group)
    identity, messages = azure.trials.send(action_group.name, request.object_body())
    for message in messages:
        outbox.send(message)
    location = poll_url(request, f"{action_group.text}/notificationStatus/{identity}")
    return Response(202, None, {"Location": location, "retry-after-ms": "50"})


@router.route("GET", f"{_GROUP}/notificationStatus/{{notification}}")
def get_notification_status(request: Request) -> Response:
    """What became of the sample alert, receiver by receiver."""
    _action_group(request, "Microsoft.Insights/notificationStatus/read")
    identity = request.params["notification"]
    found = request.tenant.azure.trials.find(identity)
    if found is None:
        raise ServiceError(404, "NotFound", f"The notification '{identity}' was not found.")
    return Response(body=found)


def _action_group(request: Request, action: str) -> ResourceId:
    ACTION_GROUPS.check_api_version(request.query.get("api-version"))
    parts = request.params
    request.tenant.azure.subscription(parts["subscription"])
    identity = ResourceId(
        ACTION_GROUPS.namespace,
        ACTION_GROUPS.name,
        parts["name"],
        parts["subscription"],
        parts["group"],
    )
    require(request, action, identity.text)
    return identity
