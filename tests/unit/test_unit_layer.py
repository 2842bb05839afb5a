"""`python -m tests.unit`: every file is run, and a share that fails is seen."""

import sys
from pathlib import Path

import pytest

from tests.unit import __main__ as unit


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
def test_every_file_is_in_one_share_and_no_share_is_empty(count: int) -> None:
    files = [f"test_{number}.py" for number in range(7)]

    found = unit.shares(files, count)

    assert sorted(name for share in found for name in share) == files
    assert len(found) == min(count, 7)
    assert {len(share) for share in found} <= {7 // len(found), 7 // len(found) + 1}


@pytest.mark.parametrize(
    ("codes", "told"), [([0, 0], 0), ([0, 1], 1), ([-9, 0], -9), ([5, 0], 0), ([5, 5], 5), ([], 5)]
)
def test_it_ends_well_only_when_every_share_did(codes: list[int], told: int) -> None:
    assert unit.verdict(codes) == told


def test_shares_run_at_once_and_what_each_says_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    right, wrong, both = tmp_path / "test_right.py", tmp_path / "test_wrong.py", tmp_path / "both"
    right.write_text(
        "import os, time\nend = time.monotonic() + 20\n"
        f"while not os.path.exists({str(both)!r}) and time.monotonic() < end: ...\n"
        f"print('right' if os.path.exists({str(both)!r}) else 'alone')\n"
    )
    wrong.write_text(f"open({str(both)!r}, 'w')\nprint('wrong')\nraise SystemExit(1)\n")
    monkeypatch.setattr(unit, "processors", lambda: 2)
    monkeypatch.setattr(unit, "PYTEST", (sys.executable, "-I", "-S"))

    assert unit.main([str(right), str(wrong)]) == 1

    said = capfd.readouterr().out
    assert said.split() == ["right", "wrong"]
