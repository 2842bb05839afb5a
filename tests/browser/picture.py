"""`python -m tests.browser.picture` makes docs/fleet-report.png, the picture of the page."""

import tempfile
from pathlib import Path

from fleet.report_html import render
from tests.browser.chromium import page
from tests.browser.environment import REPOSITORY, ensure_browser
from tests.fleet.sample_report import sample

PICTURE = REPOSITORY / "docs" / "fleet-report.png"


def draw() -> bytes:
    """The page of a dozen customers, as PNG."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fleet.html").write_text(render(sample()), encoding="utf-8")
        with page(ensure_browser(), folder / "profile") as tab:
            tab.size(1280, 1180)
            tab.load(folder / "fleet.html")
            return tab.picture()


if __name__ == "__main__":
    PICTURE.write_bytes(draw())
    print(PICTURE)
