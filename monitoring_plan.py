"""What the resources of logs and alarms are called in Azure, and where they are to be."""

from collections.abc import Mapping, Sequence
from typing import Final

from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM
from components.azure_resources import ACTION_GROUP_TYPE, WORKSPACE_TYPE, group_path, path_of
from components.diagnostic_checks import WantedDiagnostics
from components.kept_monitoring import WantedChild
from components.monitoring_arguments import (
    Excluded,
    Notify,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_names import wanted_children
from components.monitoring_protection import WantedResources
from components.stack_memory import StackMemory
from settings import Settings
from settings_receivers import Notify as NotifySettings

KEY: Final = "break-glass:monitoring"
KEYS: Final[Mapping[str, str]] = {
    "resource-group": f"{KEY}.resourceGroup.name",
    "workspace": f"{KEY}.workspace.name",
    "action-group": f"{KEY}.notify.name",
    "watch-action-group": f"{KEY}.watch.notify.name",
    "use-alert": f"{KEY}.alert.name",
}
"""The settings that hold names, by child."""


def alerts_group(settings: Settings) -> str:
    """The Azure resource id of the resource group of the alerts."""
    return group_path(settings.subscription_id, settings.monitoring.resource_group.chosen)


def workspace_of(settings: Settings) -> str:
    """The Azure resource id of the workspace that gets the logs."""
    wanted = settings.monitoring.workspace
    return wanted.existing or path_of(WORKSPACE_TYPE, alerts_group(settings), wanted.name)


def action_group_of(settings: Settings, name_or_id: str, resource_group: str | None) -> str:
    """The Azure resource id of an action group given by name or id."""
    if name_or_id.startswith("/"):
        return name_or_id
    chosen = resource_group or settings.monitoring.resource_group.chosen
    return path_of(ACTION_GROUP_TYPE, group_path(settings.subscription_id, chosen), name_or_id)


def diagnostics_of(settings: Settings) -> WantedDiagnostics:
    """What Entra is to send where."""
    wanted = settings.monitoring.diagnostic_setting
    required = settings.premium == "required"
    return WantedDiagnostics(
        name=wanted.name,
        categories=wanted.categories if required else CATEGORIES_WITHOUT_PREMIUM,
        workspace_id=workspace_of(settings),
        existing=wanted.existing,
        own_workspace=settings.monitoring.workspace.existing is None,
    )


def children_of(
    settings: Settings, location: str, earlier: Sequence[str], memory: StackMemory
) -> tuple[WantedChild, ...]:
    """The resources with tags that the settings make.

    `location`: the Azure region of new alert rules; `earlier`: Azure resource ids of the workspaces
    that the alarms read besides; `memory`: what the state knows of standing rules.
    """
    wanted = settings.monitoring
    args = SignInMonitoringArgs(
        accounts=(),
        location=settings.location,
        notify=_notify(wanted.notify),
        resource_group=ResourceGroup(wanted.resource_group.name, wanted.resource_group.existing),
        workspace=Workspace(
            wanted.workspace.name,
            existing=wanted.workspace.existing,
            earlier=earlier,
            location=location,
        ),
        alert=UseAlert(wanted.alert.name),
        watch=Watch(
            exclusion=wanted.watch.exclusion,
            tamper=wanted.watch.tamper,
            silence=wanted.watch.silence,
            rules=wanted.watch.rules,
            health=wanted.watch.health,
            notify=_notify(wanted.watch_notify),
            # With a licence somebody is always excluded; who it is, is known later.
            excluded=Excluded(user_ids=[""]),
        ),
        premium=settings.premium == "required",
    )
    return tuple(wanted_children(args, settings.subscription_id, memory, keys=KEYS))


def wanted_resources(settings: Settings) -> WantedResources:
    """What must not be lost by a change of settings."""
    wanted = settings.monitoring
    names: dict[str, str] = {}
    if wanted.resource_group.existing is None:
        names["resource-group"] = wanted.resource_group.name
    if wanted.workspace.existing is None:
        names["workspace"] = wanted.workspace.name
    if wanted.notify.existing is None:
        names["action-group"] = wanted.notify.name
    if wanted.diagnostic_setting.existing is None:
        names["diagnostic-setting"] = wanted.diagnostic_setting.name
    return WantedResources(
        subscription_id=settings.subscription_id,
        location=settings.location,
        resource_group=wanted.resource_group.chosen,
        workspace_id=workspace_of(settings),
        names=names,
        premium=settings.premium == "required",
        notify_group=wanted.notify.resource_group,
    )


def _notify(wanted: NotifySettings) -> Notify:
    return Notify(
        name=wanted.name, resource_group_name=wanted.resource_group, existing=wanted.existing
    )
