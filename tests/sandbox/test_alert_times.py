"""Late evaluations and late rows: what a query without overlap misses or counts twice."""

import pytest

from alerting.use_alert import use_alert_query
from sandbox.tenant.clock import iso
from tests.sandbox.watched_tenant import WATCHED, WatchedTenant
from tests.support.findings import rung

FREQUENCY = 300
SEEDS = (3, 5)
ROWS = 60


def query(overlap_minutes: int) -> str:
    return use_alert_query(
        [WATCHED],
        frequency_minutes=5,
        lookback_minutes=1440,
        overlap_minutes=overlap_minutes,
    )


def firings_of_rows_every_minute(watched: WatchedTenant, seed: int, overlap: int) -> list[int]:
    """How often each row, one a minute, was in a firing of the late rule."""
    knobs = {"alertJitterSeconds": 40, "logDelaySpreadSeconds": 30, "randomSeed": seed}
    watched.tenant.behaviour.turn(knobs)
    watched.sign_in(UserId="first", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=10)
    watched.with_rule(query(overlap))
    watched.advance(minutes=5)
    for number in range(ROWS):
        watched.sign_in(CorrelationId=str(number))
        watched.advance(minutes=1)
    watched.advance(minutes=30)
    told = [one["CorrelationId"] for one in rung(watched.firings)]
    return [told.count(str(number)) for number in range(ROWS)]


def test_each_evaluation_comes_late_by_its_own_jitter(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.turn({"alertJitterSeconds": 20})
    watched.sign_in()
    watched.advance(minutes=5)
    watched.with_rule("SigninLogs | project UserId")
    made = watched.clock.now()
    lates: list[float] = []
    for number in range(1, 21):
        due = watched.tenant.alert_rules.next_due()
        assert due is not None
        lates.append(due - made - number * FREQUENCY)
        watched.clock.advance(due - watched.clock.now())
        watched.tenant.tick()
    assert all(0 <= late <= 20 for late in lates)
    assert len({round(late, 3) for late in lates}) == 20
    assert watched.firings[0]["time"] == iso(made + FREQUENCY + lates[0])


def test_the_same_seed_gives_the_same_lateness() -> None:
    def times(seed: int) -> list[str]:
        watched = WatchedTenant()
        watched.tenant.behaviour.turn({"alertJitterSeconds": 60, "randomSeed": seed})
        watched.sign_in()
        watched.advance(minutes=5)
        watched.with_rule("SigninLogs | project UserId")
        watched.advance(minutes=30)
        return [firing["time"] for firing in watched.firings]

    assert times(1) == times(1) != times(2)


def test_without_overlap_a_late_evaluation_misses_rows_and_with_overlap_none() -> None:
    """Two runs further apart than the frequency leave a gap; nearer ones share rows."""
    missed, doubled = 0, 0
    for seed in SEEDS:
        counts = firings_of_rows_every_minute(WatchedTenant(), seed, overlap=0)
        missed += counts.count(0)
        counts = firings_of_rows_every_minute(WatchedTenant(), seed, overlap=1)
        assert 0 not in counts
        doubled += sum(count > 1 for count in counts)
    assert missed > 0
    assert doubled > 0


@pytest.mark.parametrize("jitter", [0, 20])
def test_a_look_back_shorter_than_the_delay_sees_no_row(
    watched: WatchedTenant, jitter: int
) -> None:
    watched.tenant.behaviour.turn({"alertJitterSeconds": jitter, "logDelaySeconds": 600})
    watched.sign_in(UserId="x", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=11)
    watched.with_rule("SigninLogs", windowSize="PT5M")
    watched.sign_in()
    watched.advance(minutes=30)
    assert watched.firings == []
    watched.with_rule("SigninLogs", windowSize="PT15M")
    watched.sign_in()
    watched.advance(minutes=30)
    assert watched.firings


def test_an_override_lets_the_query_read_further_than_the_window(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.advance(minutes=60)
    text = "SigninLogs | summarize seen = count() | where seen > 0"
    watched.with_rule(text, windowSize="PT5M")
    watched.advance(minutes=5)
    assert watched.firings == []
    watched.with_rule(text, windowSize="PT5M", overrideQueryTimeRange="P1D")
    watched.advance(minutes=5)
    assert len(watched.firings) == 1
