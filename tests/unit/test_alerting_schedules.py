"""How often an alert runs and how far it looks back."""

import pytest

from alerting.exclusion_alert import EXCLUSION_SCHEDULE
from alerting.literals import QueryError
from alerting.schedules import (
    FREQUENCIES_MINUTES,
    WINDOWS_MINUTES,
    RuleSchedule,
    arrived,
    iso_duration,
    rule_schedule,
)
from alerting.silence_alert import SILENCE_SCHEDULE
from alerting.tamper_alert import TAMPER_SCHEDULE


@pytest.mark.parametrize(
    ("minutes", "text"), [(5, "PT5M"), (60, "PT1H"), (90, "PT90M"), (1440, "P1D"), (2880, "P2D")]
)
def test_durations_are_written_as_azure_writes_them(minutes: int, text: str) -> None:
    assert iso_duration(minutes) == text


@pytest.mark.parametrize("minutes", [0, -5])
def test_no_time_is_no_duration(minutes: int) -> None:
    with pytest.raises(QueryError, match="expected at least one minute"):
        iso_duration(minutes)


def test_the_window_of_a_rule_is_the_whole_look_back() -> None:
    schedule = rule_schedule(frequency_minutes=5, lookback_minutes=1440)
    assert schedule == RuleSchedule(evaluation_frequency="PT5M", window_size="P1D")


@pytest.mark.parametrize("minutes", FREQUENCIES_MINUTES)
def test_every_allowed_frequency_has_a_schedule(minutes: int) -> None:
    schedule = rule_schedule(frequency_minutes=minutes, lookback_minutes=WINDOWS_MINUTES[-1])
    assert schedule.evaluation_frequency == iso_duration(minutes)


@pytest.mark.parametrize("minutes", [0, 1, 7, 20, 2880])
def test_a_frequency_that_azure_does_not_allow_names_those_it_does(minutes: int) -> None:
    with pytest.raises(QueryError, match=f"every {minutes} minutes: Azure allows 5, 10, 15"):
        rule_schedule(frequency_minutes=minutes, lookback_minutes=2880)


@pytest.mark.parametrize(
    ("frequency", "lookback", "words"),
    [
        (5, 90, "look-back of 90 minutes: Azure allows 5, 10"),
        (60, 30, "shorter than the frequency"),
    ],
)
def test_a_look_back_that_misses_rows_or_that_azure_lacks_is_refused(
    frequency: int, lookback: int, words: str
) -> None:
    with pytest.raises(QueryError, match=words):
        rule_schedule(frequency_minutes=frequency, lookback_minutes=lookback)


@pytest.mark.parametrize("minutes", [-1, 61])
def test_an_overlap_is_an_hour_at_most(minutes: int) -> None:
    with pytest.raises(QueryError, match=f"overlap of {minutes} minutes: expected 0 to 60"):
        arrived(period_minutes=5, overlap_minutes=minutes)


def test_a_row_counts_by_its_arrival_from_a_minute_before_the_last_run() -> None:
    assert arrived(period_minutes=5, overlap_minutes=1) == "ingestion_time() >= ago(6m)"


def test_the_watchers_run_every_five_minutes_and_silence_is_looked_for_once_a_day() -> None:
    known = (EXCLUSION_SCHEDULE, TAMPER_SCHEDULE, SILENCE_SCHEDULE)
    often, daily = RuleSchedule("PT5M", "P1D"), RuleSchedule("P1D", "P2D")
    assert known == (often, often, daily)
