"""Microsoft's clients of Azure Resource Manager for one tenant, and what several tests make."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential
from azure.identity import ClientSecretCredential
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from sandbox.api.server import TenantServer
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE
from tests.sandbox.watched_tenant import action_group_body, rule_body

GROUP, WORKSPACE = "rg-Watch", "log-watch"
SCOPE = f"{RESOURCE_MANAGER_AUDIENCE}/.default"


@dataclass(frozen=True)
class Clients:
    """One client of each package. `server` is the tenant behind them."""

    server: TenantServer
    subscription: str
    resources: Any
    logs: Any
    monitor: Any

    def make_group(self, **tags: str) -> Any:
        body = {"location": "West Europe", "tags": tags}
        return self.resources.resource_groups.create_or_update(GROUP, body)

    def make_workspace(self, **properties: Any) -> Any:
        self.make_group()
        body = {"location": "westeurope", "properties": {"retentionInDays": 31, **properties}}
        return self.logs.workspaces.begin_create_or_update(GROUP, WORKSPACE, body).result()

    def make_action_group(self) -> Any:
        self.make_group()
        return self.monitor.action_groups.create_or_update(GROUP, "watchers", action_group_body())

    def make_rule(self, **properties: Any) -> Any:
        workspace, group = self.make_workspace(), self.make_action_group()
        body = rule_body(scopes=[workspace.id], actions={"actionGroups": [group.id]}, **properties)
        return self.monitor.scheduled_query_rules.create_or_update(GROUP, "use-alert", body)


def settings(server: TenantServer) -> dict[str, Any]:
    """The documented settings of a credential for a cloud of one's own."""
    return {
        "authority": server.url,
        "disable_instance_discovery": True,
        "connection_verify": str(server.ca_path),
    }


def secret_credential(server: TenantServer) -> ClientSecretCredential:
    """The tenant's first application, with its client secret."""
    variables = server.environment()
    return ClientSecretCredential(
        variables["ARM_TENANT_ID"],
        variables["ARM_CLIENT_ID"],
        variables["ARM_CLIENT_SECRET"],
        **settings(server),
    )


@contextmanager
def clients_of(
    server: TenantServer, credential: TokenCredential | None = None, **more: Any
) -> Generator[Clients]:
    """Clients that sign in with the client secret, or as told."""
    options: Mapping[str, Any] = {
        "base_url": server.url,
        "credential_scopes": [SCOPE],
        "connection_verify": str(server.ca_path),
        **more,
    }
    subscription = server.environment()["ARM_SUBSCRIPTION_ID"]
    given = (credential or secret_credential(server), subscription)
    with (
        ResourceManagementClient(*given, **options) as resources,
        LogAnalyticsManagementClient(*given, **options) as logs,
        MonitorManagementClient(*given, **options) as monitor,
    ):
        yield Clients(server, subscription, resources, logs, monitor)
