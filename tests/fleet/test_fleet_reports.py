"""Where reports go: nothing of an earlier run stays where this one's is to be."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from fleet.report_json import write_json
from tests.fleet.sample_report import customer, fleet
from tests.fleet.stub import StubProject, stub_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    made = stub_project(tmp_path, "north", "south")
    monkeypatch.chdir(made.folder)
    return made


@pytest.mark.parametrize("words", ["fleet preview", "fleet up --yes", "ci preview", "ci restore"])
@pytest.mark.parametrize("name", ["r.json", "r.md", "r.html"])
def test_a_run_that_ends_early_leaves_no_older_report(
    project: StubProject, words: str, name: str
) -> None:
    report = project.folder / name
    report.write_text("all was well yesterday", encoding="utf-8")
    arguments = [*words.split(), "--only", "nobody", "--report", name]
    assert CliRunner().invoke(app, arguments).exit_code == 2
    assert not report.exists()


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


def test_a_merge_that_fails_leaves_no_older_whole(project: StubProject) -> None:
    for name in ("all.json", "all.md", "all.html"):
        (project.folder / name).write_text("all was well yesterday", encoding="utf-8")
    (project.folder / "1.json").write_text("{", encoding="utf-8")
    targets = [word for kind in ("json", "md", "html") for word in ("--report", f"all.{kind}")]
    ended = CliRunner().invoke(app, ["fleet", "merge", "1.json", *targets])
    assert ended.exit_code == 1
    assert list(project.folder.glob("all.*")) == []


def test_a_report_to_merge_is_never_taken_for_the_older_whole(project: StubProject) -> None:
    write_json(fleet(customer("north")), project.folder / "1.json")
    ended = CliRunner().invoke(app, ["fleet", "merge", "1.json", "--report", "./1.json"])
    assert ended.exit_code == 2
    assert "--report 1.json is one of the reports to merge" in ended.output
    assert (project.folder / "1.json").exists()


def test_a_customer_whose_settings_cannot_be_read_is_in_a_shard_all_the_same(
    project: StubProject,
) -> None:
    (project.folder / "Pulumi.south.yaml").write_text("config: [", encoding="utf-8")
    dealt = CliRunner().invoke(app, ["fleet", "matrix", "--shards", "2", "--format", "names"])
    assert (dealt.exit_code, dealt.stdout) == (0, "north,south\n")


def test_a_settings_file_with_a_name_that_is_none_gets_into_no_pipeline(
    project: StubProject,
) -> None:
    (project.folder / "Pulumi.*.yaml").write_text("config: {}\n", encoding="utf-8")
    dealt = CliRunner().invoke(app, ["fleet", "matrix", "--shards", "2"])
    assert (dealt.exit_code, dealt.stdout) == (2, "")
    assert "'*' is no name for a customer" in dealt.stderr


@pytest.mark.parametrize("kind", ["json", "md", "html"])
def test_a_report_is_for_its_owner_alone(project: StubProject, kind: str) -> None:
    write_json(fleet(customer("north")), project.folder / "1.json")
    target = project.folder / f"all.{kind}"
    target.write_text("an older one, for everybody")
    target.chmod(0o644)
    ended = CliRunner().invoke(app, ["fleet", "merge", "1.json", "--report", target.name])
    assert ended.exit_code == 0
    mode = stat.S_IMODE(target.stat().st_mode)
    assert mode == (0o666 if os.name == "nt" else 0o600)
