"""Fixtures of the tests that put queries before Microsoft's language service."""

from collections.abc import Iterator

import pytest

from tests.kusto.language_service import LanguageService, ensure_language_service


@pytest.fixture(scope="session")
def kusto() -> Iterator[LanguageService]:
    """The language service; one process for all tests of a worker."""
    with LanguageService(ensure_language_service()) as service:
        yield service
