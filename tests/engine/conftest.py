"""Fixtures of the tests on the real engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine import Engine
from tests.engine.standing import Scene, Snapshot, stand_up, standing_scene
from tests.support.pulumi_stack import session_engine
from tests.support.tenant_fixtures import tenant_server

__all__ = ["tenant_server"]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A real Pulumi engine; parallel test processes wait for one another's build."""
    return session_engine()


@pytest.fixture(scope="session")
def standing(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The whole stack in a small tenant: made once for each test process, to be copied."""
    del engine
    return stand_up(tmp_path_factory.mktemp("standing") / "stack")


@pytest.fixture
def scene(standing: Snapshot, tmp_path: Path) -> Iterator[Scene]:
    """The stack standing in a small tenant, the test's own copy of both."""
    with standing_scene(standing, tmp_path / "stack") as found:
        yield found
