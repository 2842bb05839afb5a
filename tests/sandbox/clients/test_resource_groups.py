"""azure-mgmt-resource: resource groups, resources, tags, resource providers, by its own methods."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.sandbox.clients.azure_clients import GROUP, WORKSPACE, Clients, clients_of
from tests.support.tenant import running_tenant

WORKSPACE_VERSION = "2023-09-01"


def test_a_resource_group_is_made_read_tagged_listed_and_deleted(clients: Clients) -> None:
    groups = clients.resources.resource_groups
    made = clients.make_group(a="b")
    assert (made.name, made.location, made.tags) == (GROUP, "westeurope", {"a": "b"})
    assert groups.get(GROUP.upper()).id == made.id
    assert groups.check_existence(GROUP.lower()) is True
    assert groups.update(GROUP, {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert [group.name for group in groups.list()] == [GROUP]
    groups.begin_delete(GROUP).result()
    assert groups.check_existence(GROUP) is False
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        groups.get(GROUP)


def test_resource_groups_are_listed_by_tag_and_page_by_page(clients: Clients) -> None:
    groups = clients.resources.resource_groups
    for number in range(5):
        stage = "test" if number % 2 else "live"
        groups.create_or_update(f"rg-{number}", {"location": "westeurope", "tags": {"s": stage}})
    assert [group.name for group in groups.list(top=2)] == [f"rg-{number}" for number in range(5)]
    tagged = groups.list(filter="tagName eq 's' and tagValue eq 'test'")
    assert [group.name for group in tagged] == ["rg-1", "rg-3"]


def test_deleting_a_resource_group_takes_everything_in_it(clients: Clients) -> None:
    clients.make_rule()
    listed = {
        resource.name for resource in clients.resources.resources.list_by_resource_group(GROUP)
    }
    assert listed == {WORKSPACE, "watchers", "use-alert"}
    clients.resources.resource_groups.begin_delete(GROUP).result()
    assert list(clients.monitor.scheduled_query_rules.list_by_subscription()) == []
    assert list(clients.logs.workspaces.list()) == []
    assert list(clients.resources.resources.list()) == []


def test_resources_are_listed_by_type_and_found_by_id(clients: Clients) -> None:
    clients.make_rule()
    resources = clients.resources.resources
    kind = "Microsoft.OperationalInsights/workspaces"
    (workspace,) = resources.list(filter=f"resourceType eq '{kind}'")
    assert (workspace.name, workspace.type) == (WORKSPACE, kind)
    assert resources.check_existence_by_id(workspace.id, api_version=WORKSPACE_VERSION) is True
    gone = f"{workspace.id}-2"
    assert resources.check_existence_by_id(gone, api_version=WORKSPACE_VERSION) is False
    found = resources.get_by_id(workspace.id, api_version=WORKSPACE_VERSION)
    assert found.properties["retentionInDays"] == 31
    with pytest.raises(HttpResponseError, match="InvalidFilterInQueryString"):
        list(resources.list(filter="substringof('log', name)"))


def test_tags_are_merged_replaced_and_deleted_at_a_scope(clients: Clients) -> None:
    workspace = clients.make_workspace()
    tags = clients.resources.tags

    def change(operation: str, **values: str) -> Any:
        body = {"operation": operation, "properties": {"tags": values}}
        return tags.begin_update_at_scope(workspace.id, body).result().properties.tags

    assert change("Merge", a="1", b="2") == {"a": "1", "b": "2"}
    assert change("Merge", b="3") == {"a": "1", "b": "3"}
    assert change("Delete", a="1") == {"b": "3"}
    assert change("Replace", c="4") == {"c": "4"}
    assert clients.logs.workspaces.get(GROUP, WORKSPACE).tags == {"c": "4"}
    assert tags.get_at_scope(workspace.id).properties.tags == {"c": "4"}
    tags.begin_delete_at_scope(workspace.id).result()
    assert tags.get_at_scope(workspace.id).properties.tags == {}


def test_a_provider_is_registered_after_a_while_and_then_used(clients: Clients) -> None:
    providers = clients.resources.providers
    namespace = "Microsoft.OperationalInsights"
    assert namespace in {provider.namespace for provider in providers.list()}
    providers.unregister(namespace)
    with pytest.raises(HttpResponseError, match="MissingSubscriptionRegistration"):
        clients.make_workspace()
    assert providers.get(namespace).registration_state == "NotRegistered"
    clients.server.world.default.behaviour.provider_registration_seconds = 60
    assert providers.register(namespace).registration_state == "Registering"
    assert providers.get(namespace).registration_state == "Registering"
    with pytest.raises(HttpResponseError, match="MissingSubscriptionRegistration"):
        clients.make_workspace()
    clients.server.world.advance(60)
    found = providers.get(namespace)
    assert found.registration_state == "Registered"
    workspaces = {kind.resource_type: kind.api_versions for kind in found.resource_types}
    assert WORKSPACE_VERSION in workspaces["workspaces"]
    assert clients.make_workspace().name == WORKSPACE


def test_a_client_waits_for_an_operation_and_raises_when_it_failed() -> None:
    with running_tenant(operationSeconds=0.1) as server, clients_of(server) as clients:
        poller = clients.resources.resource_groups
        clients.make_group()
        deletion = poller.begin_delete(GROUP)
        deletion.result()
        assert deletion.status() == "Succeeded"
        assert poller.check_existence(GROUP) is False
        server.world.default.behaviour.failed_operation_share = 1
        with pytest.raises(HttpResponseError, match="InternalServerError"):
            clients.make_workspace()
        assert clients.logs.workspaces.get(GROUP, WORKSPACE).provisioning_state == "Failed"
        with pytest.raises(HttpResponseError, match="ResourceGroupDeletionBlocked"):
            poller.begin_delete(GROUP).result()
        assert poller.get(GROUP).properties.provisioning_state == "Succeeded"
