"""Engine events as the CLI tells them: recorded from a preview, or made up for a test.

`recorded_preview.json` is of a stack of two accounts whose settings ask for a third, in a tenant in
which somebody had taken the exclusion out of the policy `Require MFA for all users`. Most steps of
other resources, and the properties that no report reads, are left out.
"""

import json
from pathlib import Path
from typing import Any

from pulumi.automation.events import EngineEvent

from fleet.events import Events
from fleet.exclusions import EXCLUSION
from fleet.standing import STACK

RECORDED: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("recorded_preview.json").read_text(encoding="utf-8")
)
GROUP, FIRST, SECOND = "group-id", "first-id", "second-id"
LABELS = {GROUP: "group BTG Admins", FIRST: "account first", SECOND: "account second"}


def events_of(*told: dict[str, Any]) -> Events:
    """As the Automation API passes them on."""
    events = Events()
    for one in told:
        events(EngineEvent.from_json(one))
    return events


def step(op: str, type_: str, name: str, *, done: bool = False, **states: Any) -> dict[str, Any]:
    """One step; `old`, `new`: `inputs` and `outputs`. `done`: the event after it."""
    urn = f"urn:pulumi:north::break-glass::{type_}::{name}"
    custom = not type_.startswith(("break-glass:", "pulumi:pulumi:"))
    common = {"type": type_, "urn": urn, "parent": "", "provider": "", "custom": custom}
    told = {
        when: {**common, "id": "", **state} if state is not None else None
        for when, state in ({"old": None, "new": None} | states).items()
    }
    metadata = {"op": op, "urn": urn, "type": type_, "provider": "", **told}
    return {"resOutputsEvent" if done else "resourcePreEvent": {"metadata": metadata}}


def policy(op: str, number: int, *pending: str, **inputs: Any) -> dict[str, Any]:
    """A preview's step of a policy that is excluded from for the group and the first account."""
    wanted = {"groups": [GROUP], "users": [FIRST]}
    state: dict[str, Any] = {
        "wanted": wanted,
        "labels": LABELS,
        "policyName": f"Policy {number}",
        "reason": "",
    }
    new = {"inputs": {**state, "pending": list(pending), **inputs}, "outputs": {}}
    old: dict[str, Any] = {"inputs": {}, "outputs": {**state, "pending": [], "missing": []}}
    return step(op, EXCLUSION, f"exclusion-{number}", new=new, old=old if op != "create" else None)


def told_outputs(**outputs: Any) -> dict[str, Any]:
    """The event with the stack's outputs, at the end of the program."""
    return step("same", STACK, "break-glass-north", done=True, new={"outputs": outputs})


def summary(**changes: int) -> dict[str, Any]:
    """The last event."""
    counts = {"resourceChanges": changes, "maybeCorrupt": False, "durationSeconds": 1}
    return {"summaryEvent": {**counts, "policyPacks": {}}}
