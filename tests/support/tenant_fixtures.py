"""A running tenant and clients of it as fixtures.

The folders that need them name them in their `conftest.py`; the unit tests do not load a server.
"""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import graph, http, running_tenant


@pytest.fixture
def tenant_server() -> Iterator[TenantServer]:
    """A small tenant of the test's own, served on a free port."""
    with running_tenant() as server:
        yield server


@pytest.fixture
def graph_client(tenant_server: TenantServer) -> Iterator[httpx.Client]:
    """A client with a Graph token of the tenant's application."""
    with graph(tenant_server) as client:
        yield client


@pytest.fixture
def control(tenant_server: TenantServer) -> Iterator[httpx.Client]:
    """A client without a token, for the control face."""
    with http(tenant_server) as client:
        yield client
