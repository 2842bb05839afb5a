"""When rows arrived, asked of a workspace of the tenant as `breakglass status` asks."""

from collections.abc import Iterator

import pytest

from cli.failure import CommandFailed
from cli.log_arrival import WorkspaceLogs
from entra.identity import Identity
from sandbox.api.server import TenantServer
from tests.sandbox.clients.azure_clients import clients_of
from tests.sandbox.clients.test_logs_query import filled


@pytest.fixture
def workspace(tenant_server: TenantServer) -> Iterator[str]:
    """Resource id of a workspace with two sign-ins, an hour apart."""
    with clients_of(tenant_server) as clients:
        yield filled(clients).id


def logs_of(server: TenantServer) -> WorkspaceLogs:
    return WorkspaceLogs(Identity.from_environment(server.environment()))


def test_the_first_and_the_last_row_are_told_by_their_arrival(
    tenant_server: TenantServer, workspace: str
) -> None:
    found = logs_of(tenant_server).arrival(workspace, "SigninLogs")
    assert found.first is not None
    assert found.last is not None
    assert round((found.last - found.first).total_seconds() / 60) == 60
    assert abs(found.now.timestamp() - tenant_server.world.clock.now()) < 60


def test_a_table_that_does_not_exist_has_no_row(
    tenant_server: TenantServer, workspace: str
) -> None:
    found = logs_of(tenant_server).arrival(workspace, "AuditLogs")
    assert (found.first, found.last) == (None, None)


def test_a_workspace_that_is_gone_is_one_line(tenant_server: TenantServer, workspace: str) -> None:
    with pytest.raises(CommandFailed, match="there is no workspace /subscriptions/"):
        logs_of(tenant_server).arrival(f"{workspace}-gone", "SigninLogs")


def test_without_the_right_to_read_the_role_and_its_command_are_told(
    tenant_server: TenantServer, workspace: str
) -> None:
    (app,) = tenant_server.world.default.apps.all()
    app.azure_roles = []
    with pytest.raises(CommandFailed) as refused:
        logs_of(tenant_server).arrival(workspace, "SigninLogs")
    assert "'Log Analytics Reader'" in str(refused.value)
    assert f"--scope {workspace}" in str(refused.value)
