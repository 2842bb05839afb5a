"""What refusals teach: the rule by itself, without files and clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entra.pace import (
    LONGEST_PAUSE_SECONDS,
    PATIENCE_SECONDS,
    REMEMBERED_SECONDS,
    PaceState,
)

NOW = 1_000_000.0


def refused(state: PaceState, now: float, times: int = 1, luck: float = 0.0) -> PaceState:
    for _ in range(times):
        state = state.refused(now, 1.0, None, luck)
    return state


def test_undisturbed_requests_are_exactly_the_base_interval_apart() -> None:
    state = PaceState()
    for second in range(300):
        state = state.answered(NOW + second).at(NOW + second)
        assert state.wait(NOW + second, 1.0) == pytest.approx(1.0)


def test_a_refusal_without_retry_after_is_followed_by_a_pause_of_one_to_two_intervals() -> None:
    waits = [refused(PaceState(), NOW, luck=luck).wait(NOW, 1.0) for luck in (0.0, 0.5, 1.0)]
    assert waits == [1.25, 1.5, 2.0]


def test_pauses_grow_with_each_refusal_in_a_row_up_to_a_bound() -> None:
    pauses = [refused(PaceState(), NOW, times).wait(NOW, 1.0) for times in range(3, 40)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[3] < pauses[-1] <= 30.0


def test_an_answer_ends_the_growth_of_pauses() -> None:
    state = refused(PaceState(), NOW, 9).answered(NOW + 60)
    assert refused(state, NOW + 62).wait(NOW + 62, 1.0) <= 2.5


def test_two_clients_with_the_same_history_do_not_come_back_at_the_same_moment() -> None:
    early, late = (refused(PaceState(), NOW, 2, luck) for luck in (0.1, 0.9))
    assert late.wait(NOW, 1.0) - early.wait(NOW, 1.0) > 0.5


def test_refusals_make_the_interval_longer_up_to_two_and_a_half_times_the_base() -> None:
    once = refused(PaceState(), NOW).answered(NOW + 5)
    often = refused(PaceState(), NOW, 20).answered(NOW + 60)
    assert 1.1 < once.wait(NOW + 5, 1.0) < often.wait(NOW + 60, 1.0) <= 2.5


def test_answers_make_the_interval_slowly_shorter_again_but_never_below_the_base() -> None:
    state, waits = refused(PaceState(), NOW, 20), list[float]()
    for second in range(60, 180):
        state = state.answered(NOW + second)
        waits.append(state.wait(NOW + second, 1.0))
    assert waits == sorted(waits, reverse=True)
    assert waits[10] > 1.5
    assert waits[80:] == [1.0] * 40


def test_what_was_learnt_is_forgotten_after_a_while_without_refusals() -> None:
    state = refused(PaceState(), NOW, 20)
    later = NOW + REMEMBERED_SECONDS
    assert state.at(later - 60).slowness == 2.5
    assert (state.at(later + 1).slowness, state.at(later + 1).refusals) == (1.0, 0)


@pytest.mark.parametrize("asked", [0.0, 7.0, 90.0])
def test_retry_after_is_the_pause_whatever_was_refused_before(asked: float) -> None:
    state = PaceState(refusals=12, refused_since=NOW - 60, refused_at=NOW - 30)
    wait = state.refused(NOW, 1.0, asked, 0.5).wait(NOW, 1.0)
    assert wait == pytest.approx(max(asked, 1.25))


def test_only_a_service_that_refuses_everything_for_minutes_is_given_up() -> None:
    state = refused(PaceState(), NOW)
    assert not state.is_hopeless(NOW + PATIENCE_SECONDS - 1)
    state = refused(state, NOW + PATIENCE_SECONDS)
    assert state.is_hopeless(NOW + PATIENCE_SECONDS)
    assert not state.answered(NOW + PATIENCE_SECONDS).is_hopeless(NOW + PATIENCE_SECONDS)


def test_a_storm_of_yesterday_does_not_count_today() -> None:
    state = refused(PaceState(), NOW).at(NOW + 86_400)
    assert not refused(state, NOW + 86_400).is_hopeless(NOW + 86_400 + 10)


def test_a_service_without_an_interval_is_still_given_a_pause_when_it_refuses() -> None:
    assert PaceState().refused(NOW, 0.0, None, 0.0).wait(NOW, 0.0) == pytest.approx(1.0)


moments = st.floats(min_value=0, max_value=4e9)


@given(
    st.builds(
        PaceState,
        ended=moments,
        until=moments,
        slowness=st.floats(min_value=1, max_value=2),
        refusals=st.integers(min_value=0, max_value=10_000),
        refused_since=moments,
        refused_at=moments,
    ),
    moments,
)
def test_no_state_at_any_time_makes_anybody_wait_for_more_than_the_longest_pause(
    state: PaceState, now: float
) -> None:
    known = PaceState.from_text(state.to_text())
    assert known == state
    for after in (known.at(now), known.at(now).refused(now, 1.0, None, 1.0).at(now)):
        assert 0 <= after.wait(now, 1.0) <= LONGEST_PAUSE_SECONDS
