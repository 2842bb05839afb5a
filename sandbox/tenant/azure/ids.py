"""Resource ids of Azure Resource Manager: written in any case, compared without regard to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ResourceId:
    """The parts of a resource id. A tenant-level resource has neither subscription nor group."""

    namespace: str
    type: str
    name: str
    subscription: str = ""
    group: str = ""

    @property
    def text(self) -> str:
        """The id as a path, in the case in which its parts are."""
        provider = f"/providers/{self.namespace}/{self.type}/{self.name}"
        return f"{group_id(self.subscription, self.group)}{provider}" if self.group else provider

    @property
    def key(self) -> str:
        """The id by which two spellings are the same resource."""
        return self.text.lower()

    @property
    def full_type(self) -> str:
        """Namespace and type, for example `Microsoft.Insights/actionGroups`."""
        return f"{self.namespace}/{self.type}"


def subscription_scope(subscription: str) -> str:
    """The id of a subscription."""
    return f"/subscriptions/{subscription}"


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"{subscription_scope(subscription)}/resourceGroups/{group}"


def within(scope: str, resource_id: str) -> bool:
    """Whether an id is a scope or lies below it; `/` holds everything."""
    scope, resource_id = scope.lower().rstrip("/"), resource_id.lower().rstrip("/")
    return resource_id == scope or resource_id.startswith(scope + "/")
