"""Resource group and workspace that an earlier life of the stack left behind: whose are they?

`destroy` leaves both in Azure, and so does a run that was killed before it could save its state.
What carries this stack's tag is taken in again; what is somebody else's is never touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pulumi

from components.stack_memory import StackMemory

TAG: Final = "break-glass"
"""Name of the Azure tag that says which stack made a resource."""
GROUP_TYPE: Final = "azure-native:resources:ResourceGroup"
WORKSPACE_TYPE: Final = "azure-native:operationalinsights:Workspace"
GROUP_API: Final = "2024-03-01"
WORKSPACE_API: Final = "2023-09-01"


class AzureResources(Protocol):
    """What the look-up asks of `entra.resource_manager.ResourceManager`."""

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """A resource as Azure keeps it; None when there is none."""
        ...


@dataclass(frozen=True)
class WantedLogs:
    """Where the settings want the logs."""

    subscription_id: str
    resource_group_name: str
    workspace_name: str
    location: str
    """Azure region, as in `westeurope`."""


@dataclass(frozen=True)
class KeptLogs:
    """What is there already and is to be taken in again: Azure resource ids, None for nothing."""

    resource_group_id: str | None = None
    workspace_id: str | None = None


def stack_tags() -> dict[str, str]:
    """The tag that a resource of this stack carries: `break-glass: <project>/<stack>`."""
    return {TAG: f"{pulumi.get_project()}/{pulumi.get_stack()}"}


def find_kept_logs(azure: AzureResources, wanted: WantedLogs, memory: StackMemory) -> KeptLogs:
    """Looks for what this stack's state does not have and Azure does.

    Raises RunError in one line for a resource of that name that this stack did not make, or that it
    made elsewhere; and what `azure` raises when it cannot tell.
    """
    group_path = (
        f"/subscriptions/{wanted.subscription_id}/resourceGroups/{wanted.resource_group_name}"
    )
    group_id = workspace_id = None
    if not _in_state(memory, GROUP_TYPE, wanted.resource_group_name):
        group = azure.find(group_path, api_version=GROUP_API)
        if group is None:
            return KeptLogs()
        _refuse_another(group, "resourceGroup", wanted.resource_group_name, wanted.location)
        group_id = str(group["id"])
    if not _in_state(memory, WORKSPACE_TYPE, wanted.workspace_name):
        path = f"{group_path}/providers/Microsoft.OperationalInsights/workspaces"
        workspace = azure.find(f"{path}/{wanted.workspace_name}", api_version=WORKSPACE_API)
        if workspace is not None:
            _refuse_another(workspace, "workspace", wanted.workspace_name, wanted.location)
            workspace_id = str(workspace["id"])
    return KeptLogs(group_id, workspace_id)


def _in_state(memory: StackMemory, type_: str, name: str) -> bool:
    names = (str(outputs.get("name", "")) for outputs in memory(type_).values())
    return name.casefold() in (known.casefold() for known in names)


def _refuse_another(found: Mapping[str, Any], setting: str, name: str, location: str) -> None:
    """Raises RunError unless this stack made it, with this spelling and in this region."""
    key = f"break-glass:monitoring.{setting}.name"
    (mark,) = stack_tags().items()
    tags: Mapping[str, str] = found.get("tags") or {}
    if mark not in tags.items():
        raise pulumi.RunError(
            f"{key} holds {name!r}, and Azure has one of that name that this stack did not make (it"
            f" lacks the tag {mark[0]}: {mark[1]}): nothing was changed; choose another name"
        )
    there = str(found["location"]).replace(" ", "").lower()
    if (found["name"], there) != (name, location):
        raise pulumi.RunError(
            f"{key} holds {name!r} and azure-native:location {location!r}, but this stack left it"
            f" in Azure as {found['name']!r} in {there!r}: nothing was changed; set both as they"
            " are there, or choose another name"
        )
