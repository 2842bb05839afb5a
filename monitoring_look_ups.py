"""The questions about logs and alerts, one by one; `monitoring_survey` puts them all at once.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pulumi

from administrators_survey import ToldAdministrators, find_administrators
from components.action_group_checks import FoundActionGroup, find_existing_action_group
from components.azure_resources import (
    ACTIVITY_ALERT_TYPE,
    API_VERSIONS,
    DIAGNOSTICS_TYPE,
    GROUP_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    find_surely,
    group_path,
    known_monitoring,
    names_in_state,
    place,
    same_id,
    several,
)
from components.stack_memory import StackMemory
from components.workspace_checks import FoundWorkspace, capped, find_existing_workspace
from entra.administrators import AdministratorDirectory
from entra.errors import EntraError
from entra.resource_manager import DIAGNOSTICS_SCOPE, ResourceManager
from monitoring_plan import KEY, action_group_of, workspace_of
from settings import Settings
from settings_receivers import Notify

LOGS: Final = "Microsoft.OperationalInsights"
ALERTS: Final = "Microsoft.Insights"
WRITE_DIAGNOSTICS: Final = "microsoft.aadiam/diagnosticSettings/write"


@dataclass(frozen=True)
class MonitoringLookUps:
    """What is asked for a stack with these settings. Safe to share between threads."""

    settings: Settings
    azure: ResourceManager
    memory: StackMemory
    sleep: Callable[[float], None]
    """How a 404 is waited out for what ought to be there."""

    @property
    def exported(self) -> bool:
        """Whether somebody else's diagnostic setting serves the stack already."""
        own = self.memory(DIAGNOSTICS_TYPE)
        return not own and same_id(self._known("workspaceId"), workspace_of(self.settings))

    def workspace(self) -> FoundWorkspace | None:
        """The workspace as Azure has it; None when it is still to be made."""
        wanted = self.settings.monitoring.workspace
        if wanted.existing is not None:
            standing = same_id(self._known("workspaceId"), wanted.existing)
            return find_existing_workspace(
                self.azure, wanted.existing, standing=standing, sleep=self.sleep
            )
        if wanted.name.casefold() not in names_in_state(self.memory, WORKSPACE_TYPE):
            return None
        path = workspace_of(self.settings)
        found = self.azure.find(path, api_version=API_VERSIONS[WORKSPACE_TYPE])
        if found is None:
            return None
        return FoundWorkspace(str(found["id"]), place(found["location"]), tuple(capped(found)))

    def action_groups(self) -> tuple[FoundActionGroup | None, FoundActionGroup | None]:
        """The existing action group of the alarm and that of the watch over it; None for one that
        the stack makes."""
        wanted = self.settings.monitoring
        first = self._action_group(wanted.notify, f"{KEY}.notify")
        if wanted.watch_notify.existing == wanted.notify.existing:
            return first, first
        return first, self._action_group(wanted.watch_notify, f"{KEY}.watch.notify")

    def resource_groups(self) -> list[str]:
        """Raises RunError for an existing resource group that is not there; no warnings."""
        wanted = self.settings.monitoring
        asked = {
            f"{KEY}.resourceGroup.existing": (wanted.resource_group.existing, "alertRuleId"),
            f"{KEY}.notify.resourceGroup": (wanted.notify.resource_group, "actionGroupId"),
        }
        if wanted.watch_notify.resource_group != wanted.notify.resource_group:
            second = wanted.watch_notify.resource_group
            asked[f"{KEY}.watch.notify.resourceGroup"] = (second, "watchActionGroupId")
        for key, (name, child) in asked.items():
            if name is not None and not self._in_use(name, child):
                self._check_group(key, name)
        return []

    def rights(self) -> list[str]:
        """What a new stack needs: raises RunError when the tenant's diagnostic settings cannot be
        changed, warns of a resource provider that is not registered."""
        wanted, subscription = self.settings.monitoring, self.settings.subscription_id
        ours = wanted.diagnostic_setting.existing is None
        is_new = ours and not self.memory(DIAGNOSTICS_TYPE)
        if is_new and self.azure.may(DIAGNOSTICS_SCOPE, WRITE_DIAGNOSTICS) is False:
            raise pulumi.RunError(
                "the application may read the tenant's diagnostic settings and not change them:"
                f" nothing was changed; {self.azure.how_to_manage_diagnostics()}"
            )
        if self.memory(QUERY_RULE_TYPE):
            return []
        needed = (ALERTS,) if wanted.workspace.existing else (LOGS, ALERTS)
        return [
            f"resource provider {namespace} is not registered in subscription {subscription}: the"
            " run registers it, for which the application needs the role 'Contributor' on the whole"
            f" subscription; or: az provider register --namespace {namespace} --subscription"
            f" {subscription}"
            for namespace in needed
            if not self._is_registered(namespace)
        ]

    def earlier_workspaces(self) -> tuple[str, ...]:
        """Where the sign-ins went before, without what the settings say to forget."""
        watched = self._known("watchedWorkspaces") or [self._known("workspaceId")]
        left = (workspace_of(self.settings), *self.settings.monitoring.workspace.forget)
        known = (str(one) for one in watched if one)
        return tuple(one for one in known if not any(same_id(one, other) for other in left))

    def gone(self, workspace_id: str) -> list[str]:
        """The warning about an earlier workspace that is not there any more."""
        forget = (
            f'pulumi config set --path "{KEY}.workspace.forget'
            f'[{len(self.settings.monitoring.workspace.forget)}]" {workspace_id}'
        )
        try:
            found = find_surely(self.azure, workspace_id, WORKSPACE_TYPE, sleep=self.sleep)
        except EntraError as error:
            return [
                f"earlier workspace {workspace_id}, which the alarms still read, cannot be looked"
                f" up: {error}; when its logs are needed no more: {forget}"
            ]
        if found is not None:
            return []
        return [
            f"earlier workspace {workspace_id}, which the alarms still read, is gone: an"
            " alarm that was made for it does not ring; restore it within 14 days (az monitor"
            f" log-analytics workspace recover --ids {workspace_id}), or have such alarms made for"
            f" the workspace in use: {forget}; pulumi up"
        ]

    def administrators(
        self, directory: AdministratorDirectory
    ) -> tuple[ToldAdministrators, ToldAdministrators]:
        """Who is told through the first action group, and through the second one."""
        wanted = self.settings.monitoring
        adopted = [one.account for one in self.settings.accounts.adopted]

        def told(notify: Notify, key: str, child: str) -> ToldAdministrators:
            return find_administrators(
                notify, f"{KEY}.{key}", f"monitoring-{child}", directory, adopted, self.memory
            )

        first = told(wanted.notify, "notify", "action-group")
        if wanted.watch_notify.all_admins == wanted.notify.all_admins:
            return first, ToldAdministrators(first.administrators)
        return first, told(wanted.watch_notify, "watch.notify", "watch-action-group")

    def remarks(self, location: str) -> Iterator[str]:
        """What to say besides: where the rules go, and a move of the logs."""
        current, standing = workspace_of(self.settings), self._known("workspaceId")
        if location != self.settings.location:
            yield (
                f"workspace {current} is in {location}, where new alert rules have to be too;"
                f" azure-native:location holds {self.settings.location}"
            )
        if standing and not same_id(standing, current):
            yield (
                f"the logs move to {current}; {standing} keeps what it has, and the alarms read"
                " both; when its logs are needed no more: pulumi config set --path"
                f' "{KEY}.workspace.forget[{len(self.settings.monitoring.workspace.forget)}]"'
                f" {standing}"
            )

    def _known(self, output: str) -> Any:
        return known_monitoring(self.memory).get(output)

    def _action_group(self, notify: Notify, key: str) -> FoundActionGroup | None:
        if notify.existing is None:
            return None
        path = action_group_of(self.settings, notify.existing, notify.resource_group)
        standing = same_id(self._known("actionGroupId"), path) or any(
            same_id(one, path) for one in self._rung_by_the_watch()
        )
        return find_existing_action_group(
            self.azure, path, f"{key}.existing", standing=standing, sleep=self.sleep
        )

    def _in_use(self, resource_group: str, output: str) -> bool:
        parts = str(self._known(output) or "").casefold().split("/")
        return len(parts) > 4 and parts[4] == resource_group.casefold()

    def _rung_by_the_watch(self) -> Iterator[str]:
        for outputs in self.memory(ACTIVITY_ALERT_TYPE).values():
            actions = cast("Mapping[str, Any]", outputs.get("actions") or {})
            for one in actions.get("actionGroups") or ():
                yield str(one.get("actionGroupId") or "")

    def _check_group(self, key: str, name: str) -> None:
        subscription, version = self.settings.subscription_id, API_VERSIONS[GROUP_TYPE]
        if self.azure.find(group_path(subscription, name), api_version=version) is not None:
            return
        listed = self.azure.listing(
            f"/subscriptions/{subscription}/resourcegroups", api_version=version
        )
        raise pulumi.RunError(
            f"{key} holds {name!r}, and subscription {subscription} has no such resource group; it"
            f" has {several([str(one['name']) for one in listed])}; nothing was changed; name one"
            f' of them: pulumi config set --path "{key}" NAME'
        )

    def _is_registered(self, namespace: str) -> bool:
        try:
            return self.azure.is_registered(self.settings.subscription_id, namespace)
        except EntraError:
            return True  # It cannot be told, and the run will.
