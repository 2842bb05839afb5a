"""An existing workspace: is it there, and can alarms run over it?"""

from typing import Any

import pulumi
import pytest

from components.azure_resources import several
from components.workspace_checks import (
    TABLES,
    FoundWorkspace,
    capped,
    find_existing_workspace,
)
from tests.unit.azure_memory import MemoryAzure

KEY = "break-glass:monitoring.workspace.existing"
SUBSCRIPTION = "/subscriptions/s-1"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-logs"
WORKSPACES = f"{SUBSCRIPTION}/providers/Microsoft.OperationalInsights/workspaces"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-central"
PLANS: dict[str, str] = dict.fromkeys(TABLES, "Analytics")


def workspace(**capping: Any) -> dict[str, Any]:
    properties = {"workspaceCapping": capping}
    place = {"location": "West Europe", "properties": properties}
    return {"id": WORKSPACE, "name": "log-central", **place}


def tables(plans: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"id": f"{WORKSPACE}/tables/{name}", "properties": {"plan": plan}}
        for name, plan in plans.items()
    ]


def look(azure: MemoryAzure, *, standing: bool = False) -> FoundWorkspace:
    pauses: list[float] = []
    return find_existing_workspace(azure, WORKSPACE, standing=standing, sleep=pauses.append)


def refusal(azure: MemoryAzure) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        look(azure)
    line = str(caught.value)
    assert line.startswith(f"{KEY} holds {WORKSPACE}")
    assert "nothing was changed" in line
    assert "\n" not in line
    return line


def test_a_workspace_without_fault_is_found_with_four_reads() -> None:
    azure = MemoryAzure(workspace(dailyQuotaGb=-1.0), *tables(PLANS))
    assert look(azure) == FoundWorkspace(WORKSPACE, "westeurope")
    assert len(azure.asked) == 4


def test_tables_that_do_not_exist_before_their_first_row_are_no_fault() -> None:
    assert look(MemoryAzure(workspace())).notices == ()


def test_a_workspace_that_azure_knows_only_later_is_waited_for() -> None:
    azure = MemoryAzure(workspace())
    azure.late[WORKSPACE] = 2
    assert look(azure).id == WORKSPACE


def test_a_workspace_that_is_not_there_is_answered_with_the_others() -> None:
    other = {**workspace(), "id": WORKSPACE.replace("central", "other")}
    assert f"subscription s-1 has {other['id']};" in refusal(MemoryAzure(other))
    assert "subscription s-1 has none;" in refusal(MemoryAzure())
    told = refusal(MemoryAzure(refused=(WORKSPACES,)))
    assert "which ones subscription s-1 has cannot be listed" in told


def test_a_workspace_that_may_not_be_seen_names_the_role() -> None:
    assert "'Log Analytics Contributor'" in refusal(MemoryAzure(refused=(WORKSPACE,)))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("plan", ["Basic", "Auxiliary"])
def test_a_table_over_which_no_alarm_runs_is_refused_with_the_cure(table: str, plan: str) -> None:
    azure = MemoryAzure(workspace(), *tables({**PLANS, table: plan}))
    line = refusal(azure)
    assert f"where table {table} has the plan {plan}, over which no alarm runs" in line
    assert (
        "az monitor log-analytics workspace table update --subscription s-1 --resource-group"
        f" rg-logs --workspace-name log-central --name {table} --plan Analytics"
    ) in line
    (notice,) = look(azure, standing=True).notices
    assert f"table {table} has the plan {plan}" in notice


@pytest.mark.parametrize(
    ("capping", "says"),
    [
        ({}, None),
        ({"dailyQuotaGb": -1}, None),
        ({"dailyQuotaGb": 0.5}, "once it is reached no sign-in arrives"),
        ({"dailyQuotaGb": 2, "dataIngestionStatus": "OverQuota"}, "once it is reached (which is"),
    ],
)
def test_a_daily_cap_is_told_with_the_command_that_takes_it_off(
    capping: dict[str, Any], says: str | None
) -> None:
    lines = list(capped(workspace(**capping)))
    assert len(lines) == (says is not None)
    for line in lines:
        assert str(says) in line
        assert f"az monitor log-analytics workspace update --ids {WORKSPACE} --quota -1" in line


def test_of_many_names_twenty_are_told() -> None:
    told = several([f"n{number:02}" for number in range(25)])
    assert told.startswith("n00, n01")
    assert told.endswith("n19 and 5 more")
