"""The workspaces in which sign-ins of earlier runs are, as far as the stack's state tells.

The component's outputs hold them, but they are saved at the end of a run that comes to one. A move
that was cut off has switched the export, and its outputs still name the workspace of before. What
it did is in the outputs of its resources: each is saved by itself, and the rules that read a
workspace stand before the export goes there.
"""

from collections.abc import Iterator
from typing import Any, Final

from alerting.query_parts import workspaces_in
from components.azure_resources import (
    DIAGNOSTICS_TYPE,
    MONITORING_TYPE,
    QUERY_RULE_TYPE,
    known_monitoring,
)
from components.stack_memory import Outputs, StackMemory

RULES: Final = ("use-alert", "exclusion-alert", "tamper-alert", "silence-alert")
"""The rules over the logs, by the end of their logical names."""


def watched_at_the_end(memory: StackMemory) -> tuple[str, ...]:
    """Azure resource ids of the workspaces that the alarms read after the last finished run."""
    known = known_monitoring(memory)
    watched = known.get("watchedWorkspaces") or [known.get("workspaceId")]
    return tuple(str(one) for one in watched if one)


def watched_meanwhile(memory: StackMemory) -> tuple[str, ...]:
    """Azure resource ids of the workspaces that a rule reads or that the diagnostic setting sends
    to, as the last run left them, finished or not."""
    read = [one for suffix in RULES for one in _read_by(memory, suffix)]
    exported = str(_child(memory, "diagnostic-setting", DIAGNOSTICS_TYPE).get("workspaceId") or "")
    return tuple(dict.fromkeys(one for one in (*read, exported) if one))


def setting_in_state(memory: StackMemory) -> str:
    """Name of the diagnostic setting that the stack has made, in lower case; empty for none."""
    return str(_child(memory, "diagnostic-setting", DIAGNOSTICS_TYPE).get("name") or "").casefold()


def _read_by(memory: StackMemory, suffix: str) -> Iterator[str]:
    rule = _child(memory, suffix, QUERY_RULE_TYPE)
    yield from (str(scope) for scope in rule.get("scopes") or ())
    criteria: Any = rule.get("criteria") or {}
    for condition in criteria.get("allOf") or ():
        yield from workspaces_in(str(condition.get("query") or ""))


def _child(memory: StackMemory, suffix: str, type_: str) -> Outputs:
    """Outputs of a child of the component that `known_monitoring` knows; empty without it."""
    component = next(iter(memory(MONITORING_TYPE)), "").rpartition("::")[2]
    for urn, known in memory(type_).items():
        if urn.rpartition("::")[2] == f"{component}-{suffix}":
            return known
    return {}
