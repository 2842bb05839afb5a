import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from entra.errors import EntraError, LimiterError
from entra.exclusion import Change, Entries
from entra.policy import Policy
from entra.write_turn import WriteTurn, Written, write_turn_for
from tests.unit.graph_stub import policy_document

NOW = 1_000_000.0


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def turn(folder: Path, clock: Clock | None = None, timeout: float = 9) -> WriteTurn:
    return WriteTurn("tenant", folder=folder, clock=clock or Clock(), timeout=timeout)


def policy(*groups: str, modified: str | None = "2026-01-01T10:00:00Z") -> Policy:
    document = policy_document("P", users={"excludeGroups": list(groups)})
    return Policy.from_document({**document, "modifiedDateTime": modified})


OURS = Written.of(policy("old"), Change(("old", "ours"), None))


def write(turn: WriteTurn, policy_id: str = "P", written: Written = OURS) -> None:
    with turn.writing(policy_id, written):
        pass


def test_nothing_was_written_in_a_new_folder(tmp_path: Path) -> None:
    assert turn(tmp_path).last_written("P") is None


def test_a_write_is_known_to_every_process_for_half_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    write(turn(tmp_path, clock))
    other = turn(tmp_path, clock)
    clock.now += 30
    assert (other.last_written("p"), other.last_written("Q")) == (OURS, None)
    clock.now += 0.1
    assert other.last_written("P") is None


def test_each_policy_has_its_own_last_write(tmp_path: Path) -> None:
    ours = turn(tmp_path)
    later = Written(Entries((), ("u",)), "")
    write(ours)
    write(ours, "Q")
    write(ours, "P", later)
    assert (ours.last_written("P"), ours.last_written("Q")) == (later, OURS)


def test_the_half_minute_counts_from_the_end_of_a_write(tmp_path: Path) -> None:
    clock = Clock()
    ours = turn(tmp_path, clock)
    with ours.writing("P", OURS):
        clock.now += 300
    clock.now += 29
    assert ours.last_written("P") == OURS


def test_a_write_that_was_refused_leaves_what_was_known_before(tmp_path: Path) -> None:
    ours = turn(tmp_path)
    write(ours)
    with pytest.raises(EntraError), ours.writing("P", Written(Entries(), "")):
        raise EntraError
    assert ours.last_written("P") == OURS


def test_a_write_in_doubt_is_known(tmp_path: Path) -> None:
    ours, error = turn(tmp_path), EntraError()
    error.in_doubt = True
    with pytest.raises(EntraError), ours.writing("P", OURS):
        raise error
    assert ours.last_written("P") == OURS


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_note_of_another_time_than_now_counts_for_nothing(tmp_path: Path, seconds: float) -> None:
    write(turn(tmp_path, Clock(NOW + seconds)))
    assert turn(tmp_path).last_written("P") is None


@pytest.mark.parametrize(
    "left",
    [
        "",
        '{"p": {"at": 99',
        "17",
        '{"p": null}',
        '{"p": {"at": null}}',
        f'{{"p": {{"at": {NOW}, "groups": 3}}}}',
        "\x00\x00",
    ],
)
def test_a_broken_file_is_as_if_nothing_was_written(tmp_path: Path, left: str) -> None:
    (tmp_path / "tenant.written").write_text(left)
    ours = turn(tmp_path)
    assert ours.last_written("P") is None
    write(ours)
    assert ours.last_written("P") == OURS


def test_old_writes_are_forgotten_and_only_ids_and_times_are_kept(tmp_path: Path) -> None:
    clock = Clock()
    ours = turn(tmp_path, clock)
    write(ours, "Q")
    clock.now += 60
    write(ours)
    assert json.loads((tmp_path / "tenant.written").read_text()) == {
        "p": {
            "at": clock.now,
            "groups": ["old", "ours"],
            "users": [],
            "restsOn": "2026-01-01T10:00:00Z",
        }
    }


