"""Queries that read the tables of other workspaces, by `workspace("…").Table`."""

import pytest

from sandbox.tenant.monitor import log_reader
from sandbox.tenant.monitor.kql import KqlError, NotSimulatedError
from sandbox.tenant.monitor.kql_text import references
from sandbox.tenant.monitor.log_reader import everywhere
from sandbox.tenant.tenant import World
from tests.sandbox.watched_tenant import (
    SETTING,
    WORKSPACE,
    WatchedTenant,
    in_group,
    setting_body,
)

OTHER = in_group("Microsoft.OperationalInsights", "workspaces", "log-new")
NOWHERE = WORKSPACE.text.replace("log-watch", "log-none")


@pytest.fixture
def moved(watched: WatchedTenant) -> WatchedTenant:
    """One sign-in (`old`) is in the first workspace, one (`new`) in the second."""
    watched.sign_in(CorrelationId="old")
    watched.put(OTHER, {"location": "westeurope"}, "2023-09-01")
    watched.put(SETTING, setting_body(workspace=OTHER.text), "2017-04-01")
    watched.sign_in(CorrelationId="new")
    watched.advance(minutes=10)
    return watched


def ask(
    watched: WatchedTenant, text: str, *, of: str = OTHER.text, readable: object = None
) -> list[str]:
    found = watched.tenant.logs.query(
        of,
        f"{text}\n| project CorrelationId",
        start=0,
        now=watched.clock.now(),
        readable=everywhere if readable is None else lambda _: bool(readable),
    )
    return sorted(row["CorrelationId"] for row in found.rows)


def customer_id(watched: WatchedTenant, workspace: str) -> str:
    found = watched.tenant.azure.find(workspace)
    assert found is not None
    return str(found["properties"]["customerId"])


@pytest.mark.parametrize(
    "name",
    [
        f'workspace("{WORKSPACE.text}")',
        f"workspace('{WORKSPACE.text.upper()}')",
        f'workspace ( @"{WORKSPACE.text}" ) ',
        f'workspace(h"{WORKSPACE.text}")',
    ],
)
def test_a_workspace_is_named_by_its_resource_id(moved: WatchedTenant, name: str) -> None:
    assert ask(moved, f"{name}.SigninLogs") == ["old"]


def test_a_workspace_is_named_by_its_workspace_id(moved: WatchedTenant) -> None:
    identity = customer_id(moved, WORKSPACE.text)
    assert ask(moved, f'workspace("{identity}").SigninLogs') == ["old"]
    assert ask(moved, f'workspace("{identity.upper()}").SigninLogs') == ["old"]


def test_a_query_may_name_its_own_workspace(moved: WatchedTenant) -> None:
    text = f'SigninLogs | union (workspace("{OTHER.text}").SigninLogs)'
    assert ask(moved, text) == ["new", "new"]


@pytest.mark.parametrize("fuzzy", ["", "isfuzzy=true"])
def test_a_union_reads_both_workspaces(moved: WatchedTenant, fuzzy: str) -> None:
    legs = f'(SigninLogs | where UserId != ""), (workspace("{WORKSPACE.text}").SigninLogs)'
    assert ask(moved, f"union {fuzzy} {legs}") == ["new", "old"]


@pytest.mark.parametrize(
    "leg",
    [
        f'workspace("{NOWHERE}").SigninLogs',
        'workspace("00000000-0000-4000-8000-000000000000").SigninLogs',
        f'workspace("{WORKSPACE.text}").AuditLogs',
        f'workspace("{WORKSPACE.text}").NoSuchTable',
        'workspace("log-watch").SigninLogs',
    ],
)
def test_what_does_not_exist_there_is_refused_but_for_a_fuzzy_union(
    moved: WatchedTenant, leg: str
) -> None:
    with pytest.raises(KqlError, match=r"Failed to resolve table .*workspace\('") as refused:
        ask(moved, leg)
    table = leg.rpartition(".")[2]
    assert str(refused.value).endswith(f".{table}'")
    with pytest.raises(KqlError, match="Failed to resolve table"):
        ask(moved, f"union SigninLogs, ({leg})")
    assert ask(moved, f"union isfuzzy=true SigninLogs, ({leg})") == ["new"]


