"""prowler's environment: made once, anew when its requirements change, and who may make it."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.assessors import environment
from tests.assessors.environment import (
    REQUIREMENTS,
    AssessorsUnavailableError,
    ensure_environment,
    suitable_python,
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run; making an environment leaves its Python."""
    found: list[list[str]] = []

    def run(command: list[str]) -> None:
        found.append(command)
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()

    monkeypatch.setattr(environment, "_run", run)
    monkeypatch.setattr(environment.os, "name", "posix")
    return found


def test_it_is_made_once_and_anew_when_the_requirements_change(
    runs: list[list[str]], tmp_path: Path
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("one==1\n", encoding="utf-8")
    folder = tmp_path / "assessors"
    python = ensure_environment(folder, requirements)
    assert ensure_environment(folder, requirements) == python
    assert len(runs) == 2
    assert runs[1][-2:] == ["--requirement", str(requirements)]
    assert str(python) in runs[1]

    requirements.write_text("one==2\n", encoding="utf-8")
    ensure_environment(folder, requirements)
    assert len(runs) == 4


def test_one_that_failed_halfway_is_made_again(
    runs: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str]) -> None:
        raise AssessorsUnavailableError("no index")

    whole = environment._run  # pyright: ignore[reportPrivateUsage]
    folder = tmp_path / "assessors"
    ensure_environment(folder, REQUIREMENTS)
    (folder / "made-from.json").write_text("[]", encoding="utf-8")
    monkeypatch.setattr(environment, "_run", fail)
    with pytest.raises(AssessorsUnavailableError):
        ensure_environment(folder, REQUIREMENTS)
    monkeypatch.setattr(environment, "_run", whole)
    ensure_environment(folder, REQUIREMENTS)
    assert len(runs) == 4


def test_a_failed_installation_says_what_pip_said_and_what_to_do(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("not a requirement\n", encoding="utf-8")
    with pytest.raises(AssessorsUnavailableError, match="PIP_INDEX_URL") as caught:
        ensure_environment(tmp_path / "assessors", requirements)
    assert "not a requirement" in str(caught.value)


def test_prowlers_newest_python_is_used_where_ours_is_newer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"python3.12": "/usr/bin/python3.12", "python3.11": "/usr/bin/python3.11"}
    monkeypatch.setattr(shutil, "which", found.get)
    assert suitable_python((3, 13), sys.executable) == sys.executable
    assert suitable_python((3, 14), sys.executable) == "/usr/bin/python3.12"
    found.clear()
    with pytest.raises(AssessorsUnavailableError, match=r"needs Python 3\.11 to 3\.13"):
        suitable_python((3, 14), sys.executable)


def test_every_requirement_is_one_version() -> None:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert pinned
    assert all(line.count("==") == 1 for line in pinned)
