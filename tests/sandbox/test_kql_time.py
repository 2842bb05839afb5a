"""An answer that is given again is the one that asking again would have given."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.tenant.monitor import kql_translation
from sandbox.tenant.monitor.kql import Database, KqlError, KqlResult, borders_of
from tests.sandbox.watched_tenant import QUERY, WORKSPACE, WatchedTenant

TABLES = ("AADNonInteractiveUserSignInLogs", "SigninLogs")
MINUTE, HOUR, DAY = 60, 3600, 86400

BORDERS = {
    "SigninLogs | count": set[int](),
    "SigninLogs | where ingestion_time() >= ago(6m)": {6 * MINUTE},
    "SigninLogs | where ago(1h) < TimeGenerated and UserId == 'a'": {HOUR},
    "SigninLogs | where TimeGenerated between (ago(1d) .. now())": {DAY, 0},
    "let w = 2h; SigninLogs | where TimeGenerated > ago(w)": {2 * HOUR},
    "let since = ago(1h); SigninLogs | where TimeGenerated > since": {HOUR},
    "let T = SigninLogs | where TimeGenerated > ago(1h); T | count": {HOUR},
    "SigninLogs | extend a = 1 | where TimeGenerated > ago(1h) or a == 2": {HOUR},
    "union SigninLogs, AADNonInteractiveUserSignInLogs | where TimeGenerated > ago(1h)": {HOUR},
    QUERY: {6 * MINUTE, DAY},
    # The time is used for more than picking rows of a table.
    "SigninLogs | extend at = now()": None,
    "SigninLogs | where TimeGenerated > startofday(now())": None,
    "SigninLogs | where CreatedDateTime > ago(1h)": None,
    "SigninLogs | where now() > datetime(2026-11-01)": None,
    "SigninLogs | where not(TimeGenerated > ago(1h))": None,
    "SigninLogs | extend TimeGenerated = CreatedDateTime | where TimeGenerated > ago(1h)": None,
    "SigninLogs | summarize count() by bin(TimeGenerated, 1d) "
    "| where TimeGenerated > ago(2d)": None,
    "SigninLogs | summarize latest = max(TimeGenerated) | where latest < ago(1h)": None,
    "let T = SigninLogs | extend TimeGenerated = CreatedDateTime; "
    "T | where TimeGenerated > ago(1h)": None,
    "union (SigninLogs | extend TimeGenerated = CreatedDateTime), SigninLogs "
    "| where TimeGenerated > ago(1h)": None,
}


@pytest.mark.parametrize(("text", "seconds"), BORDERS.items())
def test_the_borders_of_a_query_are_read_off_it(text: str, seconds: set[int] | None) -> None:
    assert borders_of(text, TABLES) == (None if seconds is None else frozenset(seconds))


@pytest.mark.parametrize(
    "text",
    [
        "SigninLogs | count",
        "SigninLogs | where TimeGenerated >= ago(5m) | summarize n = count(), ids = dcount(Id)",
        "SigninLogs | where ingestion_time() > ago(5m) | project Id | order by Id asc",
        "SigninLogs | where TimeGenerated between (ago(9m) .. ago(2m)) | project Id, now()",
        "SigninLogs | summarize latest = max(TimeGenerated), n = count() | where latest < ago(7m)",
        "SigninLogs | summarize n = count() | extend at = now()",
        QUERY,
    ],
)
def test_at_every_moment_the_answer_is_that_of_asking_anew(
    watched: WatchedTenant, text: str
) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 180, "logDelaySpreadSeconds": 120})
    chance = random.Random(7)
    pending = sorted(chance.sample(range(60, 1800), 6))
    start, anew = watched.clock.now(), Database()
    for second in range(0, 3600, 60):
        while pending and pending[0] <= second:
            watched.clock.advance(start + pending.pop(0) - watched.clock.now())
            watched.sign_in(Id=str(len(pending)))
            anew.insert("SigninLogs", stored(watched)[-1:])
        watched.clock.advance(start + second - watched.clock.now())
        now = watched.clock.now()
        if watched.tenant.logs.rows("SigninLogs"):
            wanted = anew.query(text, tables=["SigninLogs"], start=now - 1200, now=now)
            found = watched.tenant.logs.query(WORKSPACE.text, text, start=now - 1200, now=now)
            assert found == wanted


def stored(watched: WatchedTenant) -> list[dict[str, Any]]:
    """The rows with the times of their arrival."""
    return watched.tenant.logs.to_document()["logRows"][WORKSPACE.key]["SigninLogs"]


@pytest.mark.parametrize(
    ("condition", "counts"),
    [
        ("TimeGenerated >= ago(1h)", [1, 1, 0]),
        ("TimeGenerated > ago(1h)", [1, 0, 0]),
        ("ingestion_time() <= ago(1h)", [0, 1, 1]),
        ("ingestion_time() < ago(1h)", [0, 0, 1]),
    ],
)
def test_a_row_on_the_border_is_on_the_right_side_of_it(
    watched: WatchedTenant, condition: str, counts: list[int]
) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.sign_in()
    border, logs = watched.clock.now() + 3600, watched.tenant.logs
    text = f"SigninLogs | where {condition} | count"
    found = [
        logs.query(WORKSPACE.text, text, start=late, now=border + late).rows[0]["Count"]
        for late in (-0.5, 0, 0.5)
    ]
    assert found == counts


def test_answers_are_not_mixed_up_between_spans(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.sign_in()
    watched.clock.advance(600)
    now = watched.clock.now()

    def count(span: float) -> object:
        found = watched.tenant.logs.query(
            WORKSPACE.text, "SigninLogs | count", start=now - span, now=now
        )
        return found.rows[0]["Count"]

    watched.sign_in()
    assert [count(3600), count(300), count(3600)] == [2, 1, 2]


def test_what_counts_nothing_still_tells_the_time(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.clock.advance(DAY)
    now = watched.clock.now()
    text = "SigninLogs | summarize n = count() | extend year = getyear(now())"
    found = watched.tenant.logs.query(WORKSPACE.text, text, start=now - 60, now=now)
    assert found.rows == ({"n": 0, "year": datetime.fromtimestamp(now, UTC).year},)


def test_a_query_is_run_only_when_a_row_has_moved(
    watched: WatchedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[float] = []
    real = Database.query

    def counted(self: Database, text: str, *, now: float, **options: object) -> KqlResult:
        runs.append(now)
        return real(self, text, now=now, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Database, "query", counted)
    watched.with_rule()
    for _day in range(3):
        watched.sign_in()
        watched.advance(minutes=1440)
    assert len(watched.firings) == 3
    assert watched.tenant.alert_rules.figures()[0]["evaluations"] == 3 * 288
    assert len(runs) < 20


def test_a_refusal_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = kql_translation.prepared

    def counted(text: str) -> str:
        asked.append(text)
        return real(text)

    monkeypatch.setattr(kql_translation, "prepared", counted)
    for _time in range(3):
        with pytest.raises(KqlError, match="'Gone'"):
            borders_of("SigninLogs | where Gone == 1", TABLES)
    assert len(asked) == 1
