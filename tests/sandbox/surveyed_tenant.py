"""A tenant with Azure resources, and what our look-ups of logs and alarms find in it."""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from components.kept_monitoring import stack_tags
from components.stack_memory import Outputs
from entra import preflight
from entra.identity import Identity
from entra.preflight import TenantFacts
from monitoring_survey import FoundMonitoring, survey_monitoring
from sandbox.api.server import TenantServer
from settings import Settings, load_settings
from tests.support.tenant import JSON, arm, http, object_id, running_tenant, small_document
from tests.unit.harness import Recording, run_program

SUBSCRIPTION = object_id("subscription")
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-break-glass"
OTHERS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs"
INSIGHTS = "providers/Microsoft.Insights"
WORKSPACES = "providers/Microsoft.OperationalInsights/workspaces"
WORKSPACE = f"{GROUP}/{WORKSPACES}/log-break-glass"
CENTRAL = f"{OTHERS}/{WORKSPACES}/log-central"
ON_CALL = f"{OTHERS}/{INSIGHTS}/actionGroups/ag-on-call"
SETTINGS = "/providers/microsoft.aadiam/diagnosticSettings"
OUTSIDE = {"name": "Desk", "address": "desk@partner.example"}
INSIDE = {"name": "Desk", "address": "desk@fabrikam.example"}
CATEGORIES = ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")
VERSIONS = {
    "resourceGroups": "2024-03-01",
    "workspaces": "2023-09-01",
    "actionGroups": "2023-01-01",
    "scheduledQueryRules": "2023-12-01",
    "diagnosticSettings": "2017-04-01",
}
State = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Scene:
    """A tenant, its Azure, and a stack's settings and state."""

    def __init__(self, server: TenantServer, azure: httpx.Client, control: httpx.Client) -> None:
        self.server = server
        self.azure = azure
        self.control = control
        self.identity = Identity.from_environment(server.environment())
        self.tenant = TenantFacts(
            id=self.identity.tenant_id,
            display_name="Fabrikam",
            initial_domain="fabrikam.onmicrosoft.com",
            domains=preflight.Directory(preflight.GraphClient(self.identity)).domains(),
            has_premium=True,
            security_defaults=False,
            own_object_id="",
        )

    def make(self, resource_id: str, body: JSON | None = None, *, ours: bool = False) -> None:
        """A resource in Azure; `ours`: with the tag of this stack."""
        document: JSON = {"location": "westeurope", **(body or {})}
        if ours:
            document["tags"] = run_program(stack_tags).value
        kind = resource_id.split("/")[-2]
        version = VERSIONS[kind]
        answer = self.azure.put(resource_id, params={"api-version": version}, json=document)
        assert answer.is_success, answer.text

    def make_setting(self, name: str, workspace: str, *categories: str) -> None:
        """A diagnostic setting of the tenant."""
        logs = [{"category": one, "enabled": True} for one in categories or CATEGORIES]
        self.make(f"{SETTINGS}/{name}", {"properties": {"workspaceId": workspace, "logs": logs}})

    def settings(self, monitoring: JSON, **more: str) -> Settings:
        """The stack's settings."""
        monitoring = {"notify": {"emails": [OUTSIDE]}, **monitoring}
        return load_settings(
            {
                "azuread:tenantId": self.tenant.id,
                "azure-native:subscriptionId": SUBSCRIPTION,
                "azure-native:location": "westeurope",
                "break-glass:monitoring": json.dumps(monitoring),
                **more,
            }
        )

    def look(
        self,
        monitoring: JSON | None = None,
        state: State | None = None,
        *,
        fails: bool = False,
        **more: str,
    ) -> Recording:
        """The look-ups, as the stack `prod` with this state; `value` is what was found."""
        settings = self.settings(monitoring or {}, **more)
        known = state or {}

        def memory(type_: str) -> dict[str, Outputs]:
            found = known.get(type_, {})
            return {f"urn:pulumi:prod::break-glass::{type_}::{n}": o for n, o in found.items()}

        def program() -> FoundMonitoring:
            return survey_monitoring(
                settings, self.tenant, self.identity, memory, sleep=lambda _: None
            )

        self.control.delete("/sandbox/requests").raise_for_status()
        return run_program(program, expect_error=fails)

    def refusal(
        self, monitoring: JSON | None = None, state: State | None = None, **more: str
    ) -> str:
        """The one line with which the look-ups end the run."""
        line = str(self.look(monitoring, state, fails=True, **more).error)
        assert "\n" not in line
        return line

    def asked(self) -> list[str]:
        """What the last look-ups asked of Azure and the directory, login aside."""
        requests = self.control.get("/sandbox/requests").json()["value"]
        return [
            f"{one['method']} {one['path'].partition('?')[0]}"
            for one in requests
            if "oauth2" not in one["path"] and "/sandbox/" not in one["path"]
        ]


@contextmanager
def scene(document: JSON | None = None, **knobs: object) -> Generator[Scene]:
    """A tenant on a free port."""
    with (
        running_tenant(document or small_document(), **knobs) as server,
        arm(server) as azure,
        http(server) as control,
    ):
        yield Scene(server, azure, control)


def standing(**monitoring: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """The state of a stack that was brought up with the default settings."""
    native = "azure-native"
    rule = f"{GROUP}/{INSIGHTS}/scheduledQueryRules/Break-glass account used"
    place = {"location": "westeurope"}
    rules = {
        "use-alert": "Break-glass account used",
        "exclusion-alert": "Break-glass exclusion missing",
        "tamper-alert": "Break-glass account or role changed",
        "silence-alert": "Break-glass logs silent",
    }
    return {
        "break-glass:index:SignInMonitoring": {
            "monitoring": {
                "workspaceId": WORKSPACE,
                "alertRuleId": rule,
                "actionGroupId": f"{GROUP}/{INSIGHTS}/actionGroups/ag-break-glass",
                "watchedWorkspaces": [WORKSPACE],
                "deleteLogs": False,
                **monitoring,
            }
        },
        f"{native}:resources:ResourceGroup": {
            "monitoring-resource-group": {"name": "rg-break-glass", **place}
        },
        f"{native}:operationalinsights:Workspace": {
            "monitoring-workspace": {"name": "log-break-glass", **place}
        },
        f"{native}:aadiam:DiagnosticSetting": {
            "monitoring-diagnostic-setting": {"name": "break-glass"}
        },
        f"{native}:monitor:ActionGroup": {
            "monitoring-action-group": {"name": "ag-break-glass"},
            "monitoring-watch-action-group": {"name": "ag-break-glass-watch"},
        },
        f"{native}:monitor:ScheduledQueryRule": {
            f"monitoring-{suffix}": {"name": name, "scopes": [WORKSPACE], **place}
            for suffix, name in rules.items()
        },
        f"{native}:monitor:ActivityLogAlert": {
            "monitoring-rules-alert": {"name": "break-glass-alarm-changed"},
            "monitoring-health-alert": {"name": "break-glass-alarm-health"},
        },
    }


@pytest.fixture
def tenant() -> Iterator[Scene]:
    with scene() as found:
        yield found


@pytest.fixture
def stood(tenant: Scene) -> Scene:
    """With the group, workspace and diagnostic setting of a stack that stands."""
    tenant.make(GROUP, ours=True)
    tenant.make(WORKSPACE, ours=True)
    tenant.make_setting("break-glass", WORKSPACE)
    return tenant
