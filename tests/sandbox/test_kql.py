"""KQL over a workspace's rows: what it answers, and what it refuses by name."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.tenant.monitor.kql import Database, KqlError, KqlResult, result_without_rows
from sandbox.tenant.monitor.log_tables import TABLES

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()


def row(generated: str, arrived: str, **columns: Any) -> dict[str, Any]:
    return {
        "TimeGenerated": f"2026-11-01T{generated}Z",
        "_ingestion_time": f"2026-11-01T{arrived}Z",
        "Type": "SigninLogs",
        **columns,
    }


@pytest.fixture
def database() -> Database:
    made = Database()
    made.insert(
        "SigninLogs",
        [
            row("11:00:00", "11:04:00", UserId="a", ResultType="0", Status={"errorCode": 0}),
            row("11:30:00", "11:58:00", UserId="b", ResultType="50126"),
            row("11:59:00", "12:03:00", UserId="c"),
        ],
    )
    return made


def ask(
    database: Database, text: str, *, start: float = NOON - 86400, now: float = NOON
) -> KqlResult:
    return database.query(text, tables=["SigninLogs"], start=start, now=now)


def users(result: KqlResult) -> list[str]:
    return [found["UserId"] for found in result.rows]


def test_a_row_is_seen_once_it_has_arrived(database: Database) -> None:
    text = "SigninLogs | project UserId | order by UserId asc"
    assert users(ask(database, text)) == ["a", "b"]
    assert users(ask(database, text, now=NOON + 179)) == ["a", "b"]
    assert users(ask(database, text, now=NOON + 180)) == ["a", "b", "c"]


def test_rows_generated_before_the_span_are_not_seen(database: Database) -> None:
    assert users(ask(database, "SigninLogs | project UserId", start=NOON - 3000)) == ["b"]


def test_ago_and_now_are_virtual(database: Database) -> None:
    text = "SigninLogs | where TimeGenerated > ago(45m) | project UserId, at = now()"
    result = ask(database, text)
    assert users(result) == ["b"]
    assert result.rows[0]["at"] == datetime.fromtimestamp(NOON, UTC)
    assert users(ask(database, text, now=NOON - 1500)) == ["a"]


def test_ingestion_time_is_when_the_row_arrived(database: Database) -> None:
    text = "SigninLogs | where ingestion_time() >= ago(6m) | project UserId, s = 'ingestion_time()'"
    result = ask(database, text)
    assert users(result) == ["b"]
    assert result.rows[0]["s"] == "ingestion_time()"


def test_the_column_behind_ingestion_time_is_not_shown(database: Database) -> None:
    assert "_ingestion_time" not in ask(database, "SigninLogs").columns
    assert set(ask(database, "SigninLogs").columns) == set(TABLES["SigninLogs"].columns)


def test_objects_are_read_by_path(database: Database) -> None:
    text = "SigninLogs | where toint(Status.errorCode) == 0 | project UserId"
    assert users(ask(database, text)) == ["a"]


def test_a_missing_table_is_skipped_where_the_query_allows_it(database: Database) -> None:
    text = "union isfuzzy=true (SigninLogs | project UserId), (AuditLogs | project UserId = Id)"
    assert len(ask(database, text).rows) == 2


@pytest.mark.parametrize(
    "text",
    [
        "SigninLogs | extend result = ResultType | where result == '0' | project result",
        "SigninLogs | project status = tostring(Status.errorCode) | where status == '0'",
        "SigninLogs | summarize count() by UserId | count",
        "SigninLogs // where Userid == 'a'\n| count",
    ],
)
def test_names_that_the_query_makes_itself_are_not_taken_for_misspelt_columns(
    database: Database, text: str
) -> None:
    assert len(ask(database, text).rows) == 1


def test_a_refusal_is_the_same_over_empty_tables() -> None:
    with pytest.raises(KqlError, match="SigninLogs"):
        result_without_rows("SigninLogs | count", ())
    assert result_without_rows("SigninLogs | count", ("SigninLogs",)).rows == ({"Count": 0},)


def test_every_table_can_hold_a_row_with_all_its_columns() -> None:
    samples = {"string": "x", "guid": "x", "bool": True, "dynamic": {"k": [1]}}
    samples |= {"int": 7, "long": 7, "real": 7.5}
    samples["datetime"] = "2026-11-01T11:00:00Z"
    for name, table in TABLES.items():
        database = Database()
        full = {column: samples[kind] for column, kind in table.columns.items()}
        database.insert(name, [full | {"_ingestion_time": "2026-11-01T11:00:00Z"}])
        (found,) = database.query(name, tables=[name], start=0, now=NOON).rows
        assert not [column for column, value in found.items() if value is None]


def test_duckdb_leaves_no_file_and_reads_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    database = Database()
    database.insert("SigninLogs", [row("11:00:00", "11:04:00", UserId="a")])
    assert users(ask(database, "SigninLogs | project UserId")) == ["a"]
    assert list(tmp_path.iterdir()) == []
