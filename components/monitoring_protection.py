"""What a change of settings would cost of logs and alarms, while they stand.

The diagnostic setting and the action group of the alarms are protected. The alarms are sealed
(`alarm_seal`): each can be switched off by its name. Resource group and workspace are sealed only
by what is in them and reads them: both stay in Azure when the stack lets go of them, unless
`deleteLogs` was on when they were last brought up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from components.azure_resources import (
    ACTION_GROUP_TYPE,
    DIAGNOSTICS_TYPE,
    GROUP_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    known_child,
    known_monitoring,
    place,
    same_id,
)
from components.stack_memory import Outputs, StackMemory

KEY: Final = "break-glass:monitoring"
WAY_OUT: Final = (
    "to have it so all the same: pulumi config set break-glass:protect false; pulumi up; then"
    " change it, run pulumi up, and protect again"
)
TYPES: Final[Mapping[str, str]] = {
    "resource-group": GROUP_TYPE,
    "workspace": WORKSPACE_TYPE,
    "diagnostic-setting": DIAGNOSTICS_TYPE,
    "action-group": ACTION_GROUP_TYPE,
    "use-alert": QUERY_RULE_TYPE,
}
"""The children of a `SignInMonitoring` that are looked at, by the end of their logical names."""
KEYS: Final[Mapping[str, str]] = {
    "resource-group": "resourceGroup.name",
    "workspace": "workspace.name",
    "diagnostic-setting": "diagnosticSetting.name",
    "action-group": "notify.name",
}
"""The settings that hold their names."""
LEAVERS: Final[Mapping[str, str]] = {
    "diagnostic-setting": "diagnosticSetting.existing names another",
    "action-group": "notify.existing names another",
}
"""What of the settings makes a child leave."""
EVIDENCE: Final = ("resource-group", "workspace")


@dataclass(frozen=True)
class WantedResources:
    """Names and places in Azure, none of which can change without a replacement."""

    subscription_id: str
    location: str
    """Azure region, as in `westeurope`."""
    resource_group: str
    """Of the alerts, made or existing."""
    workspace_id: str
    """Azure resource id of the workspace that gets the logs, made or existing."""
    names: Mapping[str, str]
    """Names by child (see `KEYS`), of those that the stack makes."""
    premium: bool = True
    notify_group: str | None = None
    """Resource group of the action group that the stack makes; None: that of the alerts."""


def losses(wanted: WantedResources, memory: StackMemory, *, protected: bool) -> Iterator[str]:
    """A line for each thing that the settings would cost; logs are guarded even unprotected."""
    known = {
        suffix: outputs
        for suffix, type_ in TYPES.items()
        if (outputs := known_child(memory, suffix, type_)) is not None
    }
    kept = known_monitoring(memory).get("deleteLogs") is False
    moved = [*_lost_logs(wanted, known, memory)] if not kept else []
    yield from moved
    if not protected:
        return
    if not wanted.premium and "use-alert" in known:
        yield (
            "break-glass:premium holds absent, but the alarm on use stands and is protected:"
            " nothing was changed; pulumi config set break-glass:premium required, or " + WAY_OUT
        )
    for suffix, reason in LEAVERS.items():
        if suffix not in known:
            continue
        name = str(known[suffix].get("name") or "")
        if suffix == "action-group" and suffix in wanted.names:
            if wanted.names[suffix].casefold() != name.casefold():  # Its capitals stay as they are.
                yield from _replaced(f"{KEY}.{KEYS[suffix]}", wanted.names[suffix], name)
            yield from _moved_receivers(wanted, known, memory)
        elif suffix in wanted.names:
            yield from _replaced(f"{KEY}.{KEYS[suffix]}", wanted.names[suffix], name)
        else:
            yield (
                f"{KEY}.{reason}, but {name!r} stands and is protected:"
                f" nothing was changed; put it back as it was, or {WAY_OUT}"
            )
    yield from _places(wanted, known, memory)


def _moved_receivers(
    wanted: WantedResources, known: Mapping[str, Outputs], memory: StackMemory
) -> Iterator[str]:
    """Another resource group of its own makes the first action group anew.

    Where it is with the alerts, what moves the alerts is told of instead. The second one is not
    protected: it moves in one run, made anew before the old one goes.
    """
    parts = str(known_monitoring(memory).get("actionGroupId") or "").split("/")
    if len(parts) < 5:
        return
    there, with_alerts = parts[4], _alerts_group(known, memory)
    chosen = wanted.notify_group or wanted.resource_group
    was_apart = with_alerts != "" and there.casefold() != with_alerts.casefold()
    is_apart = wanted.notify_group is not None
    if chosen.casefold() == there.casefold() or not (was_apart or is_apart):
        return
    back = (
        f'pulumi config set --path "{KEY}.notify.resourceGroup" {there}'
        if was_apart
        else f'pulumi config rm --path "{KEY}.notify.resourceGroup"'
    )
    yield (
        f"{KEY}.notify.resourceGroup puts action group {parts[-1]!r} into {chosen!r}, but it stands"
        f" in {there!r} and is protected: a new one would be made, which the rules tell from then"
        " on, and that one deleted, while workspace, logs, rules and the second action group stay;"
        f" nothing was changed; {back}, or {WAY_OUT}"
    )


def _alerts_group(known: Mapping[str, Outputs], memory: StackMemory) -> str:
    """Name of the resource group in which the alerts stand; empty when there are none."""
    group = known.get("resource-group")
    parts = str(known_monitoring(memory).get("alertRuleId") or "").split("/")
    return str(group.get("name")) if group else parts[4] if len(parts) > 4 else ""


def _lost_logs(
    wanted: WantedResources, known: Mapping[str, Outputs], memory: StackMemory
) -> Iterator[str]:
    standing = str(known_monitoring(memory).get("workspaceId") or "")
    if "workspace" in known and standing and not same_id(standing, wanted.workspace_id):
        yield (
            f"{KEY}.workspace moves the logs to {wanted.workspace_id}, and {standing} would be"
            " deleted with all that is in it, because deleteLogs was on when it was last brought"
            " up: nothing was changed; put the workspace back as it was, then pulumi config set"
            f' --path "{KEY}.deleteLogs" false; pulumi up; then move'
        )


def _places(
    wanted: WantedResources, known: Mapping[str, Outputs], memory: StackMemory
) -> Iterator[str]:
    """Another resource group, region or subscription makes everything in it anew."""
    monitoring = known_monitoring(memory)
    parts = str(monitoring.get("alertRuleId") or "").split("/")
    if "use-alert" in known and len(parts) > 4:
        there, subscription = _alerts_group(known, memory), parts[2]
        # An existing group's capitals are Azure's, and say nothing.
        is_existing = "resource-group" not in known
        same = is_existing and there.casefold() == wanted.resource_group.casefold()
        if not same:
            yield from _replaced(f"{KEY}.resourceGroup", wanted.resource_group, there)
        yield from _replaced(
            "azure-native:subscriptionId",
            wanted.subscription_id.casefold(),
            subscription.casefold(),
        )
    for suffix in EVIDENCE:
        if suffix not in known or suffix not in wanted.names:
            continue
        there, name = str(known[suffix].get("name") or ""), wanted.names[suffix]
        if there.casefold() != name.casefold():
            continue  # A move: what stands stays where it is.
        if suffix == "workspace":
            yield from _replaced(f"{KEY}.{KEYS[suffix]}", name, there)
        region = place(known[suffix].get("location"))
        yield from _replaced("azure-native:location", place(wanted.location), region)


def _replaced(key: str, wanted: str, known: str) -> Iterator[str]:
    # To the letter, as the engine compares: other capitals replace a resource too.
    if known and known != wanted:
        yield (
            f"{key} holds {wanted!r}, but what stands and is protected has {known!r}, and a change"
            f" would delete it and make it anew: nothing was changed; put {known!r} back, or"
            f" {WAY_OUT}"
        )
