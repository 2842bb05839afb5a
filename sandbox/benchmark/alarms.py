"""A month of alert rules, in virtual time, in this process."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.benchmark.documents import document, identity
from sandbox.benchmark.measurement import Measurement
from sandbox.tenant.azure.ids import ResourceId
from sandbox.tenant.clock import Clock
from sandbox.tenant.tenant import Tenant, World

_RULES, _DAYS = 5, 31
_DAY = 86400.0
_SUBSCRIPTION, _GROUP, _ACTOR = identity("subscription"), "rg-benchmark", identity("app/object")
_TABLES = ("SigninLogs", "AADNonInteractiveUserSignInLogs")


def month_of_alarms() -> Sequence[Measurement]:
    """Five rules of every five minutes that look back a day, and a sign-in on each day."""
    world = World(Clock(source=lambda: 1_800_000_000.0))
    tenant = world.add(document(users=_RULES, policies=1))
    workspaces = [_set_up(tenant)]
    for category in ("SignInLogs", "NonInteractiveUserSignInLogs"):
        tenant.logs.emit(category, {"Id": category}, workspaces)
    world.advance(_DAY)
    began = time.perf_counter()
    for day in range(_DAYS):
        tenant.logs.emit("SignInLogs", {"Id": str(day), "UserId": identity("users/0")}, workspaces)
        world.advance(_DAY)
    spent = time.perf_counter() - began
    rung = len(tenant.alert_rules.firings())
    if rung < _DAYS:
        raise RuntimeError(f"{rung} alerts for {_DAYS} sign-ins")
    name = f"a month, {_RULES} rules of five minutes, a sign-in a day"
    return [Measurement(name, spent, "s", 15.0)]


def _set_up(tenant: Tenant) -> Mapping[str, Any]:
    """The rules in the tenant, and the workspace that they watch."""
    tenant.azure.put_group(_SUBSCRIPTION, _GROUP, {"location": "westeurope"})
    workspace = _in_group("Microsoft.OperationalInsights", "workspaces", "log-benchmark")
    _put(tenant, workspace, {}, "2023-09-01")
    for number in range(_RULES):
        rule = _in_group("Microsoft.Insights", "scheduledQueryRules", f"rule-{number}")
        _put(tenant, rule, _rule(workspace, identity(f"users/{number}")), "2023-12-01")
    return tenant.azure.get(workspace)


def _rule(workspace: ResourceId, user_id: str) -> dict[str, Any]:
    legs = ", ".join(
        f"({table} | where ingestion_time() >= ago(6m) | where TimeGenerated >= ago(1d)"
        f' | where UserId == "{user_id}" | project TimeGenerated, UserId)'
        for table in _TABLES
    )
    condition = {
        "query": f"union isfuzzy=true {legs}",
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    return {
        "severity": 0,
        "scopes": [workspace.text],
        "evaluationFrequency": "PT5M",
        "windowSize": "P1D",
        "criteria": {"allOf": [condition]},
        "autoMitigate": False,
        "skipQueryValidation": True,
    }


def _in_group(namespace: str, kind: str, name: str) -> ResourceId:
    return ResourceId(namespace, kind, name, _SUBSCRIPTION, _GROUP)


def _put(tenant: Tenant, resource: ResourceId, properties: Mapping[str, Any], version: str) -> None:
    body = {"location": "westeurope", "properties": properties}
    tenant.azure.put(resource, body, version, _ACTOR)
