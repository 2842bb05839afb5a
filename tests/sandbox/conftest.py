"""Fixtures of the tests of the simulated tenant."""

from collections.abc import Iterator

import pytest

from sandbox.api.server import TenantServer
from tests.sandbox.arm_manager import ACTION_GROUP, GROUP, WORKSPACE, Manager
from tests.sandbox.watched_tenant import WatchedTenant, action_group_body
from tests.support.tenant import arm
from tests.support.tenant_fixtures import control, graph_client, tenant_server

__all__ = ["control", "graph_client", "tenant_server"]


@pytest.fixture
def watched() -> WatchedTenant:
    """The tenant with its alarm set up but for the rule, in time that stands still."""
    return WatchedTenant()


@pytest.fixture
def manager(tenant_server: TenantServer) -> Iterator[Manager]:
    """A client of Azure Resource Manager in a small tenant of the test's own."""
    with arm(tenant_server) as http:
        yield Manager(http)


@pytest.fixture
def estate(manager: Manager) -> Manager:
    """A manager with a resource group, a workspace and an action group."""
    manager.make(GROUP, {"location": "westeurope"})
    manager.make(WORKSPACE, {"location": "westeurope"})
    manager.make(ACTION_GROUP, action_group_body())
    return manager
