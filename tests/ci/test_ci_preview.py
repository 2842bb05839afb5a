"""`breakglass ci preview`: simulated tenants that are real, an engine that is not."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from cli import ci_preview, ci_tenants
from cli.ci_preview import preview_all
from cli.failure import CommandFailed
from cli.fleet_selection import Selection
from cli.main import app
from cli.workspace import SandboxFolder
from fleet.job import Job, Options, failed, not_started
from fleet.processes import Processes
from fleet.report import CustomerReport, FleetReport
from fleet.report_json import read_json
from sandbox.engine.model import Engine
from tests.ci.stub_engine import engine_project
from tests.ci.test_ci_settings import NASTY
from tests.fleet.stub import NO_CHANGES, StubProject

REPOSITORY = Path(__file__).parents[2]
SECRET = "of-a-real-tenant"
CHANGED = {"changes": {"update": 2, "same": 40}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    """A project of north, south and west, in no repository of git, with the stub for an engine."""
    made, stub = engine_project(tmp_path, "north", "south", "west")
    plan(made)
    home = SandboxFolder(tmp_path / "home", REPOSITORY)
    engine = Engine("3.200.0", "path", stub, "stand-in", ())
    monkeypatch.chdir(made.folder)
    monkeypatch.setattr(ci_preview, "sandbox_folder", lambda: home)
    monkeypatch.setattr(ci_tenants, "prepare_engine", lambda *_: (engine, {}))  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    monkeypatch.setenv("ARM_CLIENT_SECRET__NORTH", SECRET)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", SECRET)
    return made


def write(project: StubProject, name: str, text: str) -> None:
    """Further settings, below those that the stub project has."""
    file = project.folder / f"Pulumi.{name}.yaml"
    file.write_text(file.read_text() + text)


def plan(project: StubProject, **previews: Any) -> None:
    """What previews find; nothing, where nothing is said."""
    steps = {"preview": NO_CHANGES, "up": NO_CHANGES}
    names = ("north", "south", "west", "east", "example")
    project.plan(**{name: {**steps, "preview": previews.get(name, NO_CHANGES)} for name in names})


def runs(project: StubProject, customer: str) -> list[tuple[str, str | None]]:
    """What the engine did for a customer, with which policy pack."""
    return [
        (one["operation"], one["environment"].get("PULUMI_OPTION_POLICY_PACK"))
        for one in project.calls()
        if one["customer"] == customer and one["operation"] != "export"
    ]


def by_name(report: FleetReport) -> dict[str, CustomerReport]:
    return {one.customer: one for one in report.customers}


def told(report: CustomerReport) -> str:
    return " ".join([*(one.what for one in report.problems), *report.notes])


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def told_by_git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], text=True).strip()


def test_customers_with_the_same_settings_share_one_preview_and_the_report_says_so(
    project: StubProject,
) -> None:
    for name, count in (("north", 2), ("south", 2), ("west", 3)):
        text = f"  break-glass:accounts: {{domain: {name}.onmicrosoft.com, count: {count}}}\n"
        write(project, name, text)
    plan(project, north=CHANGED)

    report = preview_all(Selection(), since=None, policy_pack=None)

    found = by_name(report)
    assert report.exit_code == 0
    assert [len(one.problems) for one in report.customers] == [0, 0, 0]
    assert (found["north"].changes, found["south"].changes) == (CHANGED["changes"],) * 2
    assert "Same settings as north" in told(found["south"])
    assert "the tenant has verified south.onmicrosoft.com" in told(found["south"])
    assert "Same settings" not in told(found["north"]) + told(found["west"])
    assert len({one.tenant_id for one in report.customers}) == 3
    assert [runs(project, name) for name in found] == [[("preview", None)], [], [("preview", None)]]


def test_each_preview_has_a_tenant_of_its_own_and_nothing_of_a_real_one(
    project: StubProject,
) -> None:
    write(project, "west", "  break-glass:premium: absent\n")
    preview_all(Selection(only=["north", "west"]), since=None, policy_pack=None)
    north, west = (
        next(one["environment"] for one in project.calls() if one["customer"] == name)
        for name in ("north", "west")
    )
    for key in ("ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"):
        assert north[key] != west[key]
        assert north[key] not in west.values()
        assert west[key] not in north.values()
    assert all(SECRET not in value for one in (north, west) for value in one.values())
    settings = Path(north["PULUMI_HOME"]).parent / "project"
    written = (settings / "Pulumi.west.yaml").read_text()
    assert f"azuread:tenantId: {west['ARM_TENANT_ID']}" in written
    assert "encryptionsalt: v1:salt" in written


def test_the_settings_before_are_set_up_first_and_are_those_where_the_branch_began(
    project: StubProject,
) -> None:
    git("init", "-q", "-b", "main")
    write(project, "north", "  a: Zürich\n")
    (project.folder / "Pulumi.south.yaml").write_text("config: [\n")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    git("checkout", "-q", "-b", "change")
    for name in ("north", "south", "east"):
        (project.folder / f"Pulumi.{name}.yaml").write_text(f"config: {{a: {name}}}\n")
    git("add", ".")
    git("commit", "-q", "-m", "change")

    selection = Selection(changed_since="main")
    report = preview_all(selection, since="main", policy_pack=Path("policies"))

    assert {one.customer: one.outcome for one in report.customers} == {
        "east": "done",
        "north": "done",
        "south": "failed",
    }
    assert "Pulumi.south.yaml as it was at main cannot be read" in told(by_name(report)["south"])
    pack = str(project.folder / "policies")
    assert runs(project, "east") == [("preview", pack)]
    assert runs(project, "north") == [("up", None), ("preview", pack)]


def test_settings_that_could_not_be_set_up_as_they_were_are_told_as_such(
    project: StubProject,
) -> None:
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    write(project, "north", "  a: new\n")
    project.plan(north={"up": {"errors": ["no such domain"]}})
    report = preview_all(Selection(changed_since="main"), since="main", policy_pack=None)
    (north,) = report.customers
    assert north.outcome == "failed"
    commit = told_by_git("rev-parse", "--short=12", "HEAD")
    assert north.problems[0].what.startswith(f"the program of {commit} could not set up the sett")
    assert "merge code that runs with both" in north.problems[0].todo
    assert "no such domain" in north.problems[1].what
    assert [operation for operation, _ in runs(project, "north")] == ["up"]


def test_each_nasty_settings_file_is_one_line_and_the_others_are_previewed(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = without_engine(monkeypatch)
    files = {f"bad-{number}": text.encode() for number, text in enumerate(NASTY.values())}
    files |= {
        "$(id)": b"config: {}\n",
        "not-text": b"config:\n  a: \xff\n",
        "no-keys": b"config: abc\n",
        "no-id": b"config:\n  azuread:tenantId: 7\n",
    }
    for name, content in files.items():
        (project.folder / f"Pulumi.{name}.yaml").write_bytes(content)

    ended = CliRunner().invoke(app, ["ci", "preview", "--report", "r.json"])

    assert ended.exit_code == 1
    assert isinstance(ended.exception, SystemExit)
    assert "Traceback" not in ended.output
    report = read_json(project.folder / "r.json")
    good = {one.customer for one in report.customers if one.outcome == "done"}
    assert good == {"north", "south", "west"}
    assert seen == ["north"]
    lines = {one.customer: one.problems for one in report.customers if one.outcome == "failed"}
    assert len(lines) == len(files)
    assert {len(problems) for problems in lines.values()} == {1}
    for name, (problem,) in lines.items():
        assert problem.what.startswith((f"Pulumi.{name}.yaml", "Pulumi.$(id).yaml", "config is a"))
    for name, part in (
        ("'$(id)'", "is no name for a customer"),
        ("not-text", "can't decode"),
        ("no-keys", "config is a str"),
        ("no-id", "azuread:tenantId is a int"),
    ):
        assert part in lines[name][0].what


def done(job: Job) -> CustomerReport:
    """A job that went well."""
    return not_started(job).model_copy(update={"outcome": "done"})


def without_engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Previews that all go well, and whose they were."""
    seen: list[str] = []

    def run(job: Job, *_: Any) -> CustomerReport:
        seen.append(job.customer)
        return done(job)

    monkeypatch.setattr(ci_tenants, "run_job", run)
    return seen


