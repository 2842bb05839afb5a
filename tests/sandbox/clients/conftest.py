"""A fixture for the tests with Microsoft's clients."""

from collections.abc import Iterator

import pytest

from sandbox.api.server import TenantServer
from tests.sandbox.clients.azure_clients import Clients, clients_of


@pytest.fixture
def clients(tenant_server: TenantServer) -> Iterator[Clients]:
    """Clients in a small tenant of the test's own."""
    with clients_of(tenant_server) as found:
        yield found
