"""The browser in which pages are tested: Debian's headless Chromium, in `.venv/browser`.

It is fetched by apt and unpacked there, with those of its libraries that the machine does not have:
nothing on the machine changes, and nobody needs to be root. The tests make it themselves, once for
a checkout. Elsewhere than on Debian and its kin an installed Chromium or Chrome is taken; BROWSER_
PROGRAM names another one.

    BrowserUnavailableError    there is none; says why, and what to do

Run as a program it makes the browser ready and says where it is.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".venv" / "browser"
PACKAGE = "chromium-headless-shell"
INSTALLED = (
    PACKAGE,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FONTS = """<?xml version='1.0'?>
<fontconfig>
<dir>/usr/share/fonts</dir><dir prefix='relative'>usr/share/fonts</dir>
<cachedir>{cached}</cachedir>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>
"""
"""Of the machine's own fonts none need be there: the packages bring DejaVu where it is missing."""


class BrowserUnavailableError(Exception):
    """No browser could be had."""


@dataclass(frozen=True)
class Browser:
    """A program, and what it needs in its environment beyond what is there."""

    program: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def runs(self) -> bool:
        """Whether it starts: the machine may have lost a library since it was unpacked."""
        try:
            answer = subprocess.run(
                [self.program, "--version"],
                env={**os.environ, **self.environment},
                capture_output=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return answer.returncode == 0


def ensure_browser(folder: Path = FOLDER) -> Browser:
    """An installed browser, else the unpacked one, which is made when it is missing.

    Raises:
        BrowserUnavailableError: neither is to be had.
    """
    chosen = os.environ.get("BROWSER_PROGRAM")
    for name in [chosen] if chosen else INSTALLED:
        found = shutil.which(name)
        if found and (browser := Browser(found)).runs():
            return browser
    if chosen:
        raise BrowserUnavailableError(f"BROWSER_PROGRAM names {chosen}, which does not start")
    if not shutil.which("apt-get"):
        raise BrowserUnavailableError(
            "no browser and no apt-get is on PATH: install Chromium or Chrome, or name one by"
            " BROWSER_PROGRAM"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        browser = unpacked(folder / "unpacked")
        if not browser.runs():
            _fetch(folder)
            browser = unpacked(folder / "unpacked")
        if not browser.runs():
            raise BrowserUnavailableError(f"{browser.program} was unpacked, but does not start")
    return browser


def unpacked(root: Path) -> Browser:
    """The browser below a folder that holds what the packages hold."""
    libraries = sorted({str(path.parent) for path in (root / "usr/lib").rglob("*.so*")})
    return Browser(
        str(root / "usr/lib/chromium" / PACKAGE),
        {
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "FONTCONFIG_FILE": str(root / "fonts.conf"),
        },
    )


def _fetch(folder: Path) -> None:
    """Have apt find and download what is missing, with lists and cache of our own, and unpack it.

    The newest version of Debian is taken: older ones leave its archive, so none can be pinned.
    """
    print(f"Fetching Debian's {PACKAGE} (100 MB) into {folder}", flush=True)
    new, lists, cache = (folder / name for name in ("new", "lists", "cache"))
    for path in (new, lists, cache):
        shutil.rmtree(path, ignore_errors=True)
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    new.mkdir()
    apt = ["apt-get", "--quiet", "--assume-yes", "-o", f"Dir::State::lists={lists}",
           "-o", f"Dir::Cache={cache}", "-o", "Debug::NoLocking=true",
           "-o", "APT::Sandbox::User="]  # fmt: skip
    _run([*apt, "update"])
    _run([*apt, "install", "--download-only", "--no-install-recommends", PACKAGE])
    for package in sorted((cache / "archives").glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(package), str(new)])
    cached = folder / "unpacked" / "font-cache"
    (new / "fonts.conf").write_text(FONTS.format(cached=cached), encoding="utf-8")
    shutil.rmtree(folder / "unpacked", ignore_errors=True)
    new.rename(folder / "unpacked")
    shutil.rmtree(lists)
    shutil.rmtree(cache)


def _run(command: Sequence[str]) -> None:
    finished = subprocess.run(
        list(command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if finished.returncode != 0:
        lines = [line for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
        raise BrowserUnavailableError(
            f"{PACKAGE} could not be had from Debian; check that apt's sources can be reached, or"
            " install Chromium or Chrome, or name one by BROWSER_PROGRAM:\n  "
            + "\n  ".join(lines[-8:])
        )


if __name__ == "__main__":
    try:
        print(ensure_browser().program)
    except BrowserUnavailableError as error:
        sys.exit(f"error: {error}")
