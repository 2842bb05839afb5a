"""What `--resume` knows of the runs before, whatever was run in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fleet import records
from fleet.customers import is_name
from fleet.job import Job, not_started
from fleet.records import ALL, MANY, Ledger, Record, last_report
from fleet.report import Operation
from fleet.report_json import read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.stub import NO_CHANGES, StubProject


@pytest.fixture
def three(project: StubProject, jobs: Jobs) -> StubProject:
    """A third customer; `up` was done for west and failed for the others."""
    south = (project.folder / "Pulumi.south.yaml").read_text(encoding="utf-8")
    (project.folder / "Pulumi.west.yaml").write_text(south, encoding="utf-8")
    jobs.bad = {"north", "south"}
    assert fleet("up", "--yes").exit_code == 1
    jobs.bad, jobs.done = set(), []
    return project


def edit(project: StubProject, customer: str) -> None:
    path = project.folder / f"Pulumi.{customer}.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# corrected\n", encoding="utf-8")


def test_a_run_of_one_customer_leaves_the_others_to_be_resumed(
    three: StubProject, jobs: Jobs
) -> None:
    assert fleet("up", "--yes", "--only", "north", "--report", "one.json").exit_code == 0
    assert [one.customer for one in read_json(three.folder / "one.json").customers] == ["north"]
    resumed = fleet("up", "--yes", "--resume", "--report", "all.json")
    assert resumed.exit_code == 0, resumed.output
    assert jobs.done == [("north", "up"), ("south", "up")]
    found = read_json(three.folder / "all.json").customers
    assert {one.customer: one.outcome for one in found} == dict.fromkeys(
        ("north", "south", "west"), "done"
    )
    assert "Nothing is missing" in fleet("up", "--yes", "--resume").output


def test_who_fails_when_run_alone_is_resumed_with_the_others(
    three: StubProject, jobs: Jobs
) -> None:
    del three
    jobs.bad = {"west"}
    assert fleet("up", "--yes", "--only", "west").exit_code == 1
    jobs.bad, jobs.done = set(), []
    assert fleet("up", "--yes", "--resume").exit_code == 0
    assert sorted(jobs.done) == [("north", "up"), ("south", "up"), ("west", "up")]


def test_after_a_correction_nobody_is_resumed_with_it_and_nobody_forgotten(
    three: StubProject, jobs: Jobs
) -> None:
    edit(three, "north")
    assert fleet("up", "--yes", "--only", "north").exit_code == 0
    for _ in range(2):  # a refusal changes nothing of what is known
        refused = fleet("up", "--yes", "--resume")
        assert refused.exit_code == 2, refused.output
        assert "south: left undone by a run of other code or settings" in refused.output
    assert fleet("up", "--yes", "--resume", "--except", "south").exit_code == 0
    assert jobs.done == [("north", "up")]
    edit(three, "west")
    assert fleet("up", "--yes", "--only", "west").exit_code == 0
    assert fleet("up", "--yes", "--resume").exit_code == 2, "of three commits, the first"
    assert fleet("up", "--yes", "--only", "south").exit_code == 0
    assert "Nothing is missing" in fleet("up", "--yes", "--resume").output


def test_who_fails_after_a_correction_is_undone_by_the_later_run_alone(
    three: StubProject, jobs: Jobs
) -> None:
    edit(three, "north")
    jobs.bad = {"north", "south"}
    assert fleet("up", "--yes", "--only", "north", "--only", "south").exit_code == 1
    jobs.bad, jobs.done = set(), []
    assert fleet("up", "--yes", "--resume").exit_code == 0
    assert sorted(jobs.done) == [("north", "up"), ("south", "up")]


@pytest.mark.usefixtures("jobs")
def test_a_run_about_everybody_begins_anew(three: StubProject) -> None:
    edit(three, "north")
    assert fleet("up", "--yes", "--only", "north").exit_code == 0
    assert fleet("up", "--yes").exit_code == 0
    assert "Nothing is missing" in fleet("up", "--yes", "--resume").output
    (three.folder / "Pulumi.west.yaml").unlink()
    assert fleet("up", "--yes").exit_code == 0
    assert [one.customer for one in last_report(three.folder, "up").customers] == ["north", "south"]


def test_two_runs_side_by_side_each_leave_what_they_did(three: StubProject) -> None:
    before = last_report(three.folder, "up")
    reports = {one.customer: one for one in before.customers}
    done = {"outcome": "done"}
    runs = [Record(three.folder, "up", before.revision) for _ in range(2)]
    for _ in range(2):
        for run, name in zip(runs, ("north", "south"), strict=True):
            run.keep([reports[name].model_copy(update=done)])
    runs[0].keep([reports["north"]])
    found = {one.customer: one.outcome for one in last_report(three.folder, "up").customers}
    assert found == {"north": "failed", "south": "done", "west": "done"}


def test_a_record_that_cannot_be_read_stops_no_run(three: StubProject) -> None:
    (three.folder / ".fleet" / "last-up.json").write_text("{", encoding="utf-8")
    assert fleet("up", "--yes", "--only", "north").exit_code == 0
    assert Path(three.folder / ".fleet" / "last-up.json").read_text(encoding="utf-8") != "{"


def test_a_customer_may_be_called_as_a_file_of_the_run(project: StubProject) -> None:
    text = (project.folder / "Pulumi.south.yaml").read_text(encoding="utf-8")
    names = ("report", "all", "last")
    for name in names:
        (project.folder / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    project.plan(**{name: {"preview": NO_CHANGES} for name in ("north", "south", *names)})
    ended = fleet("preview", "--parallel", "1", "--report", "r.json")
    assert ended.exit_code == 0, ended.output
    (run,) = [one for one in (project.folder / ".fleet").iterdir() if one.is_dir()]
    whole = [one for one in run.glob("*.json") if not is_name(one.stem)]
    assert [len(read_json(one).customers) for one in whole] == [5]


@pytest.mark.parametrize(("operation", "begun"), [("preview", "not started"), ("up", "cancelled")])
def test_of_many_customers_the_record_is_not_written_with_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: Operation, begun: str
) -> None:
    monkeypatch.setattr(records, "PAUSE_SECONDS", 3600.0)
    written: list[str] = []
    write = records.write_text

    def counted(text: str, path: Path) -> None:
        written.append(path.name)
        write(text, path)

    monkeypatch.setattr(records, "write_text", counted)
    jobs = [Job(f"c{number}", operation, "c0ffee") for number in range(MANY + 1)]
    ledger = Ledger(Record(tmp_path, operation, "c0ffee"), jobs, [])
    for number, job in enumerate(jobs):
        ledger.begin(job.customer)
        found = {one.customer: one.outcome for one in last_report(tmp_path, operation).customers}
        assert found[job.customer] == begun
        ledger.end(not_started(job).model_copy(update={"outcome": "done"}))
        assert written.count(ALL) == 1 + (number + 1 if operation == "up" else 0)
    ledger.write()
    assert {one.outcome for one in last_report(tmp_path, operation).customers} == {"done"}


def test_of_few_customers_each_change_is_written_at_once(tmp_path: Path) -> None:
    jobs = [Job(f"c{number}", "preview", "c0ffee") for number in range(2)]
    ledger = Ledger(Record(tmp_path, "preview", "c0ffee"), jobs, [])
    outcomes: list[list[str]] = []
    for change in (
        lambda: ledger.begin("c0"),
        lambda: ledger.end(not_started(jobs[0]).model_copy(update={"outcome": "done"})),
    ):
        change()
        outcomes.append([one.outcome for one in last_report(tmp_path, "preview").customers])
    assert outcomes == [["cancelled", "not started"], ["done", "not started"]]


@pytest.mark.usefixtures("jobs")
def test_what_runs_of_long_ago_have_left_goes(project: StubProject) -> None:
    base = project.folder / ".fleet"
    old = datetime.now(UTC) - timedelta(days=31)
    young = datetime.now(UTC) - timedelta(days=29)
    gone = f"{old:%Y%m%d-%H%M%S}-up-abc"
    stays = (
        f"{young:%Y%m%d-%H%M%S}-up-abc",
        f"{old:%Y%m%d-%H%M%S}-refresh-locked",
        f"{old:%Y%m%d-%H%M%S}-mine",
        "20269999-000000-up-abc",
        "turns",
    )
    for name in (gone, *stays):
        (base / name).mkdir(parents=True)
        (base / name / "north.log").touch()
    (base / stays[1] / "north.lock").touch()
    (base / "last-up.html").touch()
    assert fleet("preview").exit_code == 0
    left = {one.name for one in base.iterdir()}
    assert left >= {*stays, "last-up.html", "last-preview.json"}
    assert gone not in left
    assert len([one for one in left if "-preview-" in one]) == 1