def test_a_table_there_appears_with_its_first_row(moved: WatchedTenant) -> None:
    text = f'union isfuzzy=true SigninLogs, (workspace("{WORKSPACE.text}").AuditLogs)'
    assert ask(moved, text) == ["new"]
    moved.put(SETTING, setting_body(), "2017-04-01")
    moved.tenant.logs.emit("AuditLogs", {"CorrelationId": "audit"})
    assert ask(moved, text) == ["new"]
    moved.advance(minutes=10)
    assert ask(moved, text) == ["audit", "new"]


def test_rows_that_come_to_the_other_workspace_later_are_seen(moved: WatchedTenant) -> None:
    text = f'workspace("{WORKSPACE.text}").SigninLogs | where ingestion_time() > ago(1d)'
    assert ask(moved, text) == ["old"]
    moved.put(SETTING, setting_body(), "2017-04-01")
    moved.sign_in(CorrelationId="later")
    assert ask(moved, text) == ["old"]
    moved.advance(minutes=10)
    assert ask(moved, text) == ["later", "old"]


def test_what_is_forgotten_there_is_seen_no_more(moved: WatchedTenant) -> None:
    text = f'workspace("{WORKSPACE.text}").SigninLogs'
    assert ask(moved, text) == ["old"]
    moved.put(SETTING, setting_body(), "2017-04-01")
    moved.sign_in()
    moved.advance(minutes=32 * 1440)
    moved.sign_in(CorrelationId="now")
    moved.advance(minutes=10)
    assert ask(moved, text) == ["now"]


def test_a_deleted_workspace_is_one_that_does_not_exist(moved: WatchedTenant) -> None:
    moved.tenant.azure.delete(WORKSPACE)
    text = f'union isfuzzy=true SigninLogs, (workspace("{WORKSPACE.text}").SigninLogs)'
    assert ask(moved, text) == ["new"]


def test_a_workspace_that_the_asker_may_not_read_does_not_exist_for_it(
    moved: WatchedTenant,
) -> None:
    leg = f'workspace("{WORKSPACE.text}").SigninLogs'
    assert ask(moved, f"union isfuzzy=true SigninLogs, ({leg})", readable=False) == ["new"]
    with pytest.raises(KqlError, match="Failed to resolve"):
        ask(moved, leg, readable=False)
    assert ask(moved, leg) == ["old"]


def test_a_reference_in_a_text_or_a_comment_is_none(moved: WatchedTenant) -> None:
    text = (
        f"SigninLogs // workspace('{NOWHERE}').SigninLogs\n"
        "| where CorrelationId != \"workspace('x').SigninLogs\""
    )
    assert references(text) == ()
    assert ask(moved, text) == ["new"]


def test_a_let_can_name_a_table_of_another_workspace(moved: WatchedTenant) -> None:
    text = f'let earlier = workspace("{WORKSPACE.text}").SigninLogs;\nearlier'
    assert ask(moved, text) == ["old"]


def test_a_workspace_that_is_not_written_out_is_not_simulated(moved: WatchedTenant) -> None:
    with pytest.raises(NotSimulatedError, match="workspace"):
        ask(moved, 'let w = "x"; workspace(w).SigninLogs')


def test_a_query_reads_a_hundred_workspaces_at_most(
    moved: WatchedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reader, "MOST_WORKSPACES", 2)
    leg = '(workspace("{}").SigninLogs)'
    one, two = leg.format(WORKSPACE.text), leg.format("x")
    assert ask(moved, f"union isfuzzy=true SigninLogs, {one}, {one}") == ["new", "old", "old"]
    with pytest.raises(KqlError, match="at most 2 workspaces"):
        ask(moved, f"union isfuzzy=true SigninLogs, {one}, {two}")


def test_both_workspaces_are_read_after_a_restart(moved: WatchedTenant) -> None:
    tenant = World(moved.clock).add(moved.tenant.to_document())
    text = f'union SigninLogs, (workspace("{WORKSPACE.text}").SigninLogs)\n| count'
    found = tenant.logs.query(OTHER.text, text, start=0, now=moved.clock.now())
    assert found.rows == ({"Count": 2},)
