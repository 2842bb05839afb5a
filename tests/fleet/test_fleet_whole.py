"""Nobody stops the others, and nobody falls out of the fleet without a word."""

import json
import subprocess

import pytest

from fleet.report_json import read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.stub import StubProject, tenant_of


@pytest.fixture
def broken(project: StubProject) -> StubProject:
    """A project in which nothing of north's settings can be read."""
    (project.folder / "Pulumi.north.yaml").write_text("config: [", encoding="utf-8")
    return project


def test_an_unreadable_settings_file_stops_nobody_else(broken: StubProject, jobs: Jobs) -> None:
    ended = fleet("preview", "--report", "r.json")
    assert ended.exit_code == 1
    assert jobs.done == [("south", "preview")]
    assert ended.output.count("Pulumi.north.yaml, line 1 cannot be read") == 1
    north, south = read_json(broken.folder / "r.json").customers
    assert (north.outcome, north.tenant_id, south.outcome) == ("failed", "", "done")
    assert north.problems[0].todo == "correct the settings file, then run again"


@pytest.mark.parametrize(
    ("command", "typed"), [(["up", "--yes"], []), (["up"], ["yes"]), (["preview"], [])]
)
@pytest.mark.usefixtures("somebody")
def test_nobody_goes_first_in_the_place_of_one_that_cannot_be_read(
    broken: StubProject, jobs: Jobs, command: list[str], typed: list[str]
) -> None:
    ended = fleet(*command, "--canary", "1", "--report", "r.json", typed=typed)
    assert (ended.exit_code, jobs.done) == (1, [])
    assert "Nobody is started: north was to go first, and the settings file" in ended.output
    north, south = read_json(broken.folder / "r.json").customers
    assert (north.outcome, south.outcome) == ("failed", "not started")


def test_one_that_cannot_be_read_and_comes_later_keeps_nobody_from_going_first(
    project: StubProject, jobs: Jobs
) -> None:
    (project.folder / "Pulumi.south.yaml").write_text("config: [", encoding="utf-8")
    assert fleet("up", "--yes", "--canary", "1").exit_code == 1
    assert jobs.done == [("north", "up")]


