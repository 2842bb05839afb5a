"""Which lines of Pulumi's output are worth showing.

Piped, Pulumi reports every step of every resource: it begins to look, it has looked, it is
unchanged. In a terminal of its own it would show a short, living table instead. This keeps what
such a table leaves behind: changes, results, messages, errors.
"""

import re
from collections.abc import Callable

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""Color codes."""

# ` +  azuread:index:User account-1-user created (0.40s) message`
_STEP = re.compile(
    r"^ (?P<operation>[ +~\-]{1,2}) +(?P<type>[\w.\-]+:[\w./\-]+:[\w.\-]+) (?P<name>\S+)"
    r"(?: (?P<status>[a-z*][a-z *]*?)?)?(?P<seconds> \([\d.]+s\))?(?: (?P<message>\S.*))?$"
)
_UNDER_WAY = {"refreshing", "refresh", "creating", "updating", "deleting", "reading", "running"}
_PHASES = ("Previewing update", "Updating")


class EngineLines:
    """Passes on the lines worth showing, as they are."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._told: set[tuple[str, str]] = set()
        self._blank = False

    def __call__(self, line: str) -> None:
        """Take one line, colors and all; show it or not."""
        text = ESCAPES.sub("", line).rstrip()
        if text.startswith(_PHASES):
            self._told.clear()
        if text.startswith("@ "):  # progress dots
            return
        if not text:
            self._blank = True
            return
        if self._is_noise(text):
            return
        if self._blank:
            self._show("")
        self._blank = False
        self._show(line)

    def _is_noise(self, text: str) -> bool:
        step = _STEP.match(text)
        if step is None:
            return False
        message, status = step["message"] or "", step["status"] or ""
        if "error" in message or "warning" in message:
            return False
        # Messages come again, whole and together, under 'Diagnostics'.
        told = (step["name"], status)
        noise = not status or status in _UNDER_WAY or told in self._told
        self._told.add(told)
        return noise
