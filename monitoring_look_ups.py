"""The questions about logs and alerts, one by one; `monitoring_survey` puts them all at once.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from administrators_survey import ToldAdministrators, find_administrators
from components.action_group_checks import FoundActionGroup, find_existing_action_group
from components.azure_resources import (
    ACTIVITY_ALERT_TYPE,
    API_VERSIONS,
    DIAGNOSTICS_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    find_surely,
    known_monitoring,
    names_in_state,
    place,
    same_id,
)
from components.stack_memory import StackMemory
from components.subscription_checks import (
    check_resource_group,
    check_right_to_export,
    unregistered,
)
from components.workspace_checks import FoundWorkspace, capped, find_existing_workspace
from entra.administrators import AdministratorDirectory
from entra.errors import EntraError
from entra.resource_manager import ResourceManager
from monitoring_plan import KEY, action_group_of, workspace_of
from settings import Settings
from settings_receivers import Notify


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
        first = self._action_group(wanted.notify, "notify")
        if wanted.watch_notify.existing == wanted.notify.existing:
            return first, first
        return first, self._action_group(wanted.watch_notify, "watch.notify")

    def resource_groups(self) -> list[str]:
        """Raises RunError for an existing resource group that is not there; no warnings."""
        wanted = self.settings.monitoring
        asked = {
            "resourceGroup.existing": (wanted.resource_group.existing, "alertRuleId"),
            "notify.resourceGroup": (wanted.notify.resource_group, "actionGroupId"),
        }
        if wanted.watch_notify.resource_group != wanted.notify.resource_group:
            second = wanted.watch_notify.resource_group
            asked["watch.notify.resourceGroup"] = (second, "watchActionGroupId")
        for key, (name, child) in asked.items():
            if name is not None and not self._in_use(name, child):
                check_resource_group(self.azure, self.settings.subscription_id, name, key)
        return []

    def rights(self) -> list[str]:
        """What a new stack needs: raises RunError when the tenant's diagnostic settings cannot be
        changed, warns of a resource provider that is not registered."""
        wanted = self.settings.monitoring
        ours = wanted.diagnostic_setting.existing is None
        if ours and not self.memory(DIAGNOSTICS_TYPE):
            check_right_to_export(self.azure)
        if self.memory(QUERY_RULE_TYPE):
            return []
        own = wanted.workspace.existing is None
        return unregistered(self.azure, self.settings.subscription_id, own_workspace=own)

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

    def _action_group(self, notify: Notify, argument: str) -> FoundActionGroup | None:
        if notify.existing is None:
            return None
        path = action_group_of(self.settings, notify.existing, notify.resource_group)
        standing = same_id(self._known("actionGroupId"), path) or any(
            same_id(one, path) for one in self._rung_by_the_watch()
        )
        return find_existing_action_group(
            self.azure, path, f"{argument}.existing", standing=standing, sleep=self.sleep
        )

    def _in_use(self, resource_group: str, output: str) -> bool:
        parts = str(self._known(output) or "").casefold().split("/")
        return len(parts) > 4 and parts[4] == resource_group.casefold()

    def _rung_by_the_watch(self) -> Iterator[str]:
        for outputs in self.memory(ACTIVITY_ALERT_TYPE).values():
            actions = cast("Mapping[str, Any]", outputs.get("actions") or {})
            for one in actions.get("actionGroups") or ():
                yield str(one.get("actionGroupId") or "")
