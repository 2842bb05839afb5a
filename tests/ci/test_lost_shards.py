"""A machine that died is missed: the steps `Deal`, `Merge` and `Tell` out of the files, in a shell.

The steps' own lines run in an empty folder, with this environment's `breakglass` where they look
for it. What a runner of GitHub or Azure DevOps would fill in is given as the variable it is.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import ci_hosts
from cli.ci_commands import ci_app
from cli.fleet_commands import fleet_app
from fleet.report import FleetReport
from fleet.report_json import read_json, write_json
from tests.ci.fake_hosts import TOKEN, FakeGitHub
from tests.ci.pipelines import Job, azure, github
from tests.fleet.sample_report import customer

SYSTEMS = pytest.mark.parametrize("system", [github, azure])


def script(jobs: list[Job], job: str, step: str) -> str:
    (found,) = [one for each in jobs if each.name == job for one in each.steps if one.name == step]
    return found.run


def shell(folder: Path, text: str, **more: str) -> subprocess.CompletedProcess[str]:
    """As Azure DevOps starts a `script`: without `-e`, which GitHub would give."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", text],
        cwd=folder,
        env={**os.environ, "GITHUB_OUTPUT": str(folder / "output"), **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "breakglass").symlink_to(Path(sys.executable).with_name("breakglass"))
    return tmp_path


def looked_at(folder: Path, *names: str) -> None:
    for place in (folder / "reports", folder / "reports" / "look-1"):
        place.mkdir()
    report = FleetReport(
        made=datetime(2030, 1, 2, tzinfo=UTC),
        operation="preview",
        revision="abc",
        customers=tuple(customer(name) for name in names),
    )
    write_json(report, folder / "reports" / "look-1" / "look-1.json")
    write_json(report, folder / "reports" / "look-1.json")


@SYSTEMS
@pytest.mark.parametrize("name", ["deploy", "drift"])
def test_the_deal_names_every_customer_that_a_report_must_name(
    folder: Path, system: object, name: str
) -> None:
    for one in ("Pulumi.yaml", "Pulumi.east.yaml", "Pulumi.north.yaml", "Pulumi.west.yaml"):
        (folder / one).write_text("config: {}\n")
    jobs = github(name) if system is github else azure(name)
    done = shell(folder, script(jobs, "plan", "Deal"), SHARDS="2")
    assert done.returncode == 0, done.stderr
    output = folder / "output"
    said = (output.read_text() if output.exists() else done.stdout).splitlines()
    matrix, names = said
    assert "east,west" in matrix
    assert names.endswith(("customers=east,west,north", "isOutput=true]east,west,north"))


@SYSTEMS
@pytest.mark.parametrize("name", ["deploy", "drift"])
def test_the_plan_fails_when_the_customers_cannot_be_dealt_out(
    folder: Path, system: object, name: str
) -> None:
    jobs = github(name) if system is github else azure(name)
    text = script(jobs, "plan", "Deal")
    # GitHub's own shell has `-e`.
    done = shell(folder, f"set -e\n{text}" if system is github else text, SHARDS="2")
    assert done.returncode != 0
    assert "matrix" not in done.stdout
    assert not (folder / "output").exists()


@SYSTEMS
@pytest.mark.parametrize("name", ["deploy", "drift"])
def test_a_shard_without_a_report_is_not_taken_for_well(
    folder: Path, system: object, name: str
) -> None:
    looked_at(folder, "north")
    jobs = github(name) if system is github else azure(name)
    text = script(jobs, "report", "Merge")
    done = shell(folder, f"{text} --report joined.json", CUSTOMERS="north,south")
    assert done.returncode == 1, done.stderr
    outcomes = {one.customer: one.outcome for one in read_json(folder / "joined.json").customers}
    assert outcomes == {"north": "done", "south": "not started"}
    lost = shell(folder, text, CUSTOMERS="")
    assert lost.returncode == 2
    assert "--expect is empty: expected names of customers" in lost.stderr


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    found = FakeGitHub()
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "contoso/break-glass",
        "GITHUB_RUN_ID": "12",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_TOKEN": TOKEN,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    service = ci_hosts.GitHub(environment, found.transport())
    monkeypatch.setattr(ci_hosts, "host", lambda: service)
    return found


def test_a_look_that_died_keeps_the_issue_open_and_says_that_nothing_was_looked_at(
    tmp_path: Path, fake: FakeGitHub
) -> None:
    runner = CliRunner()
    for _ in range(2):
        done = runner.invoke(ci_app, ["issue", str(tmp_path / "drift.json")])
        assert done.exit_code == 0, done.output
    (made,) = fake.issues
    assert made["state"] == "open"
    assert "Nothing was looked at" in made["body"]
    assert "https://github.example/contoso/break-glass/actions/runs/12" in made["body"]
    looked_at(tmp_path, "north")
    runner.invoke(ci_app, ["issue", str(tmp_path / "reports" / "look-1.json")])
    assert made["state"] == "closed"


def test_a_preview_that_died_does_not_leave_the_earlier_comment_as_it_was(
    tmp_path: Path, fake: FakeGitHub
) -> None:
    (tmp_path / "comment.md").write_text("all is well")
    for name in ("comment.md", "gone.md"):
        assert CliRunner().invoke(ci_app, ["comment", str(tmp_path / name)]).exit_code == 0
    (made,) = fake.comments
    assert "all is well" not in made["body"]
    assert "Nothing was looked at" in made["body"]


def test_azure_devops_names_its_own_run() -> None:
    environ = {
        "TF_BUILD": "True",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.example/org/",
        "SYSTEM_TEAMPROJECTID": "p1",
        "BUILD_BUILDID": "5",
    }
    told = ci_hosts.without_report(environ)
    assert "(https://dev.azure.example/org/p1/_build/results?buildId=5)" in told


@pytest.mark.parametrize(
    "arguments",
    [
        (fleet_app, "up", "--yes", "--only", ""),
        (fleet_app, "preview", "--only", " , "),
        (fleet_app, "destroy", "--only", ""),
        (ci_app, "restore", "--only", ""),
    ],
)
def test_an_empty_list_of_customers_is_not_everybody(
    arguments: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, *words = arguments
    done = CliRunner().invoke(ci_app if app is ci_app else fleet_app, [str(one) for one in words])
    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert "--only is empty: expected names of customers" in line
