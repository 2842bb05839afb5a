"""azure-mgmt-loganalytics: workspaces, and those that were deleted."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.sandbox.clients.azure_clients import GROUP, WORKSPACE, Clients, clients_of

BODY = {"location": "westeurope", "properties": {"retentionInDays": 90}}


def test_a_workspace_is_made_by_a_polled_operation_and_filled_by_the_service(
    clients: Clients,
) -> None:
    made = clients.make_workspace()
    assert made.properties.provisioning_state == "Succeeded"
    assert (made.properties.retention_in_days, made.properties.sku.name) == (31, "PerGB2018")
    assert len(made.properties.customer_id) == 36
    read = clients.logs.workspaces.get(GROUP.lower(), WORKSPACE.upper())
    assert (read.id, read.properties.customer_id) == (made.id, made.properties.customer_id)


def test_a_workspace_keeps_its_identity_over_updates(clients: Clients) -> None:
    made = clients.make_workspace()
    workspaces = clients.logs.workspaces
    changed = workspaces.update(GROUP, WORKSPACE, {"tags": {"a": "b"}})
    assert (changed.tags, changed.properties.retention_in_days) == ({"a": "b"}, 31)
    again = workspaces.begin_create_or_update(GROUP, WORKSPACE, BODY).result()
    assert again.properties.retention_in_days == 90
    assert again.properties.customer_id == made.properties.customer_id
    assert [workspace.name for workspace in workspaces.list()] == [WORKSPACE]
    assert [found.name for found in workspaces.list_by_resource_group(GROUP)] == [WORKSPACE]


def test_a_deleted_workspace_is_listed_and_comes_back_with_its_identity(clients: Clients) -> None:
    made = clients.make_workspace()
    workspaces, deleted = clients.logs.workspaces, clients.logs.deleted_workspaces
    workspaces.begin_delete(GROUP, WORKSPACE).result()
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        workspaces.get(GROUP, WORKSPACE)
    assert [found.name for found in deleted.list()] == [WORKSPACE]
    assert [found.id for found in deleted.list_by_resource_group(GROUP)] == [made.id]
    back = workspaces.begin_create_or_update(GROUP, WORKSPACE, BODY).result()
    assert back.properties.customer_id == made.properties.customer_id
    assert list(deleted.list()) == []


def test_a_workspace_deleted_by_force_or_long_ago_does_not_come_back(clients: Clients) -> None:
    made = clients.make_workspace().properties.customer_id
    workspaces, deleted = clients.logs.workspaces, clients.logs.deleted_workspaces
    workspaces.begin_delete(GROUP, WORKSPACE, force=True).result()
    assert list(deleted.list()) == []
    other = clients.make_workspace().properties.customer_id
    workspaces.begin_delete(GROUP, WORKSPACE).result()
    clients.server.world.advance(14 * 86_400 - 60)
    with clients_of(clients.server) as later:
        (kept,) = later.logs.deleted_workspaces.list()
        assert kept.properties.customer_id == other
    clients.server.world.advance(120)
    with clients_of(clients.server) as later:
        assert list(later.logs.deleted_workspaces.list()) == []
        assert later.make_workspace().properties.customer_id not in (made, other)


def test_a_deleted_workspace_keeps_its_name_for_its_region(clients: Clients) -> None:
    clients.make_workspace()
    workspaces = clients.logs.workspaces
    workspaces.begin_delete(GROUP, WORKSPACE).result()
    with pytest.raises(HttpResponseError, match="InvalidResourceLocation"):
        workspaces.begin_create_or_update(GROUP, WORKSPACE, {"location": "northeurope"}).result()


def test_an_update_of_something_older_is_refused(clients: Clients) -> None:
    made = clients.make_workspace()
    workspaces = clients.logs.workspaces
    headers = {"If-Match": made.etag}
    assert workspaces.update(GROUP, WORKSPACE, {"tags": {"a": "b"}}, headers=headers).tags
    with pytest.raises(HttpResponseError, match="PreconditionFailed"):
        workspaces.update(GROUP, WORKSPACE, {"tags": {}}, headers=headers)
    assert workspaces.get(GROUP, WORKSPACE).tags == {"a": "b"}


def test_the_tables_of_a_workspace_have_their_columns(clients: Clients) -> None:
    clients.make_workspace()
    tables = clients.logs.tables
    found = tables.get(GROUP, WORKSPACE, "signinlogs")
    columns = {column.name: column.type for column in found.properties.schema.standard_columns}
    assert (columns["TimeGenerated"], columns["UserPrincipalName"]) == ("dateTime", "string")
    assert found.properties.retention_in_days == 31
    names = {table.name for table in tables.list_by_workspace(GROUP, WORKSPACE)}
    assert {"SigninLogs", "AuditLogs", "AADNonInteractiveUserSignInLogs"} <= names
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        tables.get(GROUP, WORKSPACE, "NoSuchTable")
