"""Whether the arguments of a `SignInMonitoring` go together, before anything is asked or made."""

import re
from collections.abc import Iterator
from typing import Final
from weakref import WeakKeyDictionary

import pulumi

from alerting.alarm_names import LONGEST_NAME, taken_by, with_workspace
from components.action_groups import ACTION_GROUP
from components.argument_wording import MONITORING_ARGUMENTS
from components.azure_resources import (
    ACTION_GROUP_TYPE,
    DIAGNOSTICS_TYPE,
    GROUP_TYPE,
    SEGMENTS,
    WORKSPACE_TYPE,
)
from components.dropped_monitoring import setting_of_the_tenant
from components.log_workspace import DIAGNOSTIC_SETTING, workspace_path
from components.monitoring_arguments import (
    Diagnostics,
    Notify,
    ResourceGroup,
    SignInMonitoringArgs,
    UseAlert,
    Watch,
    Workspace,
)
from components.monitoring_names import wanted_children
from components.plain_arguments import either

RENAMED: Final = {
    GROUP_TYPE: "resourceGroup.name",
    DIAGNOSTICS_TYPE: "diagnosticSetting.name",
}
"""The arguments that hold names which no resource group tells apart, by type."""
_made: Final[WeakKeyDictionary[pulumi.Resource, dict[str, str]]] = WeakKeyDictionary()
"""By stack of this process: Azure resource id → the component that makes it."""


def refuse_unfit(name: str, args: SignInMonitoringArgs) -> None:
    """Raises RunError, one line, for two alarms or two action groups of one name, for an alarm's
    name that Azure would not take, and for what names an existing resource and is no Azure resource
    id of its type.
    """
    alert = either(args.alert, UseAlert()).name
    if alert is not None and (ours := taken_by(alert)) is not None:
        _refuse(
            name,
            f"{MONITORING_ARGUMENTS.named('alert.name')} is {alert!r}: {ours!r} is what another"
            " alarm of this component is called: expected another name",
        )
    watch = either(args.watch, Watch())
    first, second = args.notify, either(watch.notify, args.notify)
    both_new = second is not first and first.existing is None and second.existing is None
    if both_new and _place(first) == _place(second):
        _refuse(
            name,
            f"{MONITORING_ARGUMENTS.named('watch.notify.name')} is"
            f" {either(second.name, ACTION_GROUP)!r}, the name of the"
            " first action group: expected another one, since whoever switches the first off must"
            " not silence the second",
        )
    for argument, type_, existing in _existing(args):
        segment = re.escape(SEGMENTS[type_])
        pattern = rf"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{segment}/[^/]+"
        if not re.fullmatch(pattern, existing, re.IGNORECASE):
            _refuse(
                name,
                f"{MONITORING_ARGUMENTS.named(argument)} is {existing!r}: expected an Azure"
                " resource id, /subscriptions/…/resourceGroups/…/providers/"
                f"{SEGMENTS[type_]}/…",
            )
    place = either(args.resource_group, ResourceGroup()), either(args.workspace, Workspace())
    behind = with_workspace(workspace_path(*place))
    if len(alert or "") > LONGEST_NAME - len(behind):
        _refuse(
            name,
            f"{MONITORING_ARGUMENTS.named('alert.name')} has {len(alert or '')} characters:"
            f" expected at most {LONGEST_NAME - len(behind)}, since Azure allows {LONGEST_NAME} and"
            f" the rule may have its workspace's name behind its own,{behind}",
        )


def refuse_made_twice(name: str, args: SignInMonitoringArgs) -> None:
    """Raises RunError when another component of the program makes a resource of the same name in
    the same resource group, or the tenant's diagnostic setting of the same name.

    For components with the program's own provider: one of another subscription may have the same
    names.
    """
    stack = pulumi.runtime.get_root_resource()
    if stack is None:
        return
    made = _made.setdefault(stack, {})
    children = [*wanted_children(args, "", lambda _: {})]
    exported = either(args.diagnostics, Diagnostics())
    if exported.existing is None:
        children.append(setting_of_the_tenant(either(exported.name, DIAGNOSTIC_SETTING)))
    wanted = {one.id.casefold(): one for one in children}
    for identifier, child in wanted.items():
        if (other := made.get(identifier)) is not None:
            way_out = (
                MONITORING_ARGUMENTS.to_set(RENAMED[child.type_], "another name")
                if child.type_ in RENAMED
                else "give one of them another name, have it in another resource group or leave it"
                " out"
            )
            _refuse(
                name,
                f"{child.name!r} in Azure ({child.suffix}) is what {other} of this program makes"
                f" already: {way_out}",
            )
    made.update(dict.fromkeys(wanted, name))


def _existing(args: SignInMonitoringArgs) -> Iterator[tuple[str, str, str]]:
    """Arguments that name something by its Azure resource id, with its type."""
    watch = either(either(args.watch, Watch()).notify, Notify())
    found = {
        "workspace.existing": (WORKSPACE_TYPE, either(args.workspace, Workspace()).existing),
        "notify.existing": (ACTION_GROUP_TYPE, args.notify.existing),
        "watch.notify.existing": (ACTION_GROUP_TYPE, watch.existing),
    }
    for argument, (type_, existing) in found.items():
        if existing is not None:
            yield argument, type_, existing


def _place(notify: Notify) -> tuple[str, str]:
    """What tells one new action group from another."""
    group = either(notify.resource_group_name, "").casefold()
    return group, either(notify.name, ACTION_GROUP).casefold()


def _refuse(name: str, line: str) -> None:
    raise pulumi.RunError(f"{name}: {line}; nothing was changed")