def test_the_report_is_what_the_runs_said_though_the_screen_was_left(
    project: StubProject, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    # Ctrl-C while a line is printed: the runner notices, and knows how the job ended.
    monkeypatch.setattr("cli.steady_screen.SteadyProgress.end", cut_off)
    fleet("preview", "--only", "north", "--report", "r.json")
    assert jobs.done == [("north", "preview")]
    (north,) = read_json(project.folder / "r.json").customers
    assert north.outcome == "done"


@pytest.mark.parametrize(
    "command", [["preview"], ["list"], ["matrix", "--shards", "2"], ["up", "--yes"]]
)
def test_a_reference_that_was_lost_is_not_nobody(jobs: Jobs, command: list[str]) -> None:
    for given in ("", " "):
        refused = fleet(*command, "--changed-since", given)
        assert refused.exit_code == 2
        assert "the commit to compare with is empty" in refused.output
    assert jobs.done == []


@pytest.mark.usefixtures("broken")
def test_who_is_not_asked_about_an_unreadable_file_hears_nothing_of_it(jobs: Jobs) -> None:
    ended = fleet("preview", "--only", "south")
    assert (ended.exit_code, jobs.done) == (0, [("south", "preview")])
    assert "north" not in ended.output


def test_a_repaired_settings_file_is_run_and_never_resumed(broken: StubProject, jobs: Jobs) -> None:
    good = (broken.folder / "Pulumi.south.yaml").read_text(encoding="utf-8")
    assert fleet("preview").exit_code == 1
    assert fleet("preview", "--resume").exit_code == 1
    (broken.folder / "Pulumi.north.yaml").write_text(good, encoding="utf-8")
    assert fleet("preview", "--resume").exit_code == 2
    assert fleet("preview", "--only", "north").exit_code == 0
    assert jobs.done == [("south", "preview"), ("north", "preview")]


@pytest.mark.usefixtures("broken")
def test_the_list_names_who_cannot_be_read() -> None:
    shown = fleet("list")
    assert "north  cannot be read" in shown.stdout
    assert "south  00000000" in shown.stdout
    assert "north: Pulumi.north.yaml, line 1 cannot be read" in shown.stderr


def test_a_name_that_is_a_pattern_runs_nobody(project: StubProject, jobs: Jobs) -> None:
    (project.folder / "Pulumi.*.yaml").write_text("config: {}\n", encoding="utf-8")
    ended = fleet("preview", "--only", "*", "--report", "r.json")
    assert ended.exit_code == 1
    assert sorted(jobs.done) == [("north", "preview"), ("south", "preview")]
    (bad, *_) = read_json(project.folder / "r.json").customers
    assert (bad.customer, bad.outcome) == ("*", "failed")
    assert fleet("preview", "--only", "south").exit_code == 0


def plan_stacks(project: StubProject, stacks: dict[str, int] | None) -> None:
    (project.bin / "plan.json").write_text(json.dumps({"stacks": stacks}), encoding="utf-8")


@pytest.mark.parametrize("command", ["preview", "status"])
@pytest.mark.usefixtures("jobs")
def test_a_stack_without_a_settings_file_is_named(project: StubProject, command: str) -> None:
    plan_stacks(project, {"north": 40, "msp/gone": 40, "emptied": 0, "sandbox": 40})
    ended = fleet(command, "--report", "r.json")
    assert ended.exit_code == 1
    gone = read_json(project.folder / "r.json").customers[0]
    assert (gone.customer, gone.outcome) == ("gone", "failed")
    assert "there is no Pulumi.gone.yaml" in gone.problems[0].what
    assert "there is no Pulumi.gone.yaml" in ended.output
    assert "emptied" not in ended.output
    assert fleet(command, "--only", "north").exit_code == 0
    assert fleet(command, "--only", "north", "--all-stacks").exit_code == 1


@pytest.mark.usefixtures("jobs")
def test_a_tenant_that_stands_under_the_examples_name_is_named(project: StubProject) -> None:
    settings = (project.folder / "Pulumi.north.yaml").read_text(encoding="utf-8")
    (project.folder / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
    plan_stacks(project, {"north": 40, "sandbox": 40, "prod": 0})
    assert fleet("preview").exit_code == 0
    plan_stacks(project, {"north": 40, "sandbox": 40, "prod": 45})
    ended = fleet("preview", "--report", "r.json")
    assert ended.exit_code == 1
    named = {one.customer: one for one in read_json(project.folder / "r.json").customers}
    (problem,) = named["prod"].problems
    assert "prod is the example's name, no customer's" in problem.what
    assert "`pulumi stack rename NAME --stack prod`" in problem.todo
    assert "prod: its stack stands in the backend" in fleet("list").stderr


def test_a_stack_that_was_taken_away_since_is_no_failure_any_more(
    project: StubProject, jobs: Jobs
) -> None:
    plan_stacks(project, {"gone": 40})
    first = fleet("preview")
    assert (first.exit_code, "[1/1] gone" in first.output) == (1, True)
    assert fleet("preview", "--resume").exit_code == 1, "it is there all the same"
    plan_stacks(project, {})
    resumed = fleet("preview", "--resume", "--report", "r.json")
    assert resumed.exit_code == 0, resumed.output
    assert "gone" not in resumed.output
    assert len(read_json(project.folder / "r.json").customers) == 2
    assert len(jobs.done) == 2


@pytest.mark.usefixtures("jobs")
def test_a_listing_that_fails_is_no_failure_of_the_run(project: StubProject) -> None:
    plan_stacks(project, None)
    ended = fleet("preview")
    assert ended.exit_code == 0
    assert ended.output.count("could not be seen") == 1
    listed = fleet("list")
    assert (listed.exit_code, listed.stderr.count("could not be seen")) == (0, 1)


def test_the_list_names_stacks_without_a_settings_file(project: StubProject) -> None:
    plan_stacks(project, {"gone": 40})
    assert "gone: its stack stands in the backend" in fleet("list").stderr
    assert "gone" not in fleet("list", "--only", "north").stderr


def test_listing_stacks_gets_no_customers_variable(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET__NORTH", "northern")
    fleet("list")
    (call,) = [one for one in project.calls() if one["operation"] == "ls"]
    assert "northern" not in call["environment"].values()


@pytest.mark.parametrize("command", [["preview"], ["up", "--yes"]])
@pytest.mark.usefixtures("project", "jobs")
def test_a_state_that_is_locked_with_a_customer_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state?storage_account=x")
    assert "which this fleet protects" not in fleet(*command).output
    monkeypatch.setenv("AZURE_TENANT_ID", tenant_of(1))
    assert fleet(*command).output.count("which this fleet protects") == 1


def test_a_new_customers_state_in_its_own_tenant_is_warned_of(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = project.folder / "template.yaml"
    south = (project.folder / "Pulumi.south.yaml").read_text(encoding="utf-8")
    template.write_text(south, encoding="utf-8")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "azblob://state?storage_account=x")
    monkeypatch.setenv("AZURE_TENANT_ID", tenant_of(7))
    ids = ["--tenant", tenant_of(7), "--subscription", tenant_of(8)]
    added = fleet("add", "east", *ids, "--template", str(template), "--init")
    assert added.exit_code == 0, added.output
    assert added.stderr.count("which this fleet protects") == 1


def test_outside_git_a_run_is_resumed_with_the_same_files_alone(
    project: StubProject, jobs: Jobs
) -> None:
    jobs.bad = {"south"}
    assert fleet("preview").exit_code == 1
    path = project.folder / "Pulumi.north.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}# other\n", encoding="utf-8")
    refused = fleet("preview", "--resume")
    assert (refused.exit_code, "the last run was of no git, files " in refused.output) == (2, True)
    path.write_text(before, encoding="utf-8")
    (project.folder / "notes.txt").write_text("call them", encoding="utf-8")
    jobs.bad, jobs.done = set(), []
    assert fleet("preview", "--resume").exit_code == 0
    assert jobs.done == [("south", "preview")]


def git(project: StubProject, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=project.folder, check=True, capture_output=True)


@pytest.mark.parametrize("command", [["preview"], ["up", "--yes"], ["list"]])
@pytest.mark.usefixtures("jobs")
def test_a_settings_file_that_is_gone_since_a_commit_is_named(
    project: StubProject, command: list[str]
) -> None:
    (project.folder / ".gitignore").write_text(".fleet/\n", encoding="utf-8")
    for words in (["init"], ["add", "."], ["commit", "-m", "first"], ["tag", "start"]):
        git(project, *words)
    assert "is gone since" not in fleet(*command, "--changed-since", "start").output
    (project.folder / "Pulumi.north.yaml").unlink()
    ended = fleet(*command, "--changed-since", "start")
    assert ended.exit_code == 0
    assert ended.output.count("north: Pulumi.north.yaml is gone since start") == 1


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (["--except", "*"], "--only and --except leave nobody."),
        (["--only", "north", "--except", "north"], "--only and --except leave nobody."),
        (["--changed-since", "HEAD"], "No customer that is chosen has changed since HEAD."),
    ],
)
def test_why_nobody_is_left_is_said(
    project: StubProject, jobs: Jobs, selection: list[str], told: str
) -> None:
    (project.folder / ".gitignore").write_text(".fleet/\n", encoding="utf-8")
    for words in (["init"], ["add", "."], ["commit", "-m", "first"]):
        git(project, *words)
    ended = fleet("preview", *selection)
    assert (ended.exit_code, told in ended.output, jobs.done) == (0, True, [])


