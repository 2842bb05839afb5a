import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from entra.errors import LimiterError
from entra.write_turn import WriteTurn, write_turn_for

NOW = 1_000_000.0


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def turn(folder: Path, writer: str, clock: Clock | None = None, timeout: float = 9) -> WriteTurn:
    return WriteTurn(
        "tenant", folder=folder, writer=writer, clock=clock or Clock(), timeout=timeout
    )


def test_nobody_has_written_in_a_new_folder(tmp_path: Path) -> None:
    assert not turn(tmp_path, "us").others_wrote_since(0)


def test_what_we_write_ourselves_is_not_by_others(tmp_path: Path) -> None:
    ours = turn(tmp_path, "us")
    ours.written()
    assert not ours.others_wrote_since(NOW - 5)


def test_a_write_of_another_process_is_seen_until_one_reads_anew(tmp_path: Path) -> None:
    clock = Clock()
    ours = turn(tmp_path, "us", clock)
    turn(tmp_path, "them", clock).written()
    assert ours.others_wrote_since(NOW - 5)
    clock.now += 10
    assert not ours.others_wrote_since(NOW + 5)


def test_our_own_write_does_not_hide_an_earlier_one_of_another(tmp_path: Path) -> None:
    clock = Clock()
    ours = turn(tmp_path, "us", clock)
    turn(tmp_path, "them", clock).written()
    clock.now += 2
    ours.written()
    assert ours.others_wrote_since(NOW - 5)


def test_a_write_within_the_margin_of_clocks_counts(tmp_path: Path) -> None:
    turn(tmp_path, "them", Clock(NOW - 0.5)).written()
    assert turn(tmp_path, "us").others_wrote_since(NOW)


def test_a_moment_before_the_clock_was_set_back_is_doubted(tmp_path: Path) -> None:
    assert turn(tmp_path, "us").others_wrote_since(NOW + 3600)


def test_a_write_before_the_clock_was_set_back_is_doubted_only_once(tmp_path: Path) -> None:
    turn(tmp_path, "them", Clock(NOW + 3600)).written()
    clock = Clock()
    ours = turn(tmp_path, "us", clock)
    assert ours.others_wrote_since(NOW)
    clock.now += 5
    assert not ours.others_wrote_since(NOW + 4)


@pytest.mark.parametrize("left", ["", '{"them": 99', "17", '{"them": null}', "\x00\x00"])
def test_a_file_cut_short_counts_as_a_write_at_its_time(tmp_path: Path, left: str) -> None:
    stamp = tmp_path / "tenant.written"
    stamp.write_text(left)
    os.utime(stamp, (NOW, NOW))
    ours = turn(tmp_path, "us", Clock(NOW + 60))
    assert ours.others_wrote_since(NOW - 5)
    assert not ours.others_wrote_since(NOW + 5)
    ours.written()
    assert ours.others_wrote_since(NOW - 5)


def test_old_writes_are_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    turn(tmp_path, "them", clock).written()
    clock.now += 7200
    turn(tmp_path, "us", clock).written()
    assert list(json.loads((tmp_path / "tenant.written").read_text())) == ["us"]


def test_the_same_thread_may_nest_its_turn(tmp_path: Path) -> None:
    ours = turn(tmp_path, "us", timeout=0.1)
    with ours.held(), ours.held():
        ours.written()
    with turn(tmp_path, "them", timeout=0.1).held():
        pass


def test_two_processes_never_hold_the_turn_together(tmp_path: Path) -> None:
    ours, theirs = turn(tmp_path, "us"), turn(tmp_path, "them")
    order: list[str] = []

    def other() -> None:
        with theirs.held():
            order.append("them")

    with ours.held():
        waiting = threading.Thread(target=other)
        waiting.start()
        waiting.join(0.2)
        order.append("us")
    waiting.join()
    assert order == ["us", "them"]


def test_who_waits_is_next_even_if_the_holder_comes_back_at_once(tmp_path: Path) -> None:
    ours, theirs = turn(tmp_path, "us"), turn(tmp_path, "them")
    order: list[str] = []

    def other() -> None:
        with theirs.held():
            order.append("them")

    waiting = threading.Thread(target=other)
    with ours.held():
        waiting.start()
        waiting.join(0.2)
    with ours.held():
        order.append("us")
    waiting.join()
    assert order == ["them", "us"]


def test_one_that_keeps_the_turn_too_long_ends_in_one_line(tmp_path: Path) -> None:
    caught: list[BaseException] = []

    def other() -> None:
        try:
            with turn(tmp_path, "them", timeout=0.1).held():
                pass
        except LimiterError as error:
            caught.append(error)

    with turn(tmp_path, "us").held():
        waiting = threading.Thread(target=other)
        waiting.start()
        waiting.join()
    [error] = caught
    assert "another process has kept the turn to write Conditional Access policies" in str(error)
    assert "\n" not in str(error)


HOLD_AND_DIE = """
import os, pathlib, sys
from entra.write_turn import WriteTurn
turn = WriteTurn("tenant", folder=pathlib.Path(sys.argv[1]))
held = turn.held()
held.__enter__()
turn.written()
os._exit(9)
"""


def test_a_holder_that_dies_blocks_nobody_and_its_write_is_known(tmp_path: Path) -> None:
    before = time.time()
    died = subprocess.run([sys.executable, "-c", HOLD_AND_DIE, str(tmp_path)], check=False)
    assert died.returncode == 9
    ours = WriteTurn("tenant", folder=tmp_path, timeout=0.1)
    with ours.held():
        assert ours.others_wrote_since(before)


def test_one_process_is_one_writer_through_all_its_objects(tmp_path: Path) -> None:
    environ = {"BREAK_GLASS_CACHE": str(tmp_path)}
    before = time.time()
    write_turn_for("tenant", "https://localhost:8443", environ).written()
    again = write_turn_for("TENANT", "https://localhost:8443", environ)
    assert not again.others_wrote_since(before)
    assert (tmp_path / "limiter" / "tenant-localhost_8443.written").is_file()


def test_a_folder_that_cannot_be_made_names_the_variable_that_helps(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LimiterError, match="set BREAK_GLASS_CACHE"):
        write_turn_for("tenant", "https://g", {"BREAK_GLASS_CACHE": str(tmp_path / "file")})
