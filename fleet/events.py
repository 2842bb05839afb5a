# pyright: basic
# The Automation API's events come without types for what they hold.
"""What the engine tells while it works: counts, errors, what it saw and what it would change.

The API swallows whatever a callback raises, so nothing is done in one but to put events aside.
Inputs and outputs in events are in clear, but for what the engine knows to be a secret: whoever
takes them from here tells no more of them than a report has fields for.

Source: the events of the Python SDK's Automation API; which step carries what was recorded from
CLI 3.258. A component's outputs come in a second event of its step, after the program told them. A
plugin's resource is looked at by a step `refresh`, before the program runs.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any, Final

from fleet.agreement import NO_CHANGE, plan_of
from fleet.exclusions import EXCLUSION, Verdict, found_by_refresh, planned, written
from fleet.released import released
from fleet.report import CHANGES, Planned
from fleet.warned import is_ours, is_pulumis

NO_LICENCE: Final = "no Entra ID P1 licence"
UNTOLD: Final = "cannot be told"
"""In every note of ``entra.obstacles`` about a look at an account that gave no answer."""
_REFRESH: Final = "refresh"
_PLUGIN: Final = "pulumi:providers:"
_TOUCHES: Final = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import": "import",
    "import-replacement": "replace",
}
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
        """Resources by what was planned or done; empty when it did not get to the end.

        Whatever the engine counts is a change, unless it is known to be none.
        """
        counts: dict[str, int] = {}
        for event in self._taken():
            if event.summary_event:
                found = {str(getattr(k, "value", k)): n for k, n in _changes(event).items()}
                kinds = [*CHANGES, *sorted(found.keys() - NO_CHANGE - {*CHANGES}), "same"]
                counts = {kind: int(found[kind]) for kind in kinds if kind in found}
        return counts

    def errors(self) -> list[str]:
        """Each different error in the order of its first appearance, without colors.

        What a policy pack does not allow is one, too: the engine tells it otherwise.
        """
        told = [_plain(one.message) for one in self._diagnostics() if one.severity == "error"]
        special = [one for one in told if one.casefold() not in _GENERAL]
        found = [*self._violations(), *special]
        return list(dict.fromkeys(filter(None, found or told)))

    def lacks_licence(self) -> bool:
        """Whether the program said that the tenant has no licence (any more)."""
        return any(
            NO_LICENCE in one.message
            for one in self._diagnostics()
            if one.severity in ("error", "warning")
        )

    def unanswered(self) -> list[str]:
        """What the program could not find out about the accounts, as it said it."""
        told = [_plain(one.message) for one in self._diagnostics() if one.severity == "info"]
        return list(dict.fromkeys(one for one in told if UNTOLD in one))

    def warnings(self) -> list[str]:
        """What the program and its components warned of, as they said it, each once."""
        told = [
            _plain(one.message)
            for one in self._diagnostics()
            if one.severity == "warning" and is_ours(one.urn)
        ]
        return [one for one in dict.fromkeys(told) if one and not is_pulumis(one)]

    def is_standing(self) -> bool:
        """Whether there was anything before: a preview of a first `up` only creates and imports."""
        counts = self.changes()
        return any(number for kind, number in counts.items() if kind not in ("create", "import"))

    def plan(self) -> list[str]:
        """What was planned, to compare with what somebody agreed to."""
        return plan_of(self._taken())

    def planned(self) -> tuple[Planned, ...]:
        """What would be touched, in the order of the engine, each resource once."""
        found: dict[str, Planned] = {}
        for step in (*self._steps("resource_pre_event"), *self._steps("res_outputs_event")):
            operation = _TOUCHES.get(_operation(step))
            if step.type.startswith(_PLUGIN):
                continue  # the engine counts none among its changes
            if operation and (step.urn not in found or operation == "replace"):
                name = str(step.urn).rpartition("::")[2]
                found[step.urn] = Planned(operation=operation, type=step.type, name=name)
        return tuple(found.values())

    def exclusions(self, kind: str) -> dict[str, Verdict]:
        """By URN, how each policy stands after this operation of that kind.

        A preview says it of the tenant as it is and of what is planned; an `up` of what it wrote,
        whether it came to its end or not; a `refresh` of the policies that the state knows.
        """
        found: dict[str, Verdict] = {}
        name = "resource_pre_event" if kind == "preview" else "res_outputs_event"
        for step in self._steps(name):
            operation = _operation(step)
            if step.type != EXCLUSION or (operation == _REFRESH and kind != "refresh"):
                continue
            old, new = _state(step.old), _state(step.new)
            if kind == "preview":
                verdict = planned(operation, old, new)
            elif kind == "refresh":
                verdict = found_by_refresh(new)
            else:
                verdict = written(operation, new)
            found[step.urn] = verdict
        return found

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """The resources as this operation, which came to its end, saw or made them.

        In the form of a state's: ``type``, ``urn``, ``id``, ``inputs``, ``outputs``; ``gone`` for
        one that was looked for and is not there. What a preview only plans is not among them.
        """
        found: dict[str, dict[str, Any]] = {}
        for step in self._steps("res_outputs_event"):
            looked = _operation(step) == _REFRESH or kind == "refresh"
            is_plugins = bool((step.new or step.old) and (step.new or step.old).custom)
            if is_plugins and not looked and kind != "up":
                continue
            here = {"type": step.type, "urn": step.urn, **_state(step.new or step.old)}
            found[step.urn] = here if step.new else {**here, "gone": True}
        return list(found.values())

    def advice(self) -> list[str]:
        """What a policy pack advises against and does not refuse."""
        return list(dict.fromkeys(self._violations("advisory")))

    def released(self) -> list[str]:
        """Which policies exclude whom no longer, when what is planned or done is through."""
        return released(
            (_operation(step), _state(step.old), _state(step.new))
            for step in self._steps("resource_pre_event")
            if step.type == EXCLUSION and _operation(step) != _REFRESH
        )

    def _violations(self, level: str = "mandatory") -> list[str]:
        events = (one.policy_event for one in self._taken() if one.policy_event)
        return [
            f"{one.policy_name} of policy pack {one.policy_pack_name}: {_plain(one.message)}"
            for one in events
            if one.enforcement_level == level
        ]

    def _steps(self, name: str) -> Sequence[Any]:
        return [getattr(one, name).metadata for one in self._taken() if getattr(one, name)]

    def _diagnostics(self) -> Iterable[Any]:
        return (one.diagnostic_event for one in self._taken() if one.diagnostic_event)

    def _taken(self) -> list[Any]:
        while not self._queue.empty():
            self._events.append(self._queue.get())
        return self._events


def _state(state: Any) -> Mapping[str, Any]:
    if state is None:
        return {"id": "", "inputs": {}, "outputs": {}}
    return {"id": state.id, "inputs": state.inputs or {}, "outputs": state.outputs or {}}


def _operation(step: Any) -> str:
    return str(getattr(step.op, "value", step.op))


def _changes(event: Any) -> dict[Any, int]:
    return event.summary_event.resource_changes or {}


def _plain(message: str) -> str:
    return " ".join(_COLOR.sub("", message).split())
