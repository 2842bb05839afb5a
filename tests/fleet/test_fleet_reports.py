"""Where reports go: nothing of an earlier run stays where this one's is to be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.fleet.stub import StubProject, stub_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    made = stub_project(tmp_path, "north")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.parametrize("name", ["r.json", "r.md", "r.html"])
def test_a_run_that_ends_early_leaves_no_older_report(project: StubProject, name: str) -> None:
    report = project.folder / name
    report.write_text("all was well yesterday", encoding="utf-8")
    (project.folder / "Pulumi.north.yaml").write_text("config: [", encoding="utf-8")
    assert CliRunner().invoke(app, ["fleet", "preview", "--report", name]).exit_code == 1
    assert "all was well" not in (report.read_text(encoding="utf-8") if report.exists() else "")


def test_a_wrong_target_takes_no_other_report_away(project: StubProject) -> None:
    report = project.folder / "r.json"
    report.write_text("{}", encoding="utf-8")
    wrong = CliRunner().invoke(app, ["fleet", "preview", "--report", "r.json", "--report", "r.pdf"])
    assert (wrong.exit_code, report.exists()) == (2, True)


def test_an_old_report_that_cannot_be_removed_is_told_in_one_line(project: StubProject) -> None:
    (project.folder / "r.json").mkdir()
    ended = CliRunner().invoke(app, ["fleet", "preview", "--report", "r.json"])
    assert ended.exit_code == 2
    (line,) = ended.output.strip().splitlines()
    assert "--report r.json: the old one cannot be removed" in line
    assert project.calls() == []
