"""Where a branch began: its program sets up the settings before, and its rules judge, too."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import ci_base
from cli.ci_base import PACK_FILE, Base, lay_out, lead_to, pack_before
from cli.ci_preview import preview_all
from cli.failure import CommandFailed
from cli.fleet_selection import Selection
from fleet.changes import changed_since, revision
from fleet.errors import FleetError
from fleet.report_markdown import render
from tests.ci.machine import commit, git
from tests.ci.test_ci_preview import by_name, project, runs
from tests.fleet.steps import policy
from tests.fleet.stub import NO_CHANGES, StubProject

__all__ = ["project"]
FAKE_SDK = "def PolicyPack(name, rules, *rest):\n    print(name, rules)\n"
SERVES = "import pulumi_policy\nfrom policies.words import RULES\n"
PACK = {
    PACK_FILE: "runtime: {name: python, options: {virtualenv: ../.venv}}\n",
    "__init__.py": "",
    "__main__.py": f'{SERVES}pulumi_policy.PolicyPack("mine", RULES, "mandatory")\n',
    "words.py": 'from alerting.tables import TABLE\nRULES = ["strict", TABLE]\n',
}


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A project in a folder of its repository, with a pack; its commit is tagged `base`."""
    folder = tmp_path / "repository" / "stack"
    write(folder, {"Pulumi.yaml": "name: x\n", "program": "old"})
    write(folder / "policies", PACK)
    write(folder / "alerting", {"__init__.py": "", "tables.py": 'TABLE = "both"\n'})
    write(folder.parent, {"other": "of somebody else"})
    commit(folder.parent, "Base")
    git(folder.parent, "tag", "base")
    return folder


def served(folder: Path, project: Path) -> str:
    """What a pack tells the engine, run as the language host runs one: in the program's folder."""
    write(folder.parent / "sdk", {"pulumi_policy.py": FAKE_SDK})
    run = f"import runpy; runpy.run_path({str(folder)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", run],
        cwd=project,
        env={"PYTHONPATH": f"{folder.parent / 'sdk'}:{project}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def laid_out(branch: Path, tmp_path: Path) -> Base:
    return lay_out(branch, "base", tmp_path / "out")


def test_the_files_are_those_where_the_branch_began_and_git_knows_nothing_of_them(
    branch: Path, tmp_path: Path
) -> None:
    (branch / "program").write_text("new")
    (branch / "further").write_text("")
    head = commit(branch.parent, "Branch")
    (branch / "program").write_text("not committed")
    before = sorted(one for one in (branch.parent / ".git").rglob("*") if one.is_file())
    kept = (branch.parent / ".git" / "index").read_bytes()

    base = laid_out(branch, tmp_path)

    assert base.commit == git(branch, "rev-parse", "base") != head
    assert (base.project / "program").read_text() == "old"
    assert sorted(one.name for one in base.project.iterdir()) == [
        *("Pulumi.yaml", "alerting", "policies", "program"),
    ]
    assert (branch / "program").read_text() == "not committed"
    assert sorted(one for one in (branch.parent / ".git").rglob("*") if one.is_file()) == before
    assert (branch.parent / ".git" / "index").read_bytes() == kept


@pytest.mark.parametrize("ref", ["nowhere", "--output=x"])
def test_where_git_cannot_tell_one_line_says_so(branch: Path, tmp_path: Path, ref: str) -> None:
    with pytest.raises(CommandFailed, match=r"where this branch began cannot be had: `git merge"):
        lay_out(branch, ref, tmp_path / "out")


def test_without_git_one_line_says_so(
    branch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandFailed, match=r"cannot be had: git is not installed"):
        lay_out(branch, "base", tmp_path / "out")
    with pytest.raises(FleetError, match="git is not installed"):
        changed_since(branch, "base", [])
    assert revision(branch) is None


def test_the_program_before_runs_in_todays_environment(tmp_path: Path) -> None:
    options = {"name": "python", "options": {"virtualenv": ".venv"}}
    text = yaml.safe_dump({"name": "x", "main": "app", "runtime": options})
    write(tmp_path / "old", {"Pulumi.yaml": text})
    assert lead_to(tmp_path / "old", tmp_path / "today", tmp_path / "to") == "x"
    found = yaml.safe_load((tmp_path / "to" / "Pulumi.yaml").read_text())
    assert found["main"] == str(tmp_path / "old" / "app")
    assert found["runtime"]["options"]["virtualenv"] == str(tmp_path / "today" / ".venv")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("policies/words.py", "RULES = []\n"),
        ("alerting/tables.py", "TABLE = 'none'\n"),
        ("policies/__main__.py", ""),
    ],
)
def test_a_pack_that_the_branch_edits_is_served_as_it_was_and_says_so_in_its_name(
    branch: Path, tmp_path: Path, file: str, text: str
) -> None:
    (branch / file).write_text(text)
    base = laid_out(branch, tmp_path)
    old = pack_before(base, branch, branch / "policies", tmp_path / "rules")
    assert old is not None
    assert served(old, branch) == f"mine-at-{base.short} ['strict', 'both']"
    options = yaml.safe_load((old / PACK_FILE).read_text())["runtime"]["options"]
    assert options["virtualenv"] == str(branch / ".venv")


