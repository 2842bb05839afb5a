"""What the resources of logs and alarms are called in Azure, and where they are to be."""

from collections.abc import Iterator, Sequence
from typing import Final

from alerting.alarm_names import NAMES
from components.azure_resources import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    GROUP_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    group_path,
    known_child,
    path_of,
)
from components.diagnostic_checks import WantedDiagnostics
from components.kept_monitoring import WantedChild
from components.log_workspace import CATEGORIES_WITHOUT_PREMIUM
from components.monitoring_protection import WantedResources
from components.rule_reach import rule_name
from components.stack_memory import StackMemory
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


def children_of(
    settings: Settings, location: str, earlier: Sequence[str], memory: StackMemory
) -> tuple[WantedChild, ...]:
    """The resources with tags that the settings make.

    `location`: the Azure region of new alert rules; `earlier`: Azure resource ids of the workspaces
    that the alarms read besides; `memory`: what the state knows of standing rules.
    """
    return (*_evidence(settings), *_alarms(settings), *_rules(settings, location, earlier, memory))


def wanted_resources(settings: Settings) -> WantedResources:
    """What must not be lost by a change of settings."""
    wanted = settings.monitoring
    names = {child.suffix: child.name for child in _evidence(settings)}
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
    )


def _evidence(settings: Settings) -> Iterator[WantedChild]:
    wanted, group = settings.monitoring, alerts_group(settings)
    if wanted.resource_group.existing is None:
        key = f"{KEY}.resourceGroup.name"
        yield WantedChild("resource-group", GROUP_TYPE, group, settings.location, key)
    if wanted.workspace.existing is None:
        key = f"{KEY}.workspace.name"
        path = path_of(WORKSPACE_TYPE, group, wanted.workspace.name)
        yield WantedChild("workspace", WORKSPACE_TYPE, path, settings.location, key)


def _alarms(settings: Settings) -> Iterator[WantedChild]:
    wanted, group = settings.monitoring, alerts_group(settings)
    if wanted.notify.existing is None:
        key = f"{KEY}.notify.name"
        path = action_group_of(settings, wanted.notify.name, wanted.notify.resource_group)
        yield WantedChild("action-group", ACTION_GROUP_TYPE, path, "global", key)
    second = wanted.watch_notify
    if (wanted.watch.rules or wanted.watch.health) and second.existing is None:
        key = f"{KEY}.watch.notify.name"
        path = action_group_of(settings, second.name, second.resource_group)
        yield WantedChild("watch-action-group", ACTION_GROUP_TYPE, path, "global", key)
    for suffix, on in (("rules-alert", wanted.watch.rules), ("health-alert", wanted.watch.health)):
        if on:
            path = path_of(ACTIVITY_ALERT_TYPE, group, NAMES[suffix])
            yield WantedChild(suffix, ACTIVITY_ALERT_TYPE, path, "global")


def _rules(
    settings: Settings, location: str, earlier: Sequence[str], memory: StackMemory
) -> Iterator[WantedChild]:
    own = settings.monitoring.workspace.existing is None
    for suffix, display_name in _rule_names(settings):
        known = known_child(memory, suffix, QUERY_RULE_TYPE)
        name = rule_name(display_name, workspace_of(settings), earlier, known, own=own)
        key = f"{KEY}.alert.name" if suffix == "use-alert" else None
        path = path_of(QUERY_RULE_TYPE, alerts_group(settings), name)
        yield WantedChild(suffix, QUERY_RULE_TYPE, path, location, key)


def _rule_names(settings: Settings) -> Iterator[tuple[str, str]]:
    wanted, licensed = settings.monitoring, settings.premium == "required"
    if licensed:
        yield "use-alert", wanted.alert.name
    if licensed and wanted.watch.exclusion:
        yield "exclusion-alert", NAMES["exclusion-alert"]
    if wanted.watch.tamper:
        yield "tamper-alert", NAMES["tamper-alert"]
    if licensed and wanted.watch.silence:
        yield "silence-alert", NAMES["silence-alert"]
