"""Fixtures of the tests of the providers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provider.dynamic_server import dynamic_server
from tests.provider.policy_setting import Setting, environment
from tests.support.tenant import http, running_tenant, small_document
from tests.support.tenant_fixtures import control, graph_client, tenant_server

__all__ = ["control", "graph_client", "tenant_server"]


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    """A small tenant of the test's own with the provider's process."""
    with running_tenant(small_document()) as server, http(server) as control:
        variables = environment(server, tmp_path)
        with dynamic_server(variables) as provider:
            yield Setting(server, provider, control, variables)
