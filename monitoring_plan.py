"""What the resources of logs and alarms are called in Azure, and where they are to be."""

from collections.abc import Iterator
from typing import Final

from components.azure_resources import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    GROUP_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    group_path,
    path_of,
)
from components.diagnostic_checks import WantedDiagnostics
from components.kept_monitoring import WantedChild
from components.log_workspace import CATEGORIES_WITHOUT_PREMIUM
from components.monitoring_protection import WantedResources
from components.watchers import NAMES
from settings import Settings

KEY: Final = "break-glass:monitoring"


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


def children_of(settings: Settings, location: str) -> tuple[WantedChild, ...]:
    """The resources with tags that the settings make; `location`: the Azure region of the alert
    rules."""
    return tuple(_children(settings, location))


def wanted_resources(settings: Settings) -> WantedResources:
    """What must not be lost by a change of settings."""
    wanted = settings.monitoring
    children = children_of(settings, settings.location)
    names = {child.suffix: child.name for child in children}
    if wanted.diagnostic_setting.existing is None:
        names["diagnostic-setting"] = wanted.diagnostic_setting.name
    return WantedResources(
        subscription_id=settings.subscription_id,
        location=settings.location,
        resource_group=wanted.resource_group.chosen,
        workspace_id=workspace_of(settings),
        forgotten=wanted.workspace.forget,
        names=names,
        premium=settings.premium == "required",
    )


def _children(settings: Settings, location: str) -> Iterator[WantedChild]:
    wanted, group = settings.monitoring, alerts_group(settings)
    if wanted.resource_group.existing is None:
        key = f"{KEY}.resourceGroup.name"
        yield WantedChild("resource-group", GROUP_TYPE, group, settings.location, key)
    if wanted.workspace.existing is None:
        key = f"{KEY}.workspace.name"
        path = path_of(WORKSPACE_TYPE, group, wanted.workspace.name)
        yield WantedChild("workspace", WORKSPACE_TYPE, path, settings.location, key)
    if wanted.notify.existing is None:
        key = f"{KEY}.notify.name"
        path = action_group_of(settings, wanted.notify.name, wanted.notify.resource_group)
        yield WantedChild("action-group", ACTION_GROUP_TYPE, path, "global", key)
    second = wanted.watch_notify
    if (wanted.watch.rules or wanted.watch.health) and second.existing is None:
        key = f"{KEY}.watch.notify.name"
        path = action_group_of(settings, second.name, second.resource_group)
        yield WantedChild("watch-action-group", ACTION_GROUP_TYPE, path, "global", key)
    for suffix, name in _rules(settings):
        key = f"{KEY}.alert.name" if suffix == "use-alert" else None
        path = path_of(QUERY_RULE_TYPE, group, name)
        yield WantedChild(suffix, QUERY_RULE_TYPE, path, location, key)
    for suffix, on in (("rules-alert", wanted.watch.rules), ("health-alert", wanted.watch.health)):
        if on:
            path = path_of(ACTIVITY_ALERT_TYPE, group, NAMES[suffix])
            yield WantedChild(suffix, ACTIVITY_ALERT_TYPE, path, "global")


def _rules(settings: Settings) -> Iterator[tuple[str, str]]:
    wanted, licensed = settings.monitoring, settings.premium == "required"
    if licensed:
        yield "use-alert", wanted.alert.name
    if licensed and wanted.watch.exclusion:
        yield "exclusion-alert", NAMES["exclusion-alert"]
    if wanted.watch.tamper:
        yield "tamper-alert", NAMES["tamper-alert"]
    if licensed and wanted.watch.silence:
        yield "silence-alert", NAMES["silence-alert"]
