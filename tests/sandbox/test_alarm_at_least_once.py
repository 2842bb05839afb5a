"""However the schedule jitters and the rows are late: told once at least, and how often twice."""

import random
from dataclasses import replace

import pytest

from components.monitoring_arguments import UseAlert
from tests.sandbox.alarm_scene import ADA, NOBODY_WATCHES, Alarm, address, arguments
from tests.support.findings import rung

RUNS, SIGN_INS_A_RUN = 40, 20
SIGN_INS = RUNS * SIGN_INS_A_RUN


def times_told(
    frequency: int, overlap: int, *, jitter: float, spread: float = 60
) -> tuple[int, float]:
    """How many of many sign-ins at any time rang never, and which share of them rang twice."""
    chance = random.Random(f"{frequency}/{overlap}/{jitter}")
    alert = UseAlert(frequency_minutes=frequency, overlap_minutes=overlap)
    args = replace(arguments(watch=NOBODY_WATCHES), alert=alert)
    alarm = Alarm(args, alertJitterSeconds=jitter, logDelaySpreadSeconds=spread)
    alarm.advance(2 * frequency)
    for number in range(SIGN_INS):
        alarm.tenant.tenant.logs.emit(
            "SignInLogs" if number % 2 else "NonInteractiveUserSignInLogs",
            {"UserId": ADA, "UserPrincipalName": address("ada"), "CorrelationId": str(number)},
        )
        alarm.advance(chance.uniform(0, 2 * frequency / SIGN_INS_A_RUN))
    alarm.advance(4 * frequency)
    told = [one["CorrelationId"] for one in rung(alarm.firings())]
    counts = [told.count(str(number)) for number in range(SIGN_INS)]
    assert max(counts) <= 2
    return counts.count(0), counts.count(2) / SIGN_INS


@pytest.mark.parametrize("jitter", [0, 20, 59])
def test_with_the_default_overlap_no_use_goes_unseen_and_a_fifth_is_told_twice(
    jitter: float,
) -> None:
    never, twice = times_told(5, 1, jitter=jitter)
    assert never == 0
    assert 0.15 < twice < 0.25


def test_a_rarer_rule_tells_less_of_it_twice() -> None:
    never, twice = times_told(15, 1, jitter=20)
    assert never == 0
    assert 0.03 < twice < 0.11


def test_without_an_overlap_a_late_run_misses_rows() -> None:
    never, _ = times_told(5, 0, jitter=59)
    assert never > 0


def test_a_schedule_that_jitters_more_wants_a_wider_overlap() -> None:
    assert times_told(5, 1, jitter=170)[0] > 0
    assert times_told(5, 3, jitter=170)[0] == 0