@pytest.mark.parametrize("others", ["the same", "new", "elsewhere"])
def test_a_pack_that_is_the_same_new_or_of_elsewhere_judges_once(
    branch: Path, tmp_path: Path, others: str
) -> None:
    (branch / "program").write_text("new")
    where = {"the same": branch / "policies", "new": branch / "more", "elsewhere": tmp_path / "p"}
    write(where[others], PACK)
    base = laid_out(branch, tmp_path)
    assert pack_before(base, branch, where[others], tmp_path / "rules") is None


def test_every_package_of_the_project_that_the_real_pack_reads_is_compared() -> None:
    repository = Path(ci_base.__file__).parents[1]
    packages = {one.parent.name for one in repository.glob("*/__init__.py")}
    lines = [
        line
        for name in ("policies", *ci_base.SHARED)
        for file in (repository / name).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    words = (line.split() for line in lines)
    read = {one[1].partition(".")[0] for one in words if one and one[0] in ("from", "import")}
    assert read & packages == {"policies", *ci_base.SHARED}


def changed(project: StubProject, files: dict[str, str]) -> str:
    """A branch that changes these, from `main`, where the program is an old one; its start."""
    write(project.folder, {"program": "old\n"})
    write(project.folder / "policies", PACK)
    commit(project.folder, "Base")
    git(project.folder, "checkout", "--quiet", "-b", "change")
    for name, text in files.items():
        (project.folder / name).write_text(text, encoding="utf-8")
    commit(project.folder, "Change")
    return git(project.folder, "rev-parse", "--short=12", "main")


def previewed(**parts: Any) -> Any:
    chosen = Selection(only=["north"])
    return preview_all(chosen, since="main", policy_pack=Path("policies"), **parts)


def test_settings_before_are_set_up_by_the_program_before_and_nothing_of_it_stays(
    project: StubProject, tmp_path: Path
) -> None:
    changed(project, {"program": "new\n"})
    assert previewed().exit_code == 0
    assert (project.bin / "programs").read_text() == "up: old\npreview: new\n"
    assert not (tmp_path / "home" / "ci" / "base").exists()
    assert runs(project, "north")[1][1] == str(project.folder / "policies")


def test_the_rules_before_judge_beside_those_of_the_branch_and_are_told_apart_in_the_log(
    project: StubProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = changed(project, {"policies/words.py": "RULES = []\n"})
    rules = tmp_path / "home" / "ci" / "rules"
    packs = f"{project.folder / 'policies'},{rules}"
    told = {**NO_CHANGES, "stderr": f"(local: {rules})"}
    project.plan(north={"preview": told, "up": NO_CHANGES})
    report = previewed()
    assert report.exit_code == 0
    assert runs(project, "north") == [("up", None), ("preview", packs)]
    assert f"(local: policies as of {start})" in capsys.readouterr().out
    (note,) = by_name(report)["north"].notes
    assert note.startswith("This branch changes what judges it (policies/words.py). Here the rules")
    assert f"as of {start} judged, too" in note


def test_settings_of_the_rules_are_rules_and_the_report_names_what_changed(
    project: StubProject,
) -> None:
    changed(
        project,
        {"policies/settings.json": "{}", **{f"policies/{name}.py": "" for name in "abcdz"}},
    )
    report = previewed()
    assert len(str(runs(project, "north")[1][1]).split(",")) == 2
    (note,) = by_name(report)["north"].notes
    assert "policies/d.py, policies/settings.json and 1 more)" in note


def test_a_branch_that_leaves_the_rules_alone_is_told_nothing_of_them(
    project: StubProject,
) -> None:
    changed(project, {"program": "new\n"})
    assert by_name(previewed())["north"].notes == ()


def test_exclusions_that_end_are_the_first_note_of_the_report(project: StubProject) -> None:
    changed(project, {"policies/words.py": "RULES = []\n"})
    ended = policy("update", 1, wanted={"groups": [], "users": []}, reason="paused")
    project.plan(north={"preview": {**NO_CHANGES, "events": [ended]}, "up": NO_CHANGES})
    report = previewed()
    first, second = by_name(report)["north"].notes
    assert first == "1 policy no longer excludes group BTG Admins, account first: 'Policy 1'"
    assert second.startswith("This branch changes what judges it")
    assert "no longer excludes group BTG Admins" in render(report)


def test_what_a_pack_advises_is_a_note_of_the_report_and_fails_nobody(
    project: StubProject,
) -> None:
    changed(project, {"program": "new\n"})
    event = {
        "resourceUrn": "urn:pulumi:north::break-glass::pulumi:pulumi:Stack::break-glass-north",
        "message": "alarm: found no tamper alert, expected one",
        "color": "never",
        "policyName": "alarm-complete",
        "policyPackName": "break-glass",
        "policyPackVersion": "1",
        "policyPackVersionTag": "1",
        "enforcementLevel": "advisory",
    }
    step = {**NO_CHANGES, "events": [{"policyEvent": event}]}
    project.plan(north={"preview": step, "up": NO_CHANGES})
    report = previewed()
    assert by_name(report)["north"].outcome == "done"
    line = "alarm-complete of policy pack break-glass: alarm: found no tamper alert, expected one"
    assert by_name(report)["north"].notes == (line,)
    assert "found no tamper alert" in render(report)
