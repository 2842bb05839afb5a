"""Fixtures of the assessors' view."""

import pytest

from tests.assessors.chronicle import Chronicle, shared_chronicle
from tests.support.pulumi_stack import session_engine


@pytest.fixture(scope="session")
def chronicle(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Chronicle:
    """The audited tenant before, with and after the stack; one for all parallel processes."""
    session_engine()
    own = tmp_path_factory.getbasetemp()
    return shared_chronicle(own if worker_id == "master" else own.parent)