def test_different_settings_are_previewed_side_by_side(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=20)
    for number, name in enumerate(("north", "south", "west")):
        write(project, name, f"  a: {number}\n")

    def run(job: Job, *_: Any) -> CustomerReport:
        together.wait()
        return done(job)

    monkeypatch.setattr(ci_tenants, "run_job", run)
    report = preview_all(Selection(), since=None, policy_pack=None, parallel=3)
    assert [one.outcome for one in report.customers] == ["done"] * 3


def test_the_time_that_one_may_take_is_for_both_steps_and_named_when_it_is_over(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    limits: list[float] = []

    def run(job: Job, _: Path, options: Options, __: Processes) -> CustomerReport:
        limits.append(options.timeout_seconds)
        if job.operation == "up":
            return done(job)
        minutes = f"{options.timeout_seconds / 60:g} minutes"
        again = "run again (`breakglass fleet preview --resume`), with a longer --timeout"
        return failed(job, f"it was not done within {minutes} and was stopped", again)

    monkeypatch.setattr(ci_tenants, "run_job", run)
    report = preview_all(Selection(), since="main", policy_pack=None, timeout_minutes=7)
    assert 420 >= limits[0] > limits[1] > 0
    assert [one.outcome for one in report.customers] == ["failed"] * 3
    (late,) = report.customers[0].problems
    assert late.what == "it was not done within 7 minutes and was stopped"
    assert late.todo == "run `breakglass ci preview` again, with a longer --timeout"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_its_processes_and_tells_of_all(
    project: StubProject, how: signal.Signals
) -> None:
    for name in ("south", "west"):
        write(project, name, f"  a: {name}\n")
    plan(project, north={"wait": True})
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    waiting = project.bin / "waiting"

    def stop() -> None:
        latest = time.monotonic() + 30
        while not waiting.exists() and time.monotonic() < latest:
            time.sleep(0.02)
        os.kill(os.getpid(), how)

    threading.Thread(target=stop, daemon=True).start()
    file = project.folder / "r.json"
    report = preview_all(Selection(), since=None, policy_pack=None, parallel=1, reports=[file])

    assert {one.customer: one.outcome for one in report.customers} == {
        "north": "cancelled",
        "south": "not started",
        "west": "not started",
    }
    assert report.exit_code == 130
    assert (project.bin / "heeded").exists()
    assert read_json(file).customers == report.customers
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    # Nothing is locked: the next run begins.
    plan(project)
    again = preview_all(Selection(only=["west"]), since=None, policy_pack=None)
    assert again.exit_code == 0


def test_a_report_that_is_read_midway_tells_of_all(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    midway: list[list[str]] = []
    file = project.folder / "r.json"
    write(project, "south", "  a: 1\n")
    write(project, "west", "  a: 2\n")

    def run(job: Job, *_: Any) -> CustomerReport:
        midway.append([one.outcome for one in read_json(file).customers])
        return done(job)

    monkeypatch.setattr(ci_tenants, "run_job", run)
    preview_all(Selection(), since=None, policy_pack=None, parallel=1, reports=[file])
    assert midway[0] == ["not started"] * 3
    assert json.loads(file.read_text())["customers"][2]["outcome"] == "done"


def test_a_project_without_customers_is_previewed_with_the_examples_settings(
    project: StubProject,
) -> None:
    for file in project.folder.glob("Pulumi.*.yaml"):
        file.unlink()
    (project.folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    (prod,) = preview_all(Selection(), since=None, policy_pack=None).customers
    assert (prod.customer, prod.outcome) == ("prod", "done")


def test_who_is_not_there_is_a_wrong_call(project: StubProject) -> None:
    with pytest.raises(CommandFailed, match="names no customer"):
        preview_all(Selection(only=["east"]), since=None, policy_pack=None)
    assert project.calls() == []


def test_two_at_once_in_one_folder_are_refused(project: StubProject, tmp_path: Path) -> None:
    (tmp_path / "home" / "ci").mkdir(parents=True)
    with (
        FileLock(tmp_path / "home" / "ci" / "preview.lock"),
        pytest.raises(CommandFailed, match="another `breakglass ci preview` works in"),
    ):
        preview_all(Selection(), since=None, policy_pack=None)
    assert project.calls() == []
