"""What a change of settings would cost of logs and alarms, while they stand.

Resource group and workspace are sealed only by what is in them and reads them: both stay in Azure
when the stack lets go of them, unless `deleteLogs` was on when they were last brought up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.azure_resources import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    DIAGNOSTICS_TYPE,
    GROUP_TYPE,
    MONITORING_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
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
    "watch-action-group": ACTION_GROUP_TYPE,
    "use-alert": QUERY_RULE_TYPE,
    "exclusion-alert": QUERY_RULE_TYPE,
    "tamper-alert": QUERY_RULE_TYPE,
    "silence-alert": QUERY_RULE_TYPE,
    "rules-alert": ACTIVITY_ALERT_TYPE,
    "health-alert": ACTIVITY_ALERT_TYPE,
}
"""The children of a `SignInMonitoring`, by the end of their logical names."""
KEYS: Final[Mapping[str, str]] = {
    "resource-group": "resourceGroup.name",
    "workspace": "workspace.name",
    "diagnostic-setting": "diagnosticSetting.name",
    "action-group": "notify.name",
    "watch-action-group": "watch.notify.name",
    "use-alert": "alert.name",
}
"""The settings that hold their names."""
LEAVERS: Final[Mapping[str, str]] = {
    "diagnostic-setting": "diagnosticSetting.existing names another",
    "action-group": "notify.existing names another",
    "watch-action-group": "watch leaves out the second action group",
    "exclusion-alert": "watch.exclusion is false",
    "tamper-alert": "watch.tamper is false",
    "silence-alert": "watch.silence is false",
    "rules-alert": "watch.rules is false",
    "health-alert": "watch.health is false",
}
"""What of the settings makes a child leave."""
EVIDENCE: Final = ("resource-group", "workspace")
LICENSED: Final = ("use-alert", "exclusion-alert", "silence-alert")


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
    """Names by child (see `TYPES`), of those that the stack makes."""
    forgotten: Sequence[str] = ()
    """Workspaces that the alarms are not to read any more."""
    premium: bool = True


def losses(wanted: WantedResources, memory: StackMemory, *, protected: bool) -> Iterator[str]:
    """A line for each thing that the settings would cost; logs are guarded even unprotected."""
    known = {
        suffix: outputs
        for suffix, type_ in TYPES.items()
        if (outputs := _child(memory, suffix, type_)) is not None
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
    for suffix, outputs in known.items():
        if suffix in EVIDENCE:
            continue
        if suffix in wanted.names:
            key = f"{KEY}.{KEYS[suffix]}" if suffix in KEYS else f"the name of the {suffix}"
            yield from _replaced(key, wanted.names[suffix], str(outputs.get("name") or ""))
        elif wanted.premium or suffix not in LICENSED:
            yield (
                f"{KEY}.{LEAVERS[suffix]}, but {outputs.get('name')!r} stands and is protected:"
                f" nothing was changed; put it back as it was, or {WAY_OUT}"
            )
    yield from _places(wanted, known, memory)
    yield from _forgotten(wanted, known)


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
        there, subscription = parts[4], parts[2]
        group = known.get("resource-group")
        there = str(group.get("name")) if group else there
        # An existing group's capitals are Azure's, and say nothing.
        same = group is None and there.casefold() == wanted.resource_group.casefold()
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


def _forgotten(wanted: WantedResources, known: Mapping[str, Outputs]) -> Iterator[str]:
    for suffix, outputs in known.items():
        scopes = outputs.get("scopes") or ()
        for workspace in wanted.forgotten:
            if TYPES[suffix] == QUERY_RULE_TYPE and any(same_id(one, workspace) for one in scopes):
                yield (
                    f"{KEY}.workspace.forget holds {workspace}, which alert {outputs.get('name')!r}"
                    " was made for: Azure lets no alert change that, so it would be made anew, and"
                    f" it is protected: nothing was changed; take it out of forget, or {WAY_OUT}"
                )


def _replaced(key: str, wanted: str, known: str) -> Iterator[str]:
    # To the letter, as the engine compares: other capitals replace a resource too.
    if known and known != wanted:
        yield (
            f"{key} holds {wanted!r}, but what stands and is protected has {known!r}, and a change"
            f" would delete it and make it anew: nothing was changed; put {known!r} back, or"
            f" {WAY_OUT}"
        )


def _child(memory: StackMemory, suffix: str, type_: str) -> Outputs | None:
    """The state's child of any `SignInMonitoring` that has this end of its name."""
    components = [urn.rpartition("::")[2] for urn in memory(MONITORING_TYPE)]
    names = {f"{component}-{suffix}" for component in components}
    found = memory(type_).items()
    return next((outputs for urn, outputs in found if urn.rpartition("::")[2] in names), None)
