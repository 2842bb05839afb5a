"""Which workspaces an alert rule reads, and what it is called in Azure because of that.

A rule's scope, the workspace that its query reads by itself, is for life: Azure answers "Scope can
not be updated" (pulumi-azure-native issue 4839). So after a move to another workspace a rule keeps
the scope it was made with, and its name; its query reads the new workspace by name. Only when that
first workspace is to be forgotten or is gone, so that it is not among those that are read any more,
there has to be another rule. It has another name, so that it can be made before the old one goes:
there is no moment without an alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.ordering import after
from components.stack_memory import Outputs

Workspaces = Sequence[str]
"""Azure resource ids of the workspaces that a query reads besides its rule's scope."""


@dataclass(frozen=True)
class ReadWorkspaces:
    """The workspaces that all rules of a stack read."""

    current: pulumi.Output[str]
    """Where the logs go."""
    path: str
    """How that id ends, as far as it is known before the workspace is."""
    own: bool
    """Whether the stack makes it."""
    earlier: Workspaces
    """Where the logs went before."""


@dataclass(frozen=True)
class Reach:
    """Which of them a rule reads by itself and which besides, its Azure name and its region."""

    name: str
    scope: pulumi.Output[str]
    others: pulumi.Output[list[str]]
    location: pulumi.Input[str]


def reach(
    display_name: str, read: ReadWorkspaces, location: pulumi.Input[str], known: Outputs | None
) -> Reach:
    """Of one rule; `known`: its outputs in the state, `location`: the region of a new one."""
    name = rule_name(display_name, read.path, read.earlier, known, own=read.own)
    if known is None or not _stays(known, read.path, read.earlier):
        return Reach(name, read.current, pulumi.Output.from_input([*read.earlier]), location)
    scope, there = _scope(known), str(known["location"])
    # As it was written then: another spelling would be another scope to the engine.
    first = next((one for one in read.earlier if one.casefold() == scope.casefold()), None)
    if first is not None:
        rest = [one for one in read.earlier if one != first]
        others = read.current.apply(lambda current: [current, *rest])
        return Reach(name, pulumi.Output.from_input(first), others, there)
    # A workspace that is made again has the same id, but until then it would be unknown, and the
    # rule planned to be made anew.
    again = after(scope, read.current)
    return Reach(name, again, pulumi.Output.from_input([*read.earlier]), there)


def rule_name(
    display_name: str, current: str, earlier: Workspaces, known: Outputs | None, *, own: bool
) -> str:
    """The Azure name: a standing rule's own while its scope is read, else that of a new one.

    `current` is the Azure resource id of the workspace that gets the logs, or how it ends;
    `own` whether the stack makes it.
    """
    standing = str(known["name"]) if known else ""
    if known and _stays(known, current, earlier):
        return standing
    group, workspace = current.split("/")[-5], current.rpartition("/")[2]
    names = [display_name] if own else []
    names += [f"{display_name} ({workspace})", f"{display_name} ({workspace}, {group})"]
    return next(one for one in names if one.casefold() != standing.casefold())


def _stays(known: Outputs, current: str, earlier: Workspaces) -> bool:
    """Whether a standing rule's scope is still read: in Azure ids capitals say nothing."""
    scope = _scope(known).casefold()
    return bool(scope) and any(scope.endswith(one.casefold()) for one in (current, *earlier))


def _scope(known: Outputs) -> str:
    scopes: Sequence[Any] = known.get("scopes") or ()
    return str(scopes[0]) if scopes else ""
