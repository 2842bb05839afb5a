"""A browser for the tests of one worker."""

from collections.abc import Generator

import pytest

from tests.browser.chromium import Page, page
from tests.browser.environment import ensure_browser


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Page]:
    with page(ensure_browser(), tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened
