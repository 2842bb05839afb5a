# pyright: basic
# The Automation API's events come without types for what they hold.
"""What the engine tells while it works: counts, errors, policies without the exclusion.

The API swallows whatever a callback raises, so nothing is done in one but to put events aside.
Inputs and outputs in events are in clear: nothing but the names and counts below is told of them.
"""

import re
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any, Final

EXCLUSION: Final = "pulumi-python:dynamic/break-glass:PolicyExclusion"
COUNTED: Final = ("create", "update", "delete", "replace", "same")
_MADE: Final = ("create", "create-replacement")
NO_LICENCE: Final = "no Entra ID P1 licence"
_COLOR: Final = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*[A-Za-z]")
_GENERAL: Final = ("update failed", "preview failed", "refresh failed", "destroy failed")


class Events:
    """The events of one operation."""

    def __init__(self, begun: Callable[[], None] = lambda: None) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._events: list[Any] = []
        self._begun = begun

    def __call__(self, event: Any) -> None:
        """Put one aside; before the first, say that there is one."""
        if self._queue.empty() and not self._events:
            self._begun()
        self._queue.put(event)

    def changes(self) -> dict[str, int]:
        """Resources by what was planned or done; empty when it did not get to the end."""
        counts: dict[str, int] = {}
        for event in self._taken():
            if event.summary_event:
                found = {str(getattr(k, "value", k)): n for k, n in _changes(event).items()}
                counts = {kind: int(found[kind]) for kind in COUNTED if kind in found}
        return counts

    def errors(self) -> list[str]:
        """Each different error in the order of its first appearance, without colors."""
        told = [_plain(one.message) for one in self._diagnostics() if one.severity == "error"]
        special = [one for one in told if one.casefold() not in _GENERAL]
        return list(dict.fromkeys(filter(None, special or told)))

    def lacks_licence(self) -> bool:
        """Whether the program said that the tenant has no licence (any more)."""
        return any(
            NO_LICENCE in one.message
            for one in self._diagnostics()
            if one.severity in ("error", "warning")
        )

    def drifted(self) -> int:
        """Policies from which somebody took the exclusion that the state knows."""
        return sum(op == "update" for op, _ in self._lacking())

    def new(self) -> list[str]:
        """Names of policies that the state does not know yet, and that lack the exclusion."""
        return [name for op, name in self._lacking() if op in _MADE]

    def is_standing(self) -> bool:
        """Whether there was anything before: a preview of a first `up` only creates."""
        return any(number for kind, number in self.changes().items() if kind != "create")

    def _lacking(self) -> Iterable[tuple[str, str]]:
        """Step and policy's name, for each policy that is to be written."""
        steps = (one.resource_pre_event.metadata for one in self._taken() if one.resource_pre_event)
        for step in steps:
            inputs = (step.new.inputs if step.new else None) or {}
            if step.type == EXCLUSION and inputs.get("pending"):
                yield str(getattr(step.op, "value", step.op)), str(inputs.get("policyName") or "")

    def _diagnostics(self) -> Iterable[Any]:
        return (one.diagnostic_event for one in self._taken() if one.diagnostic_event)

    def _taken(self) -> list[Any]:
        while not self._queue.empty():
            self._events.append(self._queue.get())
        return self._events


def _changes(event: Any) -> dict[Any, int]:
    return event.summary_event.resource_changes or {}


def _plain(message: str) -> str:
    return " ".join(_COLOR.sub("", message).split())
