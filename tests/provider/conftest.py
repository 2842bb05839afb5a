"""Fixtures of the tests of the providers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provider.policy_setting import Setting, setting_of
from tests.support.tenant_fixtures import control, graph_client, tenant_server

__all__ = ["control", "graph_client", "tenant_server"]


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    """A small tenant of the test's own with the provider's process."""
    with setting_of(tmp_path) as made:
        yield made
