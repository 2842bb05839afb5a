"""What the resources of a `SignInMonitoring` are called in Azure, before any of them is made."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pulumi

from alerting.alarm_names import NAMES
from components.action_groups import ACTION_GROUP, beside
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
from components.kept_monitoring import WantedChild
from components.log_workspace import RESOURCE_GROUP, workspace_path
from components.monitoring_arguments import (
    Excluded,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Watch,
    Workspace,
)
from components.plain_arguments import either
from components.rule_reach import rule_name
from components.stack_memory import StackMemory

USE_ALERT = "Break-glass account used"
"""The use alert's name where none is chosen."""


def workspace_id(args: SignInMonitoringArgs, subscription_id: str) -> str:
    """Azure resource id of the workspace that gets the logs."""
    wanted = either(args.workspace, Workspace())
    path = workspace_path(either(args.resource_group, ResourceGroup()), wanted)
    return path if wanted.existing is not None else f"/subscriptions/{subscription_id}{path}"


def wanted_children(
    args: SignInMonitoringArgs,
    subscription_id: str,
    memory: StackMemory,
    *,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[WantedChild]:
    """Those that carry a tag. `subscription_id`: that of the alarms; `memory`: what the state knows
    of standing rules; `keys`: the settings that hold names, by suffix.
    """
    titles = dict(wanted_rules(args))
    workspace = either(args.workspace, Workspace())
    reads = (workspace_id(args, subscription_id), *either(workspace.earlier, ()))
    for suffix, type_, identifier, location in _children(args, subscription_id, memory):
        key, title = keys.get(suffix), titles.get(suffix, "")
        yield WantedChild(suffix, type_, identifier, location, key, title, reads if title else ())


def _children(
    args: SignInMonitoringArgs, subscription_id: str, memory: StackMemory
) -> Iterator[tuple[str, str, str, str]]:
    group = either(args.resource_group, ResourceGroup())
    workspace = either(args.workspace, Workspace())
    name = either(group.existing, either(group.name, RESOURCE_GROUP))
    path, place = group_path(subscription_id, name), _known(args.location)
    if group.existing is None:
        yield "resource-group", GROUP_TYPE, path, place
    if workspace.existing is None:
        identifier = workspace_id(args, subscription_id)
        yield "workspace", WORKSPACE_TYPE, identifier, place
    watch, rules = either(args.watch, Watch()), [*wanted_rules(args)]
    guards = [*_guards(watch)] if rules else []
    groups = {"action-group": args.notify}
    if guards:
        groups["watch-action-group"] = either(watch.notify, beside(args.notify))
    for suffix, notify in groups.items():
        if notify.existing is None:
            chosen = group_path(subscription_id, either(notify.resource_group_name, name))
            identifier = path_of(ACTION_GROUP_TYPE, chosen, either(notify.name, ACTION_GROUP))
            yield suffix, ACTION_GROUP_TYPE, identifier, "global"
    where, own = workspace_id(args, subscription_id), workspace.existing is None
    region = _known(either(workspace.location, args.location))
    for suffix, display_name in rules:
        known = known_child(memory, suffix, QUERY_RULE_TYPE)
        called = rule_name(display_name, where, either(workspace.earlier, ()), known, own=own)
        identifier = path_of(QUERY_RULE_TYPE, path, called)
        yield suffix, QUERY_RULE_TYPE, identifier, region
    for suffix in guards:
        identifier = path_of(ACTIVITY_ALERT_TYPE, path, NAMES[suffix])
        yield suffix, ACTIVITY_ALERT_TYPE, identifier, "global"


def wanted_rules(args: SignInMonitoringArgs) -> Iterator[tuple[str, str]]:
    """Suffixes and names, as the portal shows them, of the rules over the logs; without Premium
    there are no sign-ins and no policies."""
    watch, premium = either(args.watch, Watch()), either(args.premium, True)
    excluded = either(watch.excluded, Excluded())
    if premium:
        yield "use-alert", either(either(args.alert, UseAlert()).name, USE_ALERT)
    if premium and either(watch.exclusion, True) and (excluded.group_ids or excluded.user_ids):
        yield "exclusion-alert", NAMES["exclusion-alert"]
    if either(watch.tamper, True):
        yield "tamper-alert", NAMES["tamper-alert"]
    if premium and either(watch.silence, True):
        yield "silence-alert", NAMES["silence-alert"]


def _guards(watch: Watch) -> Iterator[str]:
    """Suffixes of the alerts on the alerts."""
    if either(watch.health, True):
        yield "health-alert"
    if either(watch.rules, True):
        yield "rules-alert"


def _known(location: pulumi.Input[str]) -> str:
    """A region that is known only once something is made is not compared: empty."""
    return location if isinstance(location, str) else ""