def test_what_is_not_committed_is_resumed_as_it_was_and_no_other(
    project: StubProject, jobs: Jobs
) -> None:
    (project.folder / ".gitignore").write_text(".fleet/\n*.json\n", encoding="utf-8")
    for words in (["init"], ["add", "."], ["commit", "-m", "first"]):
        git(project, *words)
    path = project.folder / "Pulumi.north.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}# first\n", encoding="utf-8")
    jobs.bad = {"south"}
    assert fleet("preview", "--report", "r.json").exit_code == 1
    told = read_json(project.folder / "r.json").revision
    assert told is not None
    assert " plus uncommitted changes " in told
    path.write_text(f"{before}# second\n", encoding="utf-8")
    refused = fleet("preview", "--resume")
    assert (refused.exit_code, "the last run was of commit" in refused.output) == (2, True)
    (project.folder / "notes.txt").write_text("call them", encoding="utf-8")
    path.write_text(f"{before}# first\n", encoding="utf-8")
    jobs.bad, jobs.done = set(), []
    assert fleet("preview", "--resume").exit_code == 0
    assert jobs.done == [("south", "preview")]


@pytest.mark.parametrize("command", [["list"], ["preview"], ["up", "--yes"]])
@pytest.mark.usefixtures("jobs")
def test_one_tenant_in_two_settings_files_is_warned_of_with_both_names(
    project: StubProject, command: list[str]
) -> None:
    told = f"north and south have one tenant ({tenant_of(0)})"
    assert "have one tenant" not in fleet(*command).output
    copy = (project.folder / "Pulumi.north.yaml").read_text(encoding="utf-8")
    (project.folder / "Pulumi.south.yaml").write_text(copy, encoding="utf-8")
    (project.folder / "Pulumi.east.yaml").write_text("config: {}\n", encoding="utf-8")
    (project.folder / "Pulumi.west.yaml").write_text("config: {}\n", encoding="utf-8")
    assert fleet(*command).output.count("have one tenant") == 1
    assert fleet(*command, "--only", "south").output.count(told) == 1
    assert "have one tenant" not in fleet(*command, "--only", "*st").output
