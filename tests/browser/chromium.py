"""A headless Chromium, told what to do over two pipes by the Chrome DevTools Protocol.

Each message is JSON that a zero byte ends: `--remote-debugging-pipe` (Chromium, "headless" and
"Chrome DevTools Protocol"). One browser, one page at a time.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from tests.browser.environment import Browser

SECONDS: Final = 60
FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # it has to run as root too, and sees no page but our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--remote-debugging-pipe",
)


class PageFailedError(Exception):
    """The browser went away, or refused what it was told."""


class Page:
    """One tab: what it was told to do, and what it said meanwhile."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._unread = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def open_tab(self) -> None:
        """Make the tab, and listen to all that could be wrong with a page."""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        attached = self.tell("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")

    def load(self, path: Path) -> None:
        """Show a file, and wait until all that it names is loaded."""
        self.events.clear()
        self.tell("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._receive()

    def size(self, width: int, height: int) -> None:
        """The window's size in CSS pixels; a narrow one is a phone's."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def media(self, media: str = "", **features: str) -> None:
        """Pretend to be paper (`print`), or that the user prefers something."""
        wanted = [{"name": name.replace("_", "-"), "value": features[name]} for name in features]
        self.tell("Emulation.setEmulatedMedia", media=media, features=wanted)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        if problem := answer.get("exceptionDetails"):
            raise PageFailedError(f"{script}: {problem}")
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse in the middle of an element, as a person would."""
        self.run(f"document.querySelector({json.dumps(selector)}).scrollIntoView()")
        x, y = self.run(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"])

    def requested(self) -> list[str]:
        """The addresses of all that was asked for since the page was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Whatever would stand in the developer's console."""
        methods = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(event) for event in self.events if event["method"] in methods]

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its answer; events meanwhile are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if problem := answer.get("error"):
                    raise PageFailedError(f"{method}: {problem}")
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], SECONDS)
            piece = os.read(self._answers, 1 << 16) if ready else b""
            if not piece:
                raise PageFailedError("the browser has ended" if ready else "the browser hangs")
            self._unread += piece
        first, self._unread = self._unread.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        if "method" in message:
            self.events.append(message)
        return message


def _moved(descriptor: int) -> int:
    """The same pipe under a number of 10 or more."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


@contextlib.contextmanager
def page(browser: Browser, profile: Path) -> Generator[Page]:
    """A browser with an empty profile and one tab; it is ended at the end."""
    its_commands, commands = os.pipe()
    answers, its_answers = os.pipe()
    # The protocol wants 3 and 4: a shell puts the pipes there, from numbers far from these.
    its_commands, its_answers = _moved(its_commands), _moved(its_answers)
    command = f'exec "$0" "$@" 3<&{its_commands} 4>&{its_answers}'
    flags = [*FLAGS, f"--user-data-dir={profile}"]
    log = profile.with_suffix(".log")
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["/bin/bash", "-c", command, browser.program, *flags],
            env={**os.environ, **browser.environment, "HOME": str(profile)},
            pass_fds=(its_commands, its_answers),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    os.close(its_commands)
    os.close(its_answers)
    try:
        tab = Page(commands, answers)
        tab.open_tab()
        yield tab
    finally:
        os.close(commands)
        os.close(answers)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
