"""What Azure has of a `SignInMonitoring` that the stack's state lacks: looked up by itself.

For a program without look-ups of its own. A refresh that once got 404, a run that was killed, and
`destroy`, which leaves workspace and resource group: the next run takes in again what this stack
made. Azure is asked only for what the state lacks.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, Final

import pulumi

from components.azure_resources import (
    GROUP_TYPE,
    WORKSPACE_TYPE,
    known_monitoring,
    names_in_state,
)
from components.dropped_monitoring import setting_of_the_tenant, stands_in_azure
from components.kept_monitoring import find_kept
from components.log_workspace import DIAGNOSTIC_SETTING, workspace_path
from components.monitoring_arguments import (
    Diagnostics,
    ResourceGroup,
    SignInMonitoringArgs,
    Workspace,
)
from components.monitoring_children import MonitoringTools
from components.monitoring_names import wanted_children
from components.monitoring_traps import MonitoringTraps
from components.plain_arguments import either
from components.stack_memory import Outputs, StackMemory
from entra.errors import EntraError, IdentityError
from entra.identity import Identity
from entra.resource_manager import DiagnosticSetting, ResourceManager

PROVIDER: Final = "azure-native"
SUFFIXES: Final = (
    *("resource-group", "workspace", "diagnostic-setting", "action-group", "watch-action-group"),
    *("use-alert", "exclusion-alert", "tamper-alert", "silence-alert"),
    *("rules-alert", "health-alert"),
)
"""The children of a `SignInMonitoring`, by the end of their logical names."""


def look_up_monitoring(
    component: pulumi.Resource, name: str, args: SignInMonitoringArgs, tools: MonitoringTools
) -> tuple[MonitoringTools, SignInMonitoringArgs]:
    """The tools with what Azure has of the component that has this name, and the arguments with the
    earlier workspaces that its alarms are to read: those of the last run where none are given, and
    none that is gone.

    Raises RunError in one line for a resource of one of our names that this stack did not make, and
    for what would stop the run halfway or leave nobody told (`monitoring_traps`). Where Azure
    cannot be asked, one warning says so and nothing is taken in.
    """
    known = _own(name, tools.memory)
    azure = _Azure(component)
    subscription = azure.subscription_id or _subscription_before(known)
    args = _reading(args, _earlier(args, known))
    exported = setting_of_the_tenant(
        either(either(args.diagnostics, Diagnostics()).name, DIAGNOSTIC_SETTING)
    )
    traps = MonitoringTraps(azure, args, subscription, known, tools.sleep)
    try:
        earlier = traps.earlier_workspaces()
        args = _reading(args, earlier.ids)
        setting = replace(traps, args=args).look()
        wanted = [*wanted_children(args, subscription, known)]
        found = find_kept(azure, wanted, known, whole=tools.memory)
    except EntraError as error:
        pulumi.log.warn(
            f"{name}: what Azure has already was not looked up ({error}): if something stands in"
            " the way, this run stops there",
            component,
        )
        wanted = [*wanted_children(args, subscription, known)]
        return replace(tools, kept={}, stands=stands_in_azure(azure, wanted, known)), args
    for line in (*earlier.notices, *setting.notices, *found.notices):
        pulumi.log.warn(line, component)
    kept = dict(found.ids)
    if setting.kept_id is not None:
        kept["diagnostic-setting"] = setting.kept_id
    stands = stands_in_azure(azure, (*wanted, exported), known)
    return replace(tools, kept=kept, rules=found.rules, stands=stands), args


class _Azure:
    """Azure as the default provider sees it, connected to when it is first asked.

    Raises IdentityError when we cannot be sure to ask as the provider does.
    """

    def __init__(self, component: pulumi.Resource) -> None:
        # Read here: the settings of the program are not those of the threads that ask later.
        settings = pulumi.Config(PROVIDER)
        self._own_provider = component.get_provider(GROUP_TYPE) is not None
        self._chosen = {key: settings.get(key) or "" for key in ("tenantId", "clientId")}
        by_default = settings.get("subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID") or ""
        self.subscription_id = "" if self._own_provider else by_default
        self._connected: ResourceManager | None = None
        self._connecting = Lock()

    def connect(self) -> None:
        """See `MonitoringReader`."""
        self._manager()

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        """See `AzureReader`."""
        return self._manager().find(resource_id, api_version=api_version)

    def listing(self, path: str, *, api_version: str) -> Iterator[Mapping[str, Any]]:
        """See `AzureReader`."""
        return self._manager().listing(path, api_version=api_version)

    def diagnostic_settings(self) -> Sequence[DiagnosticSetting]:
        """The tenant's."""
        return self._manager().diagnostic_settings()

    def may(self, scope: str, action: str) -> bool | None:
        """See `RightsReader`."""
        return self._manager().may(scope, action)

    def how_to_manage_diagnostics(self) -> str:
        """See `RightsReader`."""
        return self._manager().how_to_manage_diagnostics()

    def is_registered(self, subscription_id: str, namespace: str) -> bool:
        """See `RightsReader`."""
        return self._manager().is_registered(subscription_id, namespace)

    def _manager(self) -> ResourceManager:
        with self._connecting:
            if self._connected is None:
                identity = self._identity()
                identity.resource_manager_token()  # Refused here: no answer for any question.
                self._connected = ResourceManager(identity)
            return self._connected

    def _identity(self) -> Identity:
        if self._own_provider:
            raise IdentityError("its resources have an azure-native provider of their own")
        if not self.subscription_id:
            raise IdentityError(
                "neither azure-native:subscriptionId nor ARM_SUBSCRIPTION_ID is set"
            )
        identity = Identity.from_environment()
        for key, ours in (("tenantId", identity.tenant_id), ("clientId", identity.client_id)):
            if (self._chosen[key] or ours).casefold() != ours.casefold():
                raise IdentityError(f"azure-native:{key} is another than that of the environment")
        return identity


def _own(name: str, memory: StackMemory) -> StackMemory:
    """What the state knows of one component: a program may have several."""
    names = {name, *(f"{name}-{suffix}" for suffix in SUFFIXES)}

    def of_type(type_: str) -> Mapping[str, Outputs]:
        found = memory(type_).items()
        return {urn: outputs for urn, outputs in found if urn.rpartition("::")[2] in names}

    return of_type


def _earlier(args: SignInMonitoringArgs, known: StackMemory) -> Sequence[str]:
    """Where the logs went before: what the arguments say, else what the last run's alarms read, but
    for a workspace that goes with its logs."""
    wanted = either(args.workspace, Workspace())
    if wanted.earlier is not None:
        return wanted.earlier
    before = known_monitoring(known)
    read: Sequence[str] = before.get("watchedWorkspaces") or [before.get("workspaceId") or ""]
    here = workspace_path(either(args.resource_group, ResourceGroup()), wanted).casefold()
    own = names_in_state(known, WORKSPACE_TYPE) if before.get("deleteLogs") else frozenset[str]()
    return [
        one
        for one in read
        if one
        and not one.casefold().endswith(here)
        and one.rpartition("/")[2].casefold() not in own
    ]


def _reading(args: SignInMonitoringArgs, earlier: Sequence[str]) -> SignInMonitoringArgs:
    return replace(args, workspace=replace(either(args.workspace, Workspace()), earlier=earlier))


def _subscription_before(known: StackMemory) -> str:
    """Where the last run had its alarms; empty when there was none."""
    action_group = str(known_monitoring(known).get("actionGroupId") or "")
    return action_group.removeprefix("/subscriptions/").partition("/")[0]
