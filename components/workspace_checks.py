"""The Log Analytics workspace that the logs go to: is it there, and can alarms run over it?

Source: Azure REST API, "Workspaces - Get", "Tables - Get"; Microsoft, "Set daily cap on Log
Analytics workspace" and "Table plans" (log alerts need the plan Analytics).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import pulumi

from components.argument_wording import MONITORING_SETTINGS, Wording
from components.azure_resources import (
    API_VERSIONS,
    WORKSPACE_TYPE,
    AzureReader,
    find_surely,
    place,
    those_that_exist,
)
from entra.errors import EntraError

EXISTING: Final = "workspace.existing"
TABLES: Final = ("SigninLogs", "AADNonInteractiveUserSignInLogs", "AuditLogs")
"""What the alarms read."""
PLAN: Final = "Analytics"


@dataclass(frozen=True)
class FoundWorkspace:
    """A workspace as Azure has it."""

    id: str
    """As Azure spells it."""
    location: str
    """Azure region, as in `westeurope`."""
    notices: tuple[str, ...] = ()
    """What to warn of."""


def find_existing_workspace(
    azure: AzureReader,
    workspace_id: str,
    *,
    standing: bool,
    wording: Wording = MONITORING_SETTINGS,
    sleep: Callable[[float], None] = time.sleep,
) -> FoundWorkspace:
    """The workspace that the settings name.

    Raises RunError when it is not there, and for tables over which no alarm runs; a `standing`
    stack, which uses the workspace already, is only warned of those.
    """
    holds = f"{wording.named(EXISTING)} holds {workspace_id}"
    with ThreadPoolExecutor(max_workers=len(TABLES)) as pool:
        plans = pool.map(partial(_plan, azure, workspace_id), TABLES)
        found = _asked(azure, workspace_id, holds, sleep)
        if found is None:
            others = those_that_exist(azure, workspace_id, WORKSPACE_TYPE)
            raise pulumi.RunError(
                f"{holds}: there is no such workspace; {others}; nothing was changed; name one of"
                f" them: {wording.to_set(EXISTING, 'ID')}, and run again in some minutes if it was"
                " made just now"
            )
        wrong = {table: plan for table, plan in zip(TABLES, plans, strict=True) if plan != PLAN}
    notices = [*capped(found)]
    if wrong:
        line = _wrong_plans(str(found["id"]), holds, wrong)
        if not standing:
            raise pulumi.RunError(f"{line}; nothing was changed")
        notices.append(line)
    return FoundWorkspace(str(found["id"]), place(found.get("location")), tuple(notices))


def check_region(
    found: FoundWorkspace, location: str, *, standing: bool, wording: Wording
) -> tuple[str, ...]:
    """The warning when new rules would be made in the region `location`, where they cannot read the
    workspace. Raises RunError unless the stack is `standing`, whose rules stay where they are.

    Source: Microsoft, "Create a log search alert rule" (a rule is in the region of its workspace).
    """
    if place(location) == found.location:
        return ()
    line = (
        f"workspace {found.id} is in {found.location}, where the rules that read it have to be, and"
        f" new ones would be made in {location}:"
        f" {wording.to_set('workspace.location', repr(found.location))}"
    )
    if not standing:
        raise pulumi.RunError(f"{line}; nothing was changed")
    return (line,)


def capped(workspace: Mapping[str, Any]) -> Iterator[str]:
    """The warning about a daily cap; none without one."""
    properties = cast("Mapping[str, Any]", workspace.get("properties") or {})
    capping = cast("Mapping[str, Any]", properties.get("workspaceCapping") or {})
    limit = float(capping.get("dailyQuotaGb") or -1)
    if limit < 0:
        return
    now = " (which is so now)" if capping.get("dataIngestionStatus") == "OverQuota" else ""
    yield (
        f"workspace {workspace['name']} has a daily cap of {limit:g} GB: once it is reached{now} no"
        " sign-in arrives until the next day and nothing rings; take the cap off: az monitor"
        f" log-analytics workspace update --ids {workspace['id']} --quota -1"
    )


def _asked(
    azure: AzureReader, workspace_id: str, holds: str, sleep: Callable[[float], None]
) -> Mapping[str, Any] | None:
    try:
        return find_surely(azure, workspace_id, WORKSPACE_TYPE, sleep=sleep)
    except EntraError as error:
        raise pulumi.RunError(
            f"{holds}, which cannot be looked up: {error}; nothing was changed;"
            " the application needs the role 'Log Analytics Contributor' on that workspace"
        ) from None


def _plan(azure: AzureReader, workspace_id: str, table: str) -> str:
    """The table's plan; `Analytics` when it cannot be told or there is no table yet."""
    path = f"{workspace_id}/tables/{table}"
    try:
        found = azure.find(path, api_version=API_VERSIONS[WORKSPACE_TYPE]) or {}
    except EntraError:
        return PLAN
    properties = cast("Mapping[str, Any]", found.get("properties") or {})
    return str(properties.get("plan") or PLAN)


def _wrong_plans(workspace_id: str, holds: str, plans: Mapping[str, str]) -> str:
    _, _, subscription, _, group, *_, name = workspace_id.split("/")
    told = ", ".join(f"table {table} has the plan {plan}" for table, plan in plans.items())
    commands = "; ".join(
        f"az monitor log-analytics workspace table update --subscription {subscription}"
        f" --resource-group {group} --workspace-name {name} --name {table} --plan {PLAN}"
        for table in plans
    )
    return (
        f"{holds}, where {told}, over which no alarm runs: give it the plan"
        f" {PLAN} ({commands}), or name another workspace"
    )
