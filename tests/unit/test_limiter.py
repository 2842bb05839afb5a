import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from entra.errors import LimiterError
from entra.limiter import LONGEST_PAUSE_SECONDS, Limiter, limiter_for


class Time:
    """Virtual time: sleeping moves it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def limiter(folder: Path, time: Time, key: str = "tenant", interval: float = 1.0) -> Limiter:
    return Limiter(key, interval=interval, folder=folder, sleep=time.sleep, clock=time.clock)


def test_turns_are_a_whole_interval_apart_counted_from_the_end_of_a_request(tmp_path: Path) -> None:
    time = Time()
    pace = limiter(tmp_path, time)
    starts: list[float] = []
    for _ in range(3):
        with pace.turn():
            starts.append(time.now)
            time.now += 0.3
    assert [later - earlier for earlier, later in itertools.pairwise(starts)] == [
        pytest.approx(1.3),
        pytest.approx(1.3),
    ]


def test_two_limiters_of_one_tenant_share_the_pace(tmp_path: Path) -> None:
    time = Time()
    with limiter(tmp_path, time).turn():
        pass
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(1.0)


def test_another_tenant_has_a_pace_of_its_own(tmp_path: Path) -> None:
    time = Time()
    with limiter(tmp_path, time, "one").turn():
        pass
    with limiter(tmp_path, time, "two").turn():
        assert time.pauses == []


def test_a_pause_that_the_service_asked_for_holds_for_everybody(tmp_path: Path) -> None:
    time = Time()
    limiter(tmp_path, time).postpone(8.0)
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(8.0)


def test_a_short_pause_never_shortens_a_longer_one(tmp_path: Path) -> None:
    time = Time()
    limiter(tmp_path, time).postpone(8.0)
    limiter(tmp_path, time).postpone(2.0)
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(8.0)


@pytest.mark.parametrize("back", [0.4, 30.0, 3600.0])
def test_a_clock_that_was_set_back_makes_nobody_wait_for_more_than_an_interval(
    tmp_path: Path, back: float
) -> None:
    with limiter(tmp_path, Time(2_000_000.0)).turn():
        pass
    time = Time(2_000_000.0 - back)
    with limiter(tmp_path, time).turn():
        assert time.pauses == [pytest.approx(1.0)]


def test_a_pause_that_was_asked_for_outlives_a_clock_that_is_set_back(tmp_path: Path) -> None:
    before = Time(2_000_000.0)
    with limiter(tmp_path, before).turn() as turn:
        turn.status, turn.retry_after = 429, 60.0
    time = Time(2_000_000.0 - 3600)
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(60.0)


@pytest.mark.parametrize(
    "left",
    ["", "1790000000.5", '{"ended": 99', "\x00", "[]", '{"slowness": NaN}', '{"slowness": 0}',
     '{"until": "soon"}', '{"of another version": 1}', '{"until": 1e300}'],
)  # fmt: skip
def test_what_a_crash_left_of_the_file_is_no_obstacle(tmp_path: Path, left: str) -> None:
    (tmp_path / "tenant.pace").write_text(left)
    time = Time()
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) <= LONGEST_PAUSE_SECONDS
    with limiter(tmp_path, time).turn():
        assert time.pauses[-1] == pytest.approx(1.0)


def test_a_process_that_dies_within_its_request_blocks_nobody(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib; from entra.limiter import Limiter\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "pace = Limiter('tenant', interval=1, folder=folder, clock=lambda: 999_999.5)\n"
        "turn = pace.turn(); turn.__enter__(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    time = Time()
    with Limiter(
        "tenant", interval=1, folder=tmp_path, sleep=time.sleep, clock=time.clock, timeout=0.1
    ).turn():
        assert sum(time.pauses) == pytest.approx(0.5)


def test_no_state_file_is_needed_for_the_first_request(tmp_path: Path) -> None:
    time = Time()
    with limiter(tmp_path, time).turn():
        assert time.pauses == []


def test_the_turn_is_given_back_when_the_request_fails(tmp_path: Path) -> None:
    time = Time()
    pace = limiter(tmp_path, time)

    def fail() -> None:
        with pace.turn():
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    with pace.turn():
        assert sum(time.pauses) == pytest.approx(1.0)


def test_a_turn_in_another_process_is_seen_here(tmp_path: Path) -> None:
    time = Time()
    program = (
        "import sys, pathlib; from entra.limiter import Limiter\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with Limiter('tenant', interval=1, folder=folder, clock=lambda: 999_999.5).turn(): pass"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(0.5)


def test_names_of_hosts_with_ports_become_file_names(tmp_path: Path) -> None:
    environ = {"BREAK_GLASS_CACHE": str(tmp_path), "BREAK_GLASS_CA_INTERVAL_SECONDS": "0"}
    with limiter_for("tenant", "https://localhost:8443", environ).turn():
        pass
    with limiter_for("TENANT", "https://LocalHost:8443", environ).turn():
        pass
    paces = [path.name for path in (tmp_path / "limiter").glob("*.pace")]
    assert paces == ["tenant-localhost_8443.pace"]


@pytest.mark.parametrize("value", ["fast", "-1", "1e9", "nan"])
def test_a_wrong_interval_is_named(value: str, tmp_path: Path) -> None:
    environ = {"BREAK_GLASS_CACHE": str(tmp_path), "BREAK_GLASS_CA_INTERVAL_SECONDS": value}
    with pytest.raises(LimiterError, match="BREAK_GLASS_CA_INTERVAL_SECONDS is '"):
        limiter_for("tenant", "https://graph.example", environ)


def test_a_folder_that_cannot_be_made_names_the_variable_that_helps(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LimiterError, match="set BREAK_GLASS_CACHE"):
        limiter_for("tenant", "https://g", {"BREAK_GLASS_CACHE": str(tmp_path / "file")})


def test_a_file_that_cannot_be_written_is_one_line_that_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "tenant.pace").mkdir()
    with pytest.raises(LimiterError, match="set BREAK_GLASS_CACHE") as caught:
        limiter(tmp_path, Time()).postpone(1)
    assert "\n" not in str(caught.value)


def test_a_refusal_pauses_everybody_before_its_turn_ends(tmp_path: Path) -> None:
    time = Time()
    with limiter(tmp_path, time).turn() as turn:
        turn.status, turn.retry_after = 429, 25.0
    with limiter(tmp_path, time).turn():
        assert sum(time.pauses) == pytest.approx(25.0)


def pauses_after_a_refusal_and(status: int, folder: Path) -> list[float]:
    """What the next turn waits when a 429 was followed by this answer."""
    time = Time()
    for told in (429, status):
        with limiter(folder, time).turn() as turn:
            turn.status, turn.retry_after = told, 0.0
    time.pauses.clear()
    with limiter(folder, time).turn():
        return time.pauses


@pytest.mark.parametrize("status", [0, 500, 503])
def test_no_answer_and_a_failing_service_say_nothing_about_the_rate(
    tmp_path: Path, status: int
) -> None:
    assert pauses_after_a_refusal_and(status, tmp_path) == [pytest.approx(1.25)]


@pytest.mark.parametrize("status", [200, 204, 400, 403, 404])
def test_every_answer_of_the_service_itself_makes_the_pace_faster_again(
    tmp_path: Path, status: int
) -> None:
    assert pauses_after_a_refusal_and(status, tmp_path) == [pytest.approx(1.23)]
