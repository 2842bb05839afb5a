"""Azure and its logs as `breakglass status` meets them, and what it says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.failure import CommandFailed
from cli.log_arrival import Arrival
from cli.monitoring_state import read_monitoring
from cli.monitoring_status import status
from entra.errors import IdentityError
from entra.resource_manager import DiagnosticSetting
from tests.unit import monitoring_stack as stack

MADE = datetime(2026, 11, 20, 0, 0, 0, 500_000, tzinfo=UTC)
SENDS = DiagnosticSetting(stack.SETTING, "break-glass", stack.NEW, stack.CATEGORIES)


def as_made() -> dict[str, dict[str, Any]]:
    """The properties of what a finished run leaves, by id."""
    mail = {"enabled": True, "emailReceivers": [{"name": "Desk", "status": "Enabled"}]}
    told = {"actionGroups": [{"actionGroupId": stack.SECOND}]}
    return {
        stack.NEW: {},
        stack.USED: {
            "enabled": True,
            "scopes": [stack.NEW],
            "actions": {"actionGroups": [stack.FIRST.upper()]},
        },
        stack.CHANGED: {"enabled": True, "scopes": [stack.USED], "actions": told},
        stack.FIRST: {**mail, "smsReceivers": [{"name": "On call", "status": "Enabled"}]},
        stack.SECOND: mail,
    }


@dataclass
class Tenant:
    """Azure and its logs, as the command sees them."""

    now: datetime = MADE + timedelta(hours=5)
    arrived: dict[str, tuple[datetime, datetime]] = field(
        default_factory=dict[str, tuple[datetime, datetime]]
    )
    """By table, everywhere or in one workspace, as in `log-new/SigninLogs`."""
    settings: tuple[DiagnosticSetting, ...] = (SENDS,)
    resources: dict[str, dict[str, Any]] = field(default_factory=lambda: as_made())
    trouble: str = ""
    dark: tuple[str, ...] = ()
    """Workspaces that cannot be asked."""
    late: dict[str, int] = field(default_factory=dict[str, int])
    """How often a resource is answered with 404 although it is there."""
    asked: list[str] = field(default_factory=list[str])
    looked_for: list[str] = field(default_factory=list[str])

    def arrival(self, workspace_id: str, table: str) -> Arrival:
        self.asked.append(f"{workspace_id.rpartition('/')[2]}/{table}")
        if self.trouble or workspace_id in self.dark:
            raise CommandFailed(self.trouble or "403")
        place = f"{workspace_id.rpartition('/')[2]}/{table}"
        found = self.arrived.get(place) or self.arrived.get(table)
        first, last = found or (None, None)
        return Arrival(first, last, self.now)

    def find(self, resource_id: str, *, api_version: str) -> Mapping[str, Any] | None:
        assert api_version
        if self.trouble:
            raise IdentityError(self.trouble)
        self.looked_for.append(resource_id)
        if self.late.get(resource_id, 0) > 0:
            self.late[resource_id] -= 1
            return None
        if resource_id not in self.resources:
            return None
        return {"id": resource_id, "properties": self.resources[resource_id]}

    def diagnostic_settings(self) -> tuple[DiagnosticSetting, ...]:
        if self.trouble:
            raise IdentityError(self.trouble)
        return self.settings


def told(tenant: Tenant, **state: Any) -> dict[str, str]:
    """The words by subject, each after its mark."""
    found = status(read_monitoring(stack.exported(**state)), tenant, tenant, sleep=lambda _: None)
    return {one.subject: f"{one.mark.value} {one.words}" for one in found}
