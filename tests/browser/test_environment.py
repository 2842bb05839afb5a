"""Where the browser comes from, and what is said when it comes from nowhere."""

from pathlib import Path

import pytest

from tests.browser.environment import BrowserUnavailableError, ensure_browser

RUNS = "#!/bin/sh\nexit 0\n"
FAILS = "#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n"
UNPACKS = """#!/bin/sh
mkdir -p "$3/usr/lib/chromium"
printf '#!/bin/sh\\nexit 0\\n' > "$3/usr/lib/chromium/chromium-headless-shell"
chmod +x "$3/usr/lib/chromium/chromium-headless-shell"
"""
DOWNLOADS = """#!/bin/sh
for word; do case "$word" in Dir::Cache=*) cache=${word#Dir::Cache=} ;; esac; done
case "$*" in *install*) ;; *) exit 0 ;; esac
: > "$cache/archives/chromium.deb"
echo again >> "$cache/../../count"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but for the shell's own tools, which it links to."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("mkdir", "chmod"):
        (folder / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("BROWSER_PROGRAM", raising=False)
    return folder


def program(path: Path, source: str) -> str:
    path.write_text(source, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_an_installed_browser_is_taken(programs: Path, tmp_path: Path) -> None:
    installed = program(programs / "chromium", RUNS)
    assert ensure_browser(tmp_path / "browser").program == installed
    assert not (tmp_path / "browser").exists()


def test_a_browser_that_is_named_must_start(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(programs / "chromium", RUNS)
    monkeypatch.setenv("BROWSER_PROGRAM", program(tmp_path / "mine", FAILS))
    with pytest.raises(BrowserUnavailableError, match="mine, which does not start"):
        ensure_browser(tmp_path / "browser")


def test_without_any_way_to_a_browser_it_says_what_to_do(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="install Chromium or Chrome, or name one"):
        ensure_browser(tmp_path / "browser")


def test_what_apt_says_is_passed_on(programs: Path, tmp_path: Path) -> None:
    program(programs / "apt-get", FAILS)
    with pytest.raises(BrowserUnavailableError, match="E: Unable to locate package"):
        ensure_browser(tmp_path / "browser")


def test_the_browser_is_fetched_once_and_again_when_it_no_longer_starts(
    programs: Path, tmp_path: Path
) -> None:
    program(programs / "apt-get", DOWNLOADS)
    program(programs / "dpkg-deb", UNPACKS)
    count = tmp_path / "count"
    first = ensure_browser(tmp_path / "browser")
    assert ensure_browser(tmp_path / "browser") == first
    assert count.read_text(encoding="utf-8").count("again") == 1
    program(Path(first.program), FAILS)
    assert ensure_browser(tmp_path / "browser").runs()
    assert count.read_text(encoding="utf-8").count("again") == 2


def test_what_was_left_half_done_is_done_anew(programs: Path, tmp_path: Path) -> None:
    program(programs / "apt-get", DOWNLOADS)
    program(programs / "dpkg-deb", UNPACKS)
    (tmp_path / "browser" / "new" / "usr").mkdir(parents=True)
    (tmp_path / "browser" / "unpacked" / "usr").mkdir(parents=True)
    assert ensure_browser(tmp_path / "browser").runs()
    assert {path.name for path in (tmp_path / "browser").iterdir()} == {"lock", "unpacked"}
