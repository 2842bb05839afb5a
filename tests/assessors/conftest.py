"""Fixtures of the assessors' view."""

from collections.abc import Iterator

import pytest

from tests.assessors.chronicle import Chronicle, shared_chronicle
from tests.assessors.prowler_verdict import Prowler
from tests.support.pulumi_stack import session_engine


@pytest.fixture(scope="session")
def chronicle(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Chronicle:
    """The audited tenant before, with and after the stack; one for all parallel processes."""
    session_engine()
    own = tmp_path_factory.getbasetemp()
    return shared_chronicle(own if worker_id == "master" else own.parent)


@pytest.fixture(scope="session")
def prowler() -> Iterator[Prowler]:
    """prowler; one process for all tests of a worker."""
    with Prowler() as running:
        yield running
