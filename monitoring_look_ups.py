"""The questions about logs and alerts, one by one; `monitoring_survey` puts them all at once.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from administrators_survey import ToldAdministrators, find_administrators
from components.action_group_checks import (
    FoundActionGroup,
    find_existing_action_group,
    rings_already,
)
from components.azure_resources import (
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
from components.watched_before import (
    setting_in_state,
    watched_at_the_end,
    watched_meanwhile,
)
from components.workspace_checks import FoundWorkspace, capped, find_existing_workspace
from entra.administrators import AdministratorDirectory
from entra.errors import EntraError
from entra.resource_manager import DiagnosticSetting, ResourceManager
from monitoring_plan import KEY, action_group_of, workspace_of
from settings import Settings
from settings_receivers import Notify


@dataclass(frozen=True)
class EarlierWorkspace:
    """A workspace to which the sign-ins went before."""

    id: str
    is_read: bool
    """Whether the alarms are to read it; not when Azure surely has it no more."""
    notice: str = ""
    """What to warn of, if anything."""


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

    def rights(self, *, may_write: bool = True) -> list[str]:
        """What a new stack needs: raises RunError when the tenant's diagnostic settings cannot be
        changed, warns of a resource provider that is not registered. `may_write`: whether this
        identity is the one that is to change them."""
        wanted = self.settings.monitoring
        ours = wanted.diagnostic_setting.existing is None
        if ours and may_write and not self.memory(DIAGNOSTICS_TYPE):
            check_right_to_export(self.azure)
        if self.memory(QUERY_RULE_TYPE):
            return []
        own = wanted.workspace.existing is None
        return unregistered(self.azure, self.settings.subscription_id, own_workspace=own)

    def earlier_workspaces(self, exports: Sequence[DiagnosticSetting]) -> tuple[str, ...]:
        """Where the sign-ins went before, or go until this run has switched the export.

        `exports`: the tenant's diagnostic settings. Without what the settings say to forget, unless
        the sign-ins still go there: their rows come minutes later.
        """
        own = setting_in_state(self.memory)
        going = [str(one.workspace_id or "") for one in exports if one.name.casefold() == own]
        left = {one.casefold() for one in self.settings.monitoring.workspace.forget}
        left -= {one.casefold() for one in going}
        left.add(workspace_of(self.settings).casefold())
        # The state's spelling comes first: it is that of the rules' scopes.
        wanted: dict[str, str] = {}
        for one in (*self._watched, *watched_meanwhile(self.memory), *going):
            wanted.setdefault(one.casefold(), one)
        return tuple(one for folded, one in wanted.items() if one and folded not in left)

    def earlier_workspace(self, workspace_id: str) -> EarlierWorkspace:
        """One of them as Azure has it. Only a 404 that stays says that it is gone.

        One that only the tenant names has to be there: whoever changed the export by hand could
        have named any, and a rule that cannot be written would stop the run that puts it right.
        """
        try:
            found = find_surely(self.azure, workspace_id, WORKSPACE_TYPE, sleep=self.sleep)
        except EntraError as error:
            if not self._is_expected(workspace_id):
                return self._unreadable(workspace_id, f"cannot be looked up: {error}")
            notice = (
                f"earlier workspace {workspace_id}, which the alarms still read, cannot be looked"
                f" up: {error}; when its logs are needed no more: {self._forgetting(workspace_id)}"
            )
            return EarlierWorkspace(workspace_id, is_read=True, notice=notice)
        if found is not None:
            notice = self._unfinished(workspace_id)
            return EarlierWorkspace(workspace_id, is_read=True, notice=notice)
        if not self._is_expected(workspace_id):
            return self._unreadable(workspace_id, "is gone")
        notice = (
            f"earlier workspace {workspace_id} is gone: an alarm that was made for it does not ring"
            f" and is made anew for {workspace_of(self.settings)}, before the old one is deleted;"
            " no alarm reads that workspace any more; whoever needs its logs restores it within"
            f" 14 days: az monitor log-analytics workspace recover --ids {workspace_id}"
        )
        return EarlierWorkspace(workspace_id, is_read=False, notice=notice)

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

    def remarks(self, location: str, unread: Sequence[str]) -> Iterator[str]:
        """What to say besides: where the rules go, and a move of the logs from a workspace that is
        not `unread`."""
        current, standing = workspace_of(self.settings), self._known("workspaceId")
        if location != self.settings.location:
            yield (
                f"workspace {current} is in {location}, where new alert rules have to be too;"
                f" azure-native:location holds {self.settings.location}"
            )
        if standing and standing not in unread and not same_id(standing, current):
            yield (
                f"the logs move to {current}; {standing} keeps what it has, and the alarms read"
                f" both; when its logs are needed no more: {self._forgetting(standing)}"
            )

    def _unreadable(self, workspace_id: str, trouble: str) -> EarlierWorkspace:
        notice = (
            f"the tenant's diagnostic setting sends the logs to workspace {workspace_id}, which no"
            f" alarm is to read, since it {trouble}; this run has them sent to"
            f" {workspace_of(self.settings)}; look yourself for uses in between"
        )
        return EarlierWorkspace(workspace_id, is_read=False, notice=notice)

    def _unfinished(self, workspace_id: str) -> str:
        """What to say of a workspace that is read although nobody would expect it; empty for one
        that the last finished run knew."""
        if self._is_forgotten(workspace_id):
            return (
                f"the logs still go to {workspace_id}, which {KEY}.workspace.forget holds: the"
                " alarms read it on, and the first run after the export has been switched takes it"
                " out"
            )
        if any(same_id(workspace_id, one) for one in self._watched):
            return ""
        return (
            f"since the last run that finished the logs went to {workspace_id}, or were about to:"
            f" the alarms read it besides {workspace_of(self.settings)}; when its logs are needed"
            f" no more: {self._forgetting(workspace_id)}"
        )

    @property
    def _watched(self) -> tuple[str, ...]:
        return watched_at_the_end(self.memory)

    def _is_expected(self, workspace_id: str) -> bool:
        """Whether the alarms read it already, and are to go on."""
        known = (*self._watched, *watched_meanwhile(self.memory))
        is_known = any(same_id(workspace_id, one) for one in known)
        return is_known and not self._is_forgotten(workspace_id)

    def _is_forgotten(self, workspace_id: str) -> bool:
        forgotten = self.settings.monitoring.workspace.forget
        return any(same_id(workspace_id, one) for one in forgotten)

    def _forgetting(self, workspace_id: str) -> str:
        """The command that makes the alarms read a workspace no more."""
        place = len(self.settings.monitoring.workspace.forget)
        return f'pulumi config set --path "{KEY}.workspace.forget[{place}]" {workspace_id}'

    def _known(self, output: str) -> Any:
        return known_monitoring(self.memory).get(output)

    def _action_group(self, notify: Notify, argument: str) -> FoundActionGroup | None:
        if notify.existing is None:
            return None
        path = action_group_of(self.settings, notify.existing, notify.resource_group)
        return find_existing_action_group(
            self.azure,
            path,
            f"{argument}.existing",
            standing=rings_already(self.memory, path),
            sleep=self.sleep,
        )

    def _in_use(self, resource_group: str, output: str) -> bool:
        parts = str(self._known(output) or "").casefold().split("/")
        return len(parts) > 4 and parts[4] == resource_group.casefold()
