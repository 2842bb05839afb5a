"""A machine that died is missed: the steps `Deal`, `Merge` and `Tell` out of the files, in a shell.

The steps' own lines run in an empty folder, with this environment's `breakglass` where they look
for it. What a runner of GitHub or Azure DevOps would fill in is given as the variable it is.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.ci_commands import ci_app
from cli.fleet_commands import fleet_app
from fleet.report import FleetReport
from fleet.report_json import read_json, write_json
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
    # Without it, this very repository's customers would be dealt out.
    (folder / "Pulumi.yaml").write_text("config: {}\n")
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
