"""Which operation of Azure Resource Manager a request is: `Microsoft.Insights/actionGroups/write`.

Source: Microsoft Learn, "Azure permissions" (`{provider}/{types}/{write|delete|…/action}`).
"""

from dataclasses import dataclass

from sandbox.tenant.azure.registry import RESOURCE_TYPES
from sandbox.tenant.azure.subscriptions import NAMESPACES

_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}
_TYPES = {kind.full_name.lower(): kind.full_name for kind in RESOURCE_TYPES}
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_READING_ACTIONS = frozenset({"query"})


@dataclass(frozen=True)
class Operation:
    """A change in a subscription. `resource_group` is empty for one of the subscription itself."""

    subscription_id: str
    operation_name: str
    resource_id: str
    resource_group: str
    resource_provider: str
    resource_type: str


def operation_of(method: str, path: str) -> Operation | None:
    """The operation of a request; None for a read and for what lies in no subscription."""
    parts = [part for part in path.split("/") if part]
    if method in ("GET", "HEAD") or len(parts) < 3 or parts[0].lower() != "subscriptions":
        return None
    subscription, rest = parts[1], parts[2:]
    group = ""
    if rest[0].lower() == "resourcegroups" and len(rest) > 1:
        group, rest = rest[1], rest[2:]
    action = rest.pop() if method == "POST" and rest else ""
    if action.lower() in _READING_ACTIONS:
        return None
    positions = [index for index, part in enumerate(rest) if part.lower() == "providers"]
    if positions:
        namespace = rest[positions[-1] + 1]
        provider = NAMESPACES.get(namespace.lower(), namespace)
        kind = "/".join([provider, *rest[positions[-1] + 2 :: 2]])
    else:
        provider, kind = "Microsoft.Resources", _GROUPS if group else "Microsoft.Resources"
    kind = _TYPES.get(kind.lower(), kind)
    verb = f"{action}/action" if action else _VERBS.get(method, method.lower())
    resource_id = path.rstrip("/")
    if action:
        resource_id = resource_id[: -len(action) - 1]
    return Operation(subscription, f"{kind}/{verb}", resource_id, group, provider, kind)
