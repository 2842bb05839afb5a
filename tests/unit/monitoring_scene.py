"""A `SignInMonitoring` as tests make it."""

from dataclasses import replace
from functools import cache
from typing import Any

import pulumi
import pulumi_random as random

from alerting.alarm_names import NAMES as NAMES_OF_WATCHERS
from components.monitoring_arguments import (
    AccountToWatch,
    EmailReceiver,
    Excluded,
    Notify,
    SignInMonitoringArgs,
    Watch,
)
from components.monitoring_children import MonitoringTools
from components.monitoring_names import USE_ALERT as NAME_OF_USE_ALERT
from components.sign_in_monitoring import SignInMonitoring
from tests.unit.harness import Recording, run_program

NAMES = [
    ("3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11", "one@contoso.onmicrosoft.com"),
    ("5f8e6c1a-6c0f-4b0e-9d5b-2f9b8a7c4e10", "two@contoso.onmicrosoft.com"),
]
IDS = [object_id for object_id, _ in NAMES]
ACCOUNTS = [AccountToWatch(*names) for names in NAMES]
RECEIVERS = [
    EmailReceiver("Desk", "it@contoso.com"),
    EmailReceiver("Outside", "alarm@example.org"),
]
GROUP_ID = "77c0f5a8-0f0e-4d52-8f63-1d1f0d3c6b20"
EXCLUDED = Excluded(group_ids=[GROUP_ID], user_ids=IDS)
SUBSCRIPTION = "/subscriptions/9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
OTHER_SUBSCRIPTION = "/subscriptions/11111111-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
CENTRAL = (
    f"{SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces"
    "/log-central"
)
OWN = (
    f"{SUBSCRIPTION}/resourceGroups/rg-break-glass/providers/Microsoft.OperationalInsights"
    "/workspaces/log-break-glass"
)
USE_ALERT = "monitoring-use-alert"
RULES = ("use-alert", "exclusion-alert", "tamper-alert", "silence-alert")
ACTIVITY_ALERTS = ("rules-alert", "health-alert")
DISPLAYED = {**NAMES_OF_WATCHERS, "use-alert": NAME_OF_USE_ALERT}
"""Names as the portal shows them."""


KINDS = {
    "Workspace": "Microsoft.OperationalInsights/workspaces",
    "ActionGroup": "Microsoft.Insights/actionGroups",
    "ScheduledQueryRule": "Microsoft.Insights/scheduledQueryRules",
    "ActivityLogAlert": "Microsoft.Insights/activityLogAlerts",
}


def make(
    *, preview: bool = False, tools: MonitoringTools | None = None, **changes: Any
) -> Recording:
    """A run; somebody waits until the alarm is ready, and every output is exported."""
    tools = tools or MonitoringTools({})
    args = replace(
        SignInMonitoringArgs(
            ACCOUNTS,
            location="westeurope",
            notify=Notify(RECEIVERS),
            watch=Watch(excluded=EXCLUDED),
        ),
        **changes,
    )

    def program() -> None:
        monitoring = SignInMonitoring("monitoring", args, tools=tools)
        armed = monitoring.ready.apply(str)
        random.RandomString("whoever-is-armed", length=4, keepers={"ready": armed})
        for key in ("workspace_id", "alert_rule_id", "query", "ready", "watched_workspaces"):
            pulumi.export(key, getattr(monitoring, key))
        pulumi.export("links", monitoring.links)
        pulumi.export("alerts", monitoring.alerts)
        pulumi.export("rules", monitoring.rules)

    return run_program(program, preview=preview, respond=None if preview else in_azure)


@cache
def usual() -> Recording:
    """`make()` once, for all tests that only look at it."""
    return make()


def in_azure(type_: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """A resource with the id that Azure gives it."""
    kind = type_.rpartition(":")[2]
    if kind == "ResourceGroup":
        called = inputs["resourceGroupName"]
        return f"{SUBSCRIPTION}/resourceGroups/{called}", {"name": called}
    if kind not in KINDS:
        return None
    keys = ("workspaceName", "actionGroupName", "ruleName", "activityLogAlertName")
    called = next(inputs[key] for key in keys if key in inputs)
    group = inputs["resourceGroupName"]
    path = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/{KINDS[kind]}/{called}"
    return path, {"name": called}


def remembering(
    workspace_id: str, *rules: str, scope: str, location: str, called: str = ""
) -> MonitoringTools:
    """What is found out when the state has these rules, made for the workspace `scope`.

    `called`: their Azure name; without one, each by its own.
    """
    urn = "urn:pulumi:unit::break-glass::type::"
    memory: dict[str, dict[str, dict[str, Any]]] = {
        "break-glass:index:SignInMonitoring": {
            f"{urn}monitoring": {"workspaceId": workspace_id, "watchedWorkspaces": [workspace_id]}
        },
        "azure-native:monitor:ScheduledQueryRule": {
            f"{urn}monitoring-{rule}": {
                "name": called or DISPLAYED[rule],
                "scopes": [scope],
                "location": location,
            }
            for rule in rules
        },
    }
    return MonitoringTools({}, lambda type_: memory.get(type_, {}))


def query_of(run: Recording, rule: str) -> str:
    """The query that a rule runs."""
    return run.named(f"monitoring-{rule}").inputs["criteria"]["allOf"][0]["query"]
