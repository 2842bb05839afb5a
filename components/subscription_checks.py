"""May the application make what the alarms need, and is what they go into there?

Source: Azure REST API, "Permissions - List For Resource Group", "Providers - Get", "Resource Groups
- Get".
"""

from collections.abc import Sequence
from typing import Final, Protocol

import pulumi

from components.argument_wording import MONITORING_SETTINGS, Wording
from components.azure_resources import (
    API_VERSIONS,
    GROUP_TYPE,
    AzureReader,
    group_path,
    several,
)
from entra.errors import EntraError
from entra.resource_manager import DIAGNOSTICS_SCOPE

LOGS: Final = "Microsoft.OperationalInsights"
ALERTS: Final = "Microsoft.Insights"
WRITE_DIAGNOSTICS: Final = "microsoft.aadiam/diagnosticSettings/write"


class RightsReader(AzureReader, Protocol):
    """What is asked besides of `entra.resource_manager.ResourceManager`."""

    def may(self, scope: str, action: str) -> bool | None:
        """Whether our application may do something; None when that cannot be told."""
        ...

    def how_to_manage_diagnostics(self) -> str:
        """How our application gets the right to manage the tenant's diagnostic settings."""
        ...

    def is_registered(self, subscription_id: str, namespace: str) -> bool:
        """Whether a resource provider is registered."""
        ...


def check_right_to_export(azure: RightsReader) -> None:
    """Raises RunError when the tenant's diagnostic settings can be read and not changed."""
    if azure.may(DIAGNOSTICS_SCOPE, WRITE_DIAGNOSTICS) is False:
        raise pulumi.RunError(
            "the application may read the tenant's diagnostic settings and not change them:"
            f" nothing was changed; {azure.how_to_manage_diagnostics()}"
        )


def unregistered(azure: RightsReader, subscription_id: str, *, own_workspace: bool) -> list[str]:
    """Warnings of resource providers that a new stack needs and the subscription has not
    registered; `own_workspace`: whether the stack makes it."""
    return [
        f"resource provider {namespace} is not registered in subscription {subscription_id}: the"
        " run registers it, for which the application needs the role 'Contributor' on the whole"
        f" subscription; or: az provider register --namespace {namespace} --subscription"
        f" {subscription_id}"
        for namespace in ((LOGS, ALERTS) if own_workspace else (ALERTS,))
        if not _is_registered(azure, subscription_id, namespace)
    ]


def check_resource_group(
    azure: AzureReader,
    subscription_id: str,
    name: str,
    argument: str,
    *,
    wording: Wording = MONITORING_SETTINGS,
) -> None:
    """Raises RunError when the resource group that an argument names is not there."""
    version = API_VERSIONS[GROUP_TYPE]
    if azure.find(group_path(subscription_id, name), api_version=version) is not None:
        return
    path = f"/subscriptions/{subscription_id}/resourcegroups"
    others: Sequence[str] = [str(one["name"]) for one in azure.listing(path, api_version=version)]
    raise pulumi.RunError(
        f"{wording.named(argument)} holds {name!r}, and subscription {subscription_id} has no such"
        f" resource group; it has {several(others)}; nothing was changed; name one of them:"
        f" {wording.to_set(argument, 'NAME')}"
    )


def _is_registered(azure: RightsReader, subscription_id: str, namespace: str) -> bool:
    try:
        return azure.is_registered(subscription_id, namespace)
    except EntraError:
        return True  # It cannot be told, and the run will.
