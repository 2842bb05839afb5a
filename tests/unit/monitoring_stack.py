"""A stack with logs and alarms as the commands meet it: its state, and a `pulumi` that has it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.chosen_stack import ChosenStack
from cli.failure import CommandFailed
from cli.monitoring_state import (
    ACTION_GROUP_TYPE,
    ACTIVITY_ALERT_TYPE,
    COMPONENT_TYPE,
    DIAGNOSTIC_SETTING_TYPE,
    QUERY_RULE_TYPE,
    TABLES,
    WORKSPACE_TYPE,
)

ROOT = "urn:pulumi:prod::break-glass::pulumi:pulumi:Stack::break-glass-prod"
COMPONENT = f"urn:pulumi:prod::break-glass::{COMPONENT_TYPE}::monitoring"
GROUP = "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d/resourceGroups/rg-break-glass"
WORKSPACES = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces"
NEW, OLD = f"{WORKSPACES}/log-new", f"{WORKSPACES}/log-old"
SETTING = "/providers/microsoft.aadiam/diagnosticSettings/break-glass"
USED = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/Break-glass account used"
CHANGED = f"{GROUP}/providers/Microsoft.Insights/activityLogAlerts/break-glass-alarm-changed"
FIRST, SECOND = (
    f"{GROUP}/providers/Microsoft.Insights/actionGroups/{name}" for name in ("ag", "ag-watch")
)
CATEGORIES = ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")


def child(kind: str, identifier: str, **more: Any) -> dict[str, Any]:
    """A resource of the monitoring in the state."""
    name = identifier.rpartition("/")[2]
    urn = f"{COMPONENT}${kind}::{name}"
    return {"urn": urn, "type": kind, "id": identifier, "parent": COMPONENT, **more}


def setting(**more: Any) -> dict[str, Any]:
    """The diagnostic setting, made at midnight of November 20th, 2026."""
    logs = [{"category": one, "enabled": True} for one in CATEGORIES]
    outputs = {"workspaceId": NEW, "logs": logs}
    return child(
        DIAGNOSTIC_SETTING_TYPE,
        SETTING,
        **{"created": "2026-11-20T00:00:00.5Z", "outputs": outputs, **more},
    )


def children() -> list[dict[str, Any]]:
    """What a finished run leaves."""
    return [child(WORKSPACE_TYPE, NEW), setting(), *alarms()]


def alarms() -> list[dict[str, Any]]:
    """Two alarms and their action groups, made at midnight of November 20th, 2026."""
    made = {"created": "2026-11-20T00:00:00.5Z"}
    used = {
        "enabled": True,
        "scopes": [NEW],
        "criteria": {"allOf": [{"query": f"union isfuzzy=true {', '.join(TABLES.values())}"}]},
        "actions": {"actionGroups": [FIRST]},
    }
    told = {"actionGroups": [{"actionGroupId": SECOND}]}
    changed = {"enabled": True, "scopes": [USED], "actions": told}
    return [
        child(ACTION_GROUP_TYPE, FIRST),
        child(ACTION_GROUP_TYPE, SECOND),
        child(QUERY_RULE_TYPE, USED, inputs=used, **made),
        child(ACTIVITY_ALERT_TYPE, CHANGED, inputs=changed, **made),
    ]


def exported(
    *,
    resources: list[dict[str, Any]] | None = None,
    outputs: Mapping[str, Any] | None = None,
    watched: tuple[str, ...] = (NEW,),
    premium: bool = True,
) -> str:
    """What `pulumi stack export` prints; `outputs` are those of the stack."""
    component = {
        "urn": COMPONENT,
        "type": COMPONENT_TYPE,
        "parent": ROOT,
        "outputs": {
            "workspaceId": NEW,
            "alertRuleId": USED if premium else None,
            "watchedWorkspaces": list(watched),
        },
    }
    root = {"urn": ROOT, "type": "pulumi:pulumi:Stack", "outputs": dict(outputs or {})}
    found = children() if resources is None else resources
    return json.dumps({"version": 3, "deployment": {"resources": [root, component, *found]}})


def use_stack(
    monkeypatch: pytest.MonkeyPatch, folder: Path, state: str | None, **environment: str
) -> None:
    """Let the commands find stack `prod` in a folder, with that state; None: it has none."""
    stack = ChosenStack("prod", Path("pulumi"), folder, environment, is_sandbox=False)

    def choose_stack(name: str | None, *, sandbox: bool) -> ChosenStack:
        del name, sandbox
        return stack

    def exported_state(chosen: ChosenStack) -> str:
        assert chosen == stack
        if state is None:
            raise CommandFailed("the state of stack prod cannot be read: no stack named 'prod'")
        return state

    monkeypatch.setattr("cli.chosen_stack.choose_stack", choose_stack)
    monkeypatch.setattr("cli.chosen_stack.exported_state", exported_state)
