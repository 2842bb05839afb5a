"""`python -m tests.unit`: every file is run, and a share that fails or is lost is seen."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit import __main__ as unit

CODE = "import os, signal, time\n"
TELL = f"open(os.environ[{unit.RESULT!r}], 'w').write"
FINISHED = f"{TELL}('0')\n"
WAITING = "time.sleep(60)\n"


def played(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> int:
    """What `main` says when each share is such a program in place of a pytest."""
    files: list[str] = []
    for number, program in enumerate(programs):
        path = folder / f"test_{number}.py"
        path.write_text(CODE + program)
        files.append(str(path))
    monkeypatch.setattr(unit, "processors", lambda: len(files))
    monkeypatch.setattr(unit, "PYTEST", (sys.executable, "-I", "-S"))
    return unit.main(files)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
def test_every_file_of_the_layer_is_in_one_share_and_no_share_is_empty(count: int) -> None:
    files = unit.test_files(unit.FOLDER)
    found = unit.shares(files, count)

    walked = [
        str(Path(folder) / name)
        for folder, _, names in os.walk(unit.FOLDER)
        for name in names
        if name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    ]
    assert sorted(name for share in found for name in share) == sorted(walked)
    assert len(found) == min(count, len(files))
    assert all(found)


def test_the_sdk_is_left_to_as_few_shares_as_can_be() -> None:
    found = unit.shares(unit.test_files(unit.FOLDER), 4)
    with_sdk = [any(unit.takes_the_sdk(Path(name)) for name in share) for share in found]
    assert with_sdk == [True, True, False, False]


def test_of_two_shares_the_one_without_the_sdk_helps_the_other_out() -> None:
    files = unit.test_files(unit.FOLDER)
    first, second = unit.shares(files, 2)
    assert all(unit.takes_the_sdk(Path(name)) for name in first)
    helped = [name for name in second if unit.takes_the_sdk(Path(name))]
    assert 6 < len(first) / len(helped) < 8
    assert {"test_house.py", "test_client.py"} <= {Path(name).name for name in second}


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [4]), (2, [3, 1]), (3, [2, 1, 1]), (4, [1, 1, 1, 1]), (9, [1] * 4)]
)
def test_shares_are_as_many_as_are_wanted(count: int, sizes: list[int], tmp_path: Path) -> None:
    for name, source in (("a", "import pulumi"), ("b", "import pulumi_random"), ("d", "import re")):
        (tmp_path / f"test_{name}.py").write_text(source)
    (tmp_path / "test_c.py").write_text("from tests.unit.harness import run_program")
    assert [len(share) for share in unit.shares(unit.test_files(tmp_path), count)] == sizes


def test_a_file_in_a_folder_below_is_one_of_them_and_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    wanted = [tmp_path / "below" / "some_test.py", tmp_path / "test_of_a_test.py"]
    for path in [*wanted, tmp_path / "harness.py", tmp_path / "test_table.json"]:
        path.touch()

    assert unit.test_files(tmp_path) == sorted(map(str, wanted))


@pytest.mark.parametrize(
    ("flag", "blocks", "quick"),
    [(0, 1_000_000, True), (0, 10_000, False), (getattr(os, "ST_NOEXEC", 0), 1_000_000, False)],
)
def test_memory_is_written_to_where_it_has_room_and_runs_programs(
    flag: int, blocks: int, quick: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if sys.platform != "linux":
        assert unit.quick_folder() is None
        return
    found = SimpleNamespace(f_flag=flag | os.ST_NOSUID, f_bavail=blocks, f_frsize=4096)

    def statvfs(_: Path) -> SimpleNamespace:
        return found

    monkeypatch.setattr(unit, "MEMORY", tmp_path)
    monkeypatch.setattr(os, "statvfs", statvfs)
    assert unit.quick_folder() == (tmp_path if quick else None)
    monkeypatch.undo()
    monkeypatch.setattr(unit, "MEMORY", tmp_path / "missing")
    assert unit.quick_folder() is None


@pytest.mark.parametrize(
    ("codes", "told"), [([0, 0], 0), ([0, 1], 1), ([-9, 0], -9), ([5, 0], 0), ([5, 5], 5), ([], 5)]
)
def test_it_ends_well_only_when_every_share_did(codes: list[int], told: int) -> None:
    assert unit.verdict(codes) == told


def test_shares_run_at_once_and_what_each_says_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both"
    right = (
        f"end = time.monotonic() + 20\n"
        f"while not os.path.exists({str(both)!r}) and time.monotonic() < end: ...\n"
        f"print('right' if os.path.exists({str(both)!r}) else 'alone')\n{FINISHED}"
    )
    wrong = f"open({str(both)!r}, 'w')\nprint('wrong')\n{TELL}('1')\nraise SystemExit(1)\n"

    assert played(monkeypatch, tmp_path, right, wrong) == 1

    said = capfd.readouterr()
    assert (said.out.split(), said.err) == (["right", "wrong"], "")


LOST = {
    "os._exit(0)\n": "ended midway, with exit code 0",
    f"{TELL}('')\nos._exit(0)\n": "ended midway, with exit code 0",
    f"{TELL}('1')\nos._exit(0)\n": "ended midway, with exit code 0",
    "os._exit(5)\n": "ended midway, with exit code 5",
    "os.kill(os.getpid(), signal.SIGKILL)\n": "was ended by SIGKILL",
}


def test_a_share_that_is_lost_is_a_failure_and_one_line_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert played(monkeypatch, tmp_path, FINISHED, *LOST) == 1

    assert capfd.readouterr().err.splitlines() == [
        f"share {number} of 6 of the unit tests {told}: its results are lost"
        for number, told in enumerate(LOST.values(), start=2)
    ]


@pytest.mark.parametrize("code", [0, 5])
def test_an_exit_code_that_pytest_did_not_tell_is_not_believed(
    code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert played(monkeypatch, tmp_path, f"os._exit({code})\n") == 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_who_stops_it_at_once_stops_every_share_and_reads_no_traceback(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    number = int(getattr(signal, name))
    first = f"os.kill(os.getppid(), {number})\n{WAITING}"
    before = signal.getsignal(number)
    started = time.monotonic()

    assert played(monkeypatch, tmp_path, first, WAITING, WAITING) == 128 + number

    assert time.monotonic() - started < 30
    assert capfd.readouterr().err == ""
    assert signal.getsignal(number) is before


def test_a_share_that_tests_already_is_interrupted_and_tells_what_it_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tests = (
        f"{TELL}('')\ntry:\n    os.kill(os.getppid(), signal.SIGINT)\n    {WAITING}"
        "except KeyboardInterrupt: print('two failed')\n"
    )
    assert played(monkeypatch, tmp_path, tests) == 130
    assert capfd.readouterr().out.split() == ["two", "failed"]


def test_a_test_that_leaves_by_the_back_door_is_seen_by_the_layers_own_conftest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    layer = tmp_path / "tests" / "unit"
    layer.mkdir(parents=True)
    for path in (layer, layer.parent):
        (path / "__init__.py").touch()
    for name in ("__main__.py", "conftest.py"):
        (layer / name).write_text((unit.FOLDER / name).read_text())
    wanted = f"0 if {unit.RESULT!r} not in os.environ else 3"
    path = layer / "test_exit.py"
    path.write_text(f"import os\ndef test_it() -> None:\n    os._exit({wanted})\n")
    monkeypatch.setattr(unit, "processors", lambda: 1)

    assert unit.main([str(path)]) == 1
    assert "ended midway, with exit code 0" in capfd.readouterr().err
