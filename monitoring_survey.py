"""What is found out about logs and alerts before anything is registered.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import pulumi

from administrators_survey import ToldAdministrators
from components.action_group_checks import FoundActionGroup, Reach, warn_if_inside
from components.diagnostic_checks import check_diagnostics
from components.dropped_monitoring import (
    StandsInAzure,
    setting_of_the_tenant,
    stands_in_azure,
)
from components.kept_monitoring import find_kept
from components.stack_memory import Outputs, StackMemory
from entra.administrators import Administrator, AdministratorDirectory
from entra.client import GraphClient
from entra.identity import Identity
from entra.preflight import TenantFacts
from entra.resource_manager import ResourceManager
from monitoring_look_ups import MonitoringLookUps
from monitoring_plan import KEY, children_of, diagnostics_of
from settings import Settings
from settings_receivers import Notify

AT_ONCE: Final = 8
"""Questions that are put at the same time."""


@dataclass(frozen=True)
class FoundMonitoring:
    """The monitoring as this run found it."""

    location: str
    """Azure region of the alert rules: that of the workspace they read."""
    workspace_id: str | None = None
    """An existing workspace, as Azure spells its id; None when the stack has its own."""
    action_group_id: str | None = None
    """An existing action group, as Azure spells its id; None when the stack makes one."""
    watch_action_group_id: str | None = None
    """The same for the second one, through which the alert on the alert rings."""
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """What an earlier life of the stack left in Azure and is to be taken in again: a child's suffix
    (`"workspace"`, see `MonitoringTools`) → Azure id."""
    kept_rules: Mapping[str, Outputs] = field(default_factory=dict[str, Outputs])
    """What the state would know of the query rules in `kept`."""
    stands: StandsInAzure | None = None
    """Asks what Azure has of a child that is about to be made although the state knew it."""
    earlier_workspaces: tuple[str, ...] = ()
    """Workspaces to which the sign-ins went before: the alarm goes on reading them."""
    administrators: tuple[Administrator, ...] = ()
    """Who is told because of `notify.allAdmins`."""
    watch_administrators: tuple[Administrator, ...] = ()
    """Who is told through the second action group because of `allAdmins`."""
    notices: tuple[str, ...] = ()
    """What was warned of, a line each; the user has been told already."""


def survey_monitoring(
    settings: Settings,
    tenant: TenantFacts,
    identity: Identity,
    memory: StackMemory,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> FoundMonitoring:
    """Compare the settings with what Azure has, look up what is to be taken in again and who is to
    be told. Raises EntraError, RunError.
    """
    azure = ResourceManager(identity)
    wanted, ask = settings.monitoring, MonitoringLookUps(settings, azure, memory, sleep)
    administrators = AdministratorDirectory(GraphClient(identity), sleep=sleep)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        diagnostics = pool.submit(azure.diagnostic_settings)
        workspace = pool.submit(ask.workspace)
        action_groups = pool.submit(ask.action_groups)
        obstacles = (
            pool.submit(ask.resource_groups),
            pool.submit(ask.rights, may_write=tenant.may_write),
        )
        people = pool.submit(ask.administrators, administrators)
        settings_there = diagnostics.result()  # First: whoever may not read them is told so.
        asked = pool.map(ask.earlier_workspace, ask.earlier_workspaces(settings_there))
        notices = [line for found in obstacles for line in found.result()]
        known = [*asked]
        notices += [one.notice for one in known if one.notice]
    place, (group, watch_group) = workspace.result(), action_groups.result()
    told, watch_told = people.result()
    location = place.location if place and wanted.workspace.existing else settings.location
    exported = check_diagnostics(
        settings_there, diagnostics_of(settings), memory, standing=ask.exported
    )
    earlier = [one.id for one in known if one.is_read]
    unread = [one.id for one in known if not one.is_read]
    children = children_of(settings, location, earlier, memory)
    left = find_kept(azure, children, memory)
    kept = {**left.ids}
    if exported.kept_id:
        kept["diagnostic-setting"] = exported.kept_id
    for found in (place, group, watch_group, exported, left, told, watch_told):
        notices += found.notices if found else ()
    notices += _inside(settings, tenant, ((group, told), (watch_group, watch_told)))
    for line in (*told.remarks, *watch_told.remarks, *ask.remarks(location, unread)):
        pulumi.log.info(line)
    notices = list(dict.fromkeys(notices))
    for line in notices:
        pulumi.log.warn(line)
    return FoundMonitoring(
        location=location,
        workspace_id=place.id if place and wanted.workspace.existing else None,
        action_group_id=group.id if group else None,
        watch_action_group_id=watch_group.id if watch_group else None,
        kept=kept,
        kept_rules=left.rules,
        stands=stands_in_azure(
            azure,
            (*children, setting_of_the_tenant(settings.monitoring.diagnostic_setting.name)),
            memory,
        ),
        earlier_workspaces=tuple(earlier),
        administrators=told.administrators,
        watch_administrators=watch_told.administrators,
        notices=tuple(notices),
    )


def _inside(
    settings: Settings,
    tenant: TenantFacts,
    found: Sequence[tuple[FoundActionGroup | None, ToldAdministrators]],
) -> Iterator[str]:
    """The warnings when nobody outside the tenant is told."""
    domains = [domain.name for domain in tenant.domains if domain.is_verified]
    wanted, of_its_own = settings.monitoring, settings.monitoring.watch.notify
    groups = [(wanted.notify, f"{KEY}.notify")]
    if of_its_own and (of_its_own.existing or of_its_own.tells_somebody):
        groups.append((wanted.watch_notify, f"{KEY}.watch.notify"))
    for (notify, key), (existing, told) in zip(groups, found, strict=False):
        reach = existing.reach if existing else _reach(notify, told)
        if warning := warn_if_inside(reach, domains, key):
            yield warning


def _reach(notify: Notify, told: ToldAdministrators) -> Reach:
    people = (*notify.emails, *notify.push, *told.administrators)
    return Reach(
        addresses=[one.address for one in people],
        webhooks=[one.uri.get_secret_value() for one in notify.webhooks],
        elsewhere=bool(notify.sms or notify.voice),
    )