def test_a_folder_that_fills_up_after_the_write_does_not_make_it_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = turn(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with ours.writing("P", OURS), monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(LimiterError), ours.writing("Q", OURS):
            raise AssertionError("not noted, so not to be written")
    with ours.writing("P", OURS):
        monkeypatch.setattr(Path, "write_text", full)
    assert ours.last_written("P") == OURS


@pytest.mark.parametrize(
    ("read", "known"),
    [
        (policy("old"), False),
        (policy(), False),
        (policy("old", "ours", "theirs"), False),
        (policy("OURS", "old"), True),
        (policy("old", modified="2026-01-01T09:59:59Z"), False),
        (policy("old", modified="2026-01-01T10:00:00.0000001Z"), False),
        (policy("old", modified="2026-01-01T10:00:00.5Z"), True),
        (policy("old", modified="2026-01-01T10:00:01Z"), True),
        (policy("old", modified=None), False),
        (policy("old", modified="soon"), False),
    ],
)
def test_a_read_knows_a_write_by_its_lists_or_by_a_later_change(read: Policy, known: bool) -> None:
    assert OURS.is_known_to(read) is known


def test_a_policy_that_has_a_time_now_was_changed_since_it_had_none() -> None:
    written = Written.of(policy("old", modified=None), Change(("old", "ours"), None))
    assert written.is_known_to(policy("old"))
    assert not written.is_known_to(policy("old", modified=None))


def test_a_list_that_was_not_written_is_as_it_was_read() -> None:
    document = policy_document("P", users={"excludeGroups": ["g"], "excludeUsers": ["u"]})
    read = Policy.from_document(document)
    assert Written.of(read, Change(None, ("v",))).lists == Entries(("g",), ("v",))
    assert Written.of(read, Change((), None)).lists == Entries((), ("u",))


def test_the_same_thread_may_nest_its_turn(tmp_path: Path) -> None:
    ours = turn(tmp_path, timeout=0.1)
    with ours.held(), ours.held():
        write(ours)
    with turn(tmp_path, timeout=0.1).held():
        pass


def test_two_processes_never_hold_the_turn_together(tmp_path: Path) -> None:
    ours, theirs = turn(tmp_path), turn(tmp_path)
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
    ours, theirs = turn(tmp_path), turn(tmp_path)
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
            with turn(tmp_path, timeout=0.1).held():
                pass
        except LimiterError as error:
            caught.append(error)

    with turn(tmp_path).held():
        waiting = threading.Thread(target=other)
        waiting.start()
        waiting.join()
    [error] = caught
    assert "another process has kept the turn to write Conditional Access policies" in str(error)
    assert "\n" not in str(error)


HOLD_AND_DIE = """
import os, pathlib, sys
from entra.exclusion import Entries
from entra.write_turn import Written, WriteTurn
turn = WriteTurn("tenant", folder=pathlib.Path(sys.argv[1]))
with turn.held(), turn.writing("P", Written(Entries(("g",)), "")):
    os._exit(9)
"""


def test_a_holder_that_dies_blocks_nobody_and_its_write_is_known(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", HOLD_AND_DIE, str(tmp_path)], check=False)
    assert died.returncode == 9
    ours = WriteTurn("tenant", folder=tmp_path, timeout=0.1)
    with ours.held():
        assert ours.last_written("P") == Written(Entries(("g",)), "")


def test_the_turn_is_the_tenants_and_lies_beside_its_pace(tmp_path: Path) -> None:
    environ = {"BREAK_GLASS_CACHE": str(tmp_path)}
    write(write_turn_for("tenant", "https://localhost:8443", environ))
    assert write_turn_for("TENANT", "https://localhost:8443", environ).last_written("P") == OURS
    assert write_turn_for("tenant", "https://localhost:9", environ).last_written("P") is None
    assert (tmp_path / "limiter" / "tenant-localhost_8443.written").is_file()


def test_a_folder_that_cannot_be_made_names_the_variable_that_helps(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LimiterError, match="set BREAK_GLASS_CACHE"):
        write_turn_for("tenant", "https://g", {"BREAK_GLASS_CACHE": str(tmp_path / "file")})
