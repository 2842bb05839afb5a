"""Fixtures of the tests on the real engine."""

import pytest

from sandbox.engine import Engine
from tests.support.pulumi_stack import session_engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A real Pulumi engine; parallel test processes wait for one another's build."""
    return session_engine()
