"""The use alert: its text, and what it refuses."""

import re
from typing import Any

import pytest

from alerting.literals import QueryError
from alerting.query_parts import workspaces_in
from alerting.schedules import FREQUENCIES_MINUTES
from alerting.use_alert import RUNBOOK, SIGN_IN_TABLES, WatchedAccount, use_alert_query

FIRST = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "Quiet-Harbor@contoso.example")
SECOND = WatchedAccount("0F3E4C1A-0000-4000-8000-00000000000B", "north.o'field@contoso.example")
OLD = (
    "/subscriptions/00000000-0000-4000-8000-00000000000b/resourceGroups/rg-old"
    "/providers/Microsoft.OperationalInsights/workspaces/log-old"
)


def query(**changes: Any) -> str:
    given: dict[str, Any] = {"frequency_minutes": 5, "lookback_minutes": 1440, **changes}
    return use_alert_query([FIRST, SECOND], **given)


def test_both_tables_are_read_and_a_leg_without_a_row_is_always_there() -> None:
    assert query().startswith("union isfuzzy=true\n    (datatable(")
    assert re.findall(r"^    \((\w+)$", query(), re.MULTILINE) == list(SIGN_IN_TABLES)


def test_accounts_are_matched_in_the_form_that_assessors_recognise() -> None:
    names = f'"{FIRST.user_principal_name}", "{SECOND.user_principal_name}"'
    ids = f'"{FIRST.object_id}", "{SECOND.object_id.lower()}"'
    assert f"| where UserId in ({ids}) or UserPrincipalName in ({names}) or " in query()
    assert "in~" not in query()


def test_a_longer_period_counts_rows_that_earlier_runs_have_seen() -> None:
    assert query(period_minutes=30, overlap_minutes=3).count("ingestion_time() >= ago(33m)") == 2
    assert query().count("ingestion_time() >= ago(6m)") == 2


def test_customer_and_runbook_are_columns_only_where_they_are_given() -> None:
    said = {"Customer": {"customer": "Contoso"}, "Runbook": {"runbook": RUNBOOK}}
    assert not [column for column in said if column in query()]
    for column, given in said.items():
        assert [one for one in said if one in query(**given)] == [column]


def test_an_earlier_workspace_is_read_in_the_same_way() -> None:
    text = query(earlier_workspaces=[OLD])
    for table in SIGN_IN_TABLES:
        assert f'    (workspace("{OLD}").{table}\n    | where ingestion_time() >= ago(6m)\n' in text
    assert text.count("| where UserId in") == 1


def test_the_workspaces_that_a_query_reads_are_had_back_from_its_text() -> None:
    other = OLD.replace("log-old", "log-other")
    assert workspaces_in(query(earlier_workspaces=[OLD, other])) == (OLD, other)
    assert workspaces_in(query(customer=f'workspace("{OLD}")')) == ()


@pytest.mark.parametrize("workspace", ["", "log-old", OLD + "/tables/x", f'{OLD}")', OLD + "\n"])
def test_an_earlier_workspace_is_named_by_its_azure_id(workspace: str) -> None:
    with pytest.raises(QueryError, match="is not the Azure id of a Log Analytics workspace"):
        query(earlier_workspaces=[workspace])


@pytest.mark.parametrize(
    ("object_id", "name"),
    [
        ('" or 1 == 1 //', "a@contoso.example"),
        ("", "a@contoso.example"),
        (FIRST.object_id + "\n", "a@contoso.example"),
        (FIRST.object_id, "a b@contoso.example"),
        (FIRST.object_id, "a\n@contoso.example"),
        (FIRST.object_id, "a@contoso.example\n"),
        (FIRST.object_id, "a@b@contoso.example"),
        (FIRST.object_id, "no-domain"),
        (FIRST.object_id, "@contoso.example"),
    ],
)
def test_what_is_no_id_or_no_name_is_refused(object_id: str, name: str) -> None:
    with pytest.raises(QueryError, match="is not"):
        WatchedAccount(object_id, name)


@pytest.mark.parametrize("minutes", FREQUENCIES_MINUTES)
def test_a_run_looks_at_what_arrived_since_the_run_before(minutes: int) -> None:
    assert f"ago({minutes + 1}m)" in query(frequency_minutes=minutes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frequency_minutes": 1}, "every 1 minutes: Azure allows 5"),
        ({"lookback_minutes": 90}, "look-back of 90 minutes: Azure allows"),
        ({"frequency_minutes": 60, "lookback_minutes": 30}, "shorter than the frequency"),
        ({"period_minutes": 4}, "period of 4 minutes: expected at least the frequency of 5"),
        ({"period_minutes": 1441}, "at most the look-back of 1440 minutes"),
        ({"overlap_minutes": -1}, "expected 0 to 60"),
    ],
)
def test_numbers_that_would_miss_a_sign_in_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(QueryError, match=words):
        query(**changes)


def test_no_account_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(QueryError, match="at least one account"):
        use_alert_query([], frequency_minutes=5, lookback_minutes=1440)
