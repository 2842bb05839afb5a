"""What a stand-in plugin raises; each message is one line for the person at the terminal.

PluginError
├── CancelledError            the engine asked to stop (Ctrl-C)
├── RefusedError       the tenant answered with an error: HTTP status, code, message
└── PartialError       the object exists now, but not everything about it was done
"""

from collections.abc import Iterable
from typing import Any


def one_line(text: str) -> str:
    """The text on one line, without runs of white space."""
    return " ".join(text.split())


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with every known secret in it blotted out; very short ones would blot out words."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "[secret]")
    return text


class PluginError(Exception):
    """Something the plugin cannot do; the message says what and how to go on."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class CancelledError(PluginError):
    """The engine cancelled the operation."""

    def __init__(self) -> None:
        super().__init__("cancelled")


class RefusedError(PluginError):
    """The service refused a request: `status`, and the service's own `code` and words."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PartialError(PluginError):
    """A create or update that stopped midway: the engine keeps `id` and `outputs` in its state.

    `outputs` hold only what is known to be done, so that the next `up` sees the rest as a change.
    """

    def __init__(self, message: str, *, id: str, outputs: dict[str, Any]) -> None:
        super().__init__(message)
        self.id = id
        self.outputs = outputs
