"""`breakglass fleet exec`: what is found, from where, and how it ends."""

import sys
from pathlib import Path

import pytest

from tests.fleet.commands import fleet
from tests.fleet.stub import StubProject


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_command_is_found_from_here_and_run_beside_the_settings(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = project.folder / "below"
    below.mkdir()
    script(below / "note.sh", "#!/bin/sh\npwd > noted\n")
    monkeypatch.chdir(below)
    ended = fleet("exec", "north", "--", "./note.sh")
    assert ended.exit_code == 0, ended.output
    noted = (project.folder / "noted").read_text(encoding="utf-8")
    assert noted.strip() == str(project.folder.resolve())


@pytest.mark.usefixtures("project")
def test_a_command_that_a_signal_ended_ends_as_in_a_shell() -> None:
    code = "import os; os.kill(os.getpid(), 9)"
    assert fleet("exec", "north", "--", sys.executable, "-c", code).exit_code == 137


def test_a_file_that_is_no_program_is_told_in_one_line(project: StubProject) -> None:
    script(project.folder / "odd", "\x7fELF, and nothing more")
    ended = fleet("exec", "north", "--", "./odd")
    assert ended.exit_code == 1
    (line,) = ended.output.strip().splitlines()
    assert line.endswith("odd cannot be run: Exec format error")
