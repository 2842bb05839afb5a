"""What lateness does to windows, how it is drawn, and how long a rule that is quiet stays fired."""

from datetime import UTC, datetime

import pytest

from sandbox.tenant.azure.query_rules import FREQUENCIES
from tests.sandbox.seed_tenant import StillClock
from tests.sandbox.watched_tenant import WatchedTenant
from tests.support.findings import rung


def watched_from(hours: int) -> WatchedTenant:
    """A tenant whose day begins some hours later."""
    clock = StillClock()
    clock.advance(hours * 3600)
    return WatchedTenant(clock)


def lateness(watched: WatchedTenant) -> list[float]:
    """How late each of some runs came, in seconds after the rule was made."""
    watched.tenant.behaviour.turn({"alertJitterSeconds": 60})
    watched.sign_in()
    watched.advance(minutes=5)
    watched.with_rule("SigninLogs | project UserId")
    made = watched.clock.now()
    watched.advance(minutes=60)
    times = [datetime.fromisoformat(found["time"]) for found in watched.firings]
    return [round(time.replace(tzinfo=UTC).timestamp() - made, 1) for time in times]


def test_on_another_day_the_same_seed_gives_the_same_lateness_and_the_same_alerts() -> None:
    first, later = watched_from(0), watched_from(1000)
    assert lateness(first) == lateness(later)
    assert [f["alertId"] for f in first.firings] == [f["alertId"] for f in later.firings]
    assert len({firing["alertId"] for firing in first.firings}) == len(first.firings) > 10


def test_windows_that_only_touch_miss_rows_and_count_rows_twice() -> None:
    """The window ends when the evaluation comes: later than the last by more or by less than it
    is long. Windows that overlap by the jitter miss nothing."""

    def counts(window: str) -> list[int]:
        tenant = WatchedTenant()
        tenant.tenant.behaviour.turn({"alertJitterSeconds": 20, "logDelaySeconds": 0})
        tenant.sign_in(CorrelationId="first")
        tenant.with_rule("SigninLogs", windowSize=window)
        tenant.advance(minutes=10)
        for number in range(200):
            tenant.sign_in(CorrelationId=str(number))
            tenant.advance(minutes=7 / 60)
        tenant.advance(minutes=20)
        told = [one["CorrelationId"] for one in rung(tenant.firings)]
        return [told.count(str(number)) for number in range(200)]

    touching, overlapping = counts("PT5M"), counts("PT10M")
    assert 0 in touching
    assert 2 in touching
    assert 0 not in overlapping


def test_a_row_on_the_border_of_two_runs_is_told_twice_rather_than_never(
    watched: WatchedTenant,
) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=4.5)
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.sign_in(CorrelationId="border")
    watched.advance(minutes=10)
    told = [one["CorrelationId"] for one in rung(watched.firings)]
    assert told.count("border") == 2


QUIET_RUNS = {
    "PT1M": 10,
    **dict.fromkeys(("PT5M", "PT10M", "PT15M"), 3),
    **dict.fromkeys(("PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H"), 2),
    "P1D": 1,
}
"""Source: Microsoft Learn, "Log search alert rules", up to twelve hours; once a day is assumed."""


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_an_alert_is_resolved_after_the_documented_number_of_quiet_runs(
    watched: WatchedTenant, frequency: str
) -> None:
    watched.tenant.behaviour.turn({"logDelaySeconds": 0})
    watched.with_rule(
        "SigninLogs", evaluationFrequency=frequency, windowSize=frequency, autoMitigate=True
    )
    watched.clock.advance(1)
    watched.sign_in()
    quiet = QUIET_RUNS[frequency]
    for run in range(1 + quiet):
        due = watched.tenant.alert_rules.next_due()
        assert due is not None
        watched.advance(minutes=(due - watched.clock.now()) / 60)
        conditions = [firing["condition"] for firing in watched.firings]
        assert conditions == (["Fired"] if run < quiet else ["Fired", "Resolved"])
