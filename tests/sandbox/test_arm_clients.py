"""Microsoft's own Python clients, unmodified, against the simulated Azure Resource Manager."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from sandbox.api.server import TenantServer
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE
from tests.sandbox.watched_tenant import action_group_body, rule_body

GROUP, WORKSPACE = "rg-Watch", "log-watch"


@dataclass(frozen=True)
class Clients:
    resources: Any
    logs: Any
    monitor: Any

    def make_workspace(self) -> Any:
        self.resources.resource_groups.create_or_update(GROUP, {"location": "West Europe"})
        body = {"location": "westeurope", "properties": {"retentionInDays": 31}}
        return self.logs.workspaces.begin_create_or_update(GROUP, WORKSPACE, body).result()

    def make_rule(self, **properties: Any) -> Any:
        workspace = self.make_workspace()
        group = self.monitor.action_groups.create_or_update(GROUP, "watchers", action_group_body())
        body = rule_body(scopes=[workspace.id], actions={"actionGroups": [group.id]}, **properties)
        return self.monitor.scheduled_query_rules.create_or_update(GROUP, "use-alert", body)


@pytest.fixture
def clients(tenant_server: TenantServer) -> Iterator[Clients]:
    variables = tenant_server.environment()
    trust = {"connection_verify": str(tenant_server.ca_path)}
    credential = ClientSecretCredential(
        variables["ARM_TENANT_ID"],
        variables["ARM_CLIENT_ID"],
        variables["ARM_CLIENT_SECRET"],
        authority=tenant_server.url,
        disable_instance_discovery=True,
        **trust,
    )
    options: dict[str, Any] = {
        "base_url": tenant_server.url,
        "credential_scopes": [f"{RESOURCE_MANAGER_AUDIENCE}/.default"],
        **trust,
    }
    subscription = variables["ARM_SUBSCRIPTION_ID"]
    with (
        ResourceManagementClient(credential, subscription, **options) as resources,
        LogAnalyticsManagementClient(credential, subscription, **options) as logs,
        MonitorManagementClient(credential, subscription, **options) as monitor,
    ):
        yield Clients(resources, logs, monitor)


def test_a_resource_group_is_made_read_tagged_listed_and_deleted(clients: Clients) -> None:
    groups = clients.resources.resource_groups
    made = groups.create_or_update(GROUP, {"location": "West Europe", "tags": {"a": "b"}})
    assert (made.name, made.location, made.tags) == (GROUP, "westeurope", {"a": "b"})
    assert groups.get(GROUP.upper()).id == made.id
    assert groups.check_existence(GROUP.lower()) is True
    assert groups.update(GROUP, {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert [group.name for group in groups.list()] == [GROUP]
    groups.begin_delete(GROUP).result()
    assert groups.check_existence(GROUP) is False
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        groups.get(GROUP)


def test_a_workspace_is_made_by_a_polled_operation_and_filled_by_the_service(
    clients: Clients,
) -> None:
    made = clients.make_workspace()
    assert made.provisioning_state == "Succeeded"
    assert (made.retention_in_days, made.sku.name) == (31, "PerGB2018")
    assert len(made.customer_id) == 36
    read = clients.logs.workspaces.get(GROUP.lower(), WORKSPACE.upper())
    assert (read.id, read.customer_id) == (made.id, made.customer_id)


def test_a_workspace_keeps_its_identity_over_updates(clients: Clients) -> None:
    made = clients.make_workspace()
    changed = clients.logs.workspaces.update(GROUP, WORKSPACE, {"tags": {"a": "b"}})
    assert (changed.tags, changed.retention_in_days) == ({"a": "b"}, 31)
    body = {"location": "westeurope", "properties": {"retentionInDays": 90}}
    again = clients.logs.workspaces.begin_create_or_update(GROUP, WORKSPACE, body).result()
    assert (again.retention_in_days, again.customer_id) == (90, made.customer_id)
    assert [w.name for w in clients.logs.workspaces.list()] == [WORKSPACE]
    assert [w.name for w in clients.logs.workspaces.list_by_resource_group(GROUP)] == [WORKSPACE]
    clients.logs.workspaces.begin_delete(GROUP, WORKSPACE).result()
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        clients.logs.workspaces.get(GROUP, WORKSPACE)


def test_an_action_group_keeps_its_receivers(clients: Clients) -> None:
    clients.resources.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    groups = clients.monitor.action_groups
    made = groups.create_or_update(GROUP, "watchers", action_group_body())
    assert (made.group_short_name, made.location) == ("BreakGlass", "global")
    assert [r.email_address for r in made.email_receivers] == [
        "duty@contoso.example",
        "partner@fabrikam.example",
    ]
    assert {r.status for r in made.email_receivers} == {"Enabled"}
    assert groups.update(GROUP, "watchers", {"properties": {"enabled": False}}).enabled is False
    assert len(groups.get(GROUP, "WATCHERS").email_receivers) == 2
    assert [group.name for group in groups.list_by_subscription_id()] == ["watchers"]
    groups.delete(GROUP, "watchers")
    assert list(groups.list_by_resource_group(GROUP)) == []


def test_a_query_rule_comes_back_with_its_defaults(clients: Clients) -> None:
    made = clients.make_rule()
    rules = clients.monitor.scheduled_query_rules
    assert (made.severity, made.enabled, made.auto_mitigate) == (0, True, False)
    assert made.system_data.created_by_type == "Application"
    periods = made.criteria.all_of[0].failing_periods
    assert (periods.number_of_evaluation_periods, periods.min_failing_periods_to_alert) == (1, 1)
    assert rules.get(GROUP, "USE-alert").id == made.id
    changed = rules.update(GROUP, "use-alert", {"properties": {"severity": 2}})
    assert (changed.severity, changed.evaluation_frequency) == (2, made.evaluation_frequency)
    assert [rule.name for rule in rules.list_by_subscription()] == ["use-alert"]
    assert [rule.name for rule in rules.list_by_resource_group(GROUP)] == ["use-alert"]
    rules.delete(GROUP, "use-alert")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        rules.get(GROUP, "use-alert")


def test_deleting_a_resource_group_takes_everything_in_it(clients: Clients) -> None:
    clients.make_rule()
    listed = {
        resource.name for resource in clients.resources.resources.list_by_resource_group(GROUP)
    }
    assert listed == {WORKSPACE, "watchers", "use-alert"}
    clients.resources.resource_groups.begin_delete(GROUP).result()
    assert list(clients.monitor.scheduled_query_rules.list_by_subscription()) == []
    assert list(clients.logs.workspaces.list()) == []


def test_a_provider_is_registered_and_then_used(
    clients: Clients, tenant_server: TenantServer
) -> None:
    azure = tenant_server.world.default.azure
    next(iter(azure.subscriptions.values())).registered.clear()
    with pytest.raises(HttpResponseError, match="MissingSubscriptionRegistration"):
        clients.make_workspace()
    providers = clients.resources.providers
    namespace = "Microsoft.OperationalInsights"
    assert providers.get(namespace).registration_state == "NotRegistered"
    assert providers.register(namespace).registration_state == "Registering"
    assert providers.get(namespace).registration_state == "Registered"
    assert namespace in {provider.namespace for provider in providers.list()}
    assert clients.make_workspace().name == WORKSPACE


def test_a_query_that_is_no_kql_is_refused_when_the_rule_is_saved(clients: Clients) -> None:
    clients.make_rule()
    with pytest.raises(HttpResponseError, match="could not be validated"):
        clients.make_rule(skipQueryValidation=False)
