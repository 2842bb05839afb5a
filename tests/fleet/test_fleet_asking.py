"""What a person is shown and asked before customers are changed, and what the answer does."""

import json
from pathlib import Path

import pytest

from cli import fleet_run
from fleet.agreement import differs, write_plan
from fleet.job import Job, failed
from fleet.report import CustomerReport
from fleet.report_json import read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.steps import policy
from tests.fleet.stub import NO_CHANGES, StubProject
from tests.fleet.test_proof import told


@pytest.mark.usefixtures("somebody")
def test_up_shows_the_sum_and_asks_once(jobs: Jobs) -> None:
    jobs.changes = {"create": 3, "same": 1}
    refused = fleet("up", typed=["y"])
    assert refused.exit_code == 1
    assert "2 customers, 2 of them with changes: 6 to create." in refused.output
    assert "nothing was changed" in refused.output
    assert sorted(jobs.done) == [("north", "preview"), ("south", "preview")]
    agreed = fleet("up", typed=["yes"])
    assert agreed.exit_code == 0, agreed.output
    assert sorted(jobs.done[4:]) == [("north", "up"), ("south", "up")]


@pytest.mark.usefixtures("somebody")
def test_who_fails_the_preview_is_left_out_of_up(project: StubProject, jobs: Jobs) -> None:
    jobs.bad = {"north"}
    ended = fleet("up", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 1
    assert "Left out, because their preview failed: north." in ended.output
    assert ("north", "up") not in jobs.done
    found = read_json(project.folder / "r.json").customers
    assert [(one.operation, one.outcome) for one in found] == [("up", "failed"), ("up", "done")]


@pytest.mark.usefixtures("somebody")
def test_an_up_that_died_is_never_taken_for_its_preview(project: StubProject) -> None:
    done = {"preview": {"changes": {"create": 1}}, "up": {"changes": {"create": 1}}}
    project.plan(north={**done, "up": {"orphaned": True}}, south=done)
    ended = fleet("up", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 1, ended.output
    assert project.steps("north") == ["preview", "preview", "up"]
    north, south = read_json(project.folder / "r.json").customers
    assert (north.operation, north.outcome) == ("up", "failed")
    assert north.problems[0].what == "the process of up was killed (signal 9)"
    assert (south.operation, south.outcome) == ("up", "done")


@pytest.mark.parametrize("command", [["up"], ["destroy", "--only", "north"]])
def test_without_a_person_nothing_is_changed(jobs: Jobs, command: list[str]) -> None:
    refused = fleet(*command, typed=["yes", "north"])
    assert refused.exit_code == 2
    assert "nobody is here to ask" in refused.output
    assert jobs.done == []


@pytest.mark.usefixtures("somebody")
def test_destroy_asks_for_each_name(jobs: Jobs) -> None:
    refused = fleet("destroy", "--only", "*", typed=["north", "sout"])
    assert refused.exit_code == 1
    assert jobs.done == []
    ended = fleet("destroy", "--only", "*", typed=["north", "south"])
    assert ended.exit_code == 0, ended.output
    assert sorted(jobs.done) == [("north", "destroy"), ("south", "destroy")]
    assert fleet("destroy").exit_code == 2


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize("typed", [["y"], []])
def test_who_does_not_say_yes_has_it_in_the_report(
    project: StubProject, jobs: Jobs, typed: list[str]
) -> None:
    jobs.changes = {"create": 3}
    assert fleet("up", "--report", "r.json", typed=typed).exit_code == 1
    for report in (project.folder / "r.json", project.folder / ".fleet" / "last-up.json"):
        for one in read_json(report).customers:
            assert (one.operation, one.outcome, one.changes) == ("up", "not started", {})
            assert one.problems[0].what.startswith("nothing was changed")


@pytest.mark.usefixtures("somebody")
def test_nobody_is_asked_when_nothing_would_change(project: StubProject, jobs: Jobs) -> None:
    ended = fleet("up", "--report", "r.json")
    assert ended.exit_code == 0, ended.output
    assert "2 customers: no changes." in ended.output
    assert "Go on?" not in ended.output
    assert {operation for _, operation in jobs.done} == {"preview"}
    found = read_json(project.folder / "r.json").customers
    assert {(one.operation, one.outcome) for one in found} == {("up", "done")}


@pytest.mark.usefixtures("somebody")
def test_who_has_no_changes_is_done_with_the_preview_and_its_report_is_whole(
    project: StubProject,
) -> None:
    quiet = {**told(policy("same", 1)), "changes": {"same": 40}}
    some = {"changes": {"create": 1}}
    project.plan(north={"preview": some, "up": some}, south={"preview": quiet})
    ended = fleet("up", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 0, ended.output
    assert project.steps("north") == ["preview", "preview", "up"]
    assert project.steps("south") == ["preview"]
    assert "2 customers, 1 of them with changes: 1 created.\nup: 2 done." in ended.output
    _, south = read_json(project.folder / "r.json").customers
    assert (south.operation, south.outcome, south.changes) == ("up", "done", {"same": 40})
    assert (south.policies.excluded, south.last_verified is None) == (1, False)
    refused = fleet("up", "--report", "r.json", typed=["no"])
    assert refused.exit_code == 1
    outcomes = [one.outcome for one in read_json(project.folder / "r.json").customers]
    assert outcomes == ["not started", "done"]


@pytest.mark.usefixtures("somebody")
def test_that_nobody_goes_first_is_said_before_it_is_agreed_to(project: StubProject) -> None:
    some = {"changes": {"create": 1}}
    project.plan(north={"preview": NO_CHANGES}, south={"preview": some, "up": some})
    line = "Nobody goes first: nothing is to be changed at north."
    ended = fleet("up", "--canary", "north", typed=["yes"])
    assert ended.exit_code == 0, ended.output
    assert ended.output.index(line) < ended.output.index("Go on?")
    assert line not in fleet("up", "--canary", "*", typed=["yes"]).output


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize(("kind", "past"), [("import", "1 imported"), ("none-such", "1 none-such")])
def test_what_is_lost_to_the_state_is_a_change_to_agree_to(
    project: StubProject, kind: str, past: str
) -> None:
    counts = {"changes": {"same": 40, kind: 1}}
    project.plan(north={"preview": counts, "up": counts}, south={"preview": NO_CHANGES})
    ended = fleet("up", "--only", "north", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 0, ended.output
    assert f"1 customer, 1 of them with changes: 1 to {kind}." in ended.output
    assert f"1 of them with changes: {past}." in ended.output
    assert project.steps("north") == ["preview", "preview", "up"]
    (north,) = read_json(project.folder / "r.json").customers
    assert north.changes[kind] == 1


@pytest.mark.usefixtures("project")
def test_what_is_lost_to_the_state_is_no_change_that_was_expected(jobs: Jobs) -> None:
    jobs.changes = {"same": 40, "import": 1}
    strict = fleet("preview", "--expect-no-changes")
    assert strict.exit_code == 1
    assert "changes are pending: 1 import" in strict.output


@pytest.mark.usefixtures("somebody")
def test_an_up_whose_preview_failed_is_resumed_as_an_up(
    project: StubProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(one: Job, *_: object) -> CustomerReport:
        return failed(one, "locked", f"`breakglass fleet {one.operation} --resume`")

    monkeypatch.setattr(fleet_run, "run_job", locked)
    fleet("up", "--report", "r.json")
    north, _ = read_json(project.folder / "r.json").customers
    assert (north.operation, north.problems[0].todo) == ("up", "`breakglass fleet up --resume`")


def test_an_up_that_asks_nobody_tells_what_it_changed(jobs: Jobs) -> None:
    jobs.changes = {"create": 3, "same": 1, "delete": 1}
    ended = fleet("up", "--yes")
    assert "2 customers, 2 of them with changes: 6 created, 2 deleted." in ended.output


def test_what_is_not_known_of_an_up_that_died_is_not_counted_as_no_change(
    project: StubProject,
) -> None:
    begun = {"preview": {"changes": {"create": 5}}, "up": {"killed": True}}
    project.plan(north=begun, south={"preview": NO_CHANGES, "up": NO_CHANGES})
    both = fleet("up", "--yes")
    told = "1 customer: no changes. Not counted, since it failed or was stopped: north.\n"
    assert told in both.output
    project.plan(north=begun)
    alone = fleet("up", "--yes", "--only", "north")
    assert alone.exit_code == 1
    assert "no changes" not in alone.output
    assert "\nNot counted, since it failed or was stopped: north.\nup: 1 failed." in alone.output


@pytest.mark.usefixtures("somebody")
def test_what_an_up_that_failed_had_changed_by_then_is_counted(project: StubProject) -> None:
    project.plan(
        north={
            "preview": {"changes": {"create": 5}},
            "up": {"changes": {"create": 2}, "errors": ["no"]},
        }
    )
    ended = fleet("up", "--only", "north", typed=["yes"])
    assert ended.exit_code == 1
    assert "1 customer, 1 of them with changes: 2 created.\nup: 1 failed." in ended.output


@pytest.mark.usefixtures("somebody")
def test_all_are_previewed_however_many_go_first(jobs: Jobs) -> None:
    jobs.changes, jobs.bad = {"create": 1}, {"south"}
    ended = fleet("up", "--canary", "1", typed=["yes"])
    assert jobs.done == [("north", "preview"), ("south", "preview"), ("north", "up")]
    assert "1 customer, 1 of them with changes: 1 to create." in ended.output


@pytest.mark.usefixtures("somebody")
def test_nobody_goes_first_in_the_place_of_one_that_failed_its_preview(
    project: StubProject, jobs: Jobs
) -> None:
    jobs.changes, jobs.bad = {"create": 1}, {"north"}
    ended = fleet("up", "--canary", "1", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 1
    assert "Nobody is started: north was to go first, and the preview failed." in ended.output
    assert sorted(jobs.done) == [("north", "preview"), ("south", "preview")]
    found = read_json(project.folder / "r.json").customers
    assert [one.outcome for one in found] == ["failed", "not started"]


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize("name", ["Pulumi.north.yaml", "__main__.py"])
def test_what_was_edited_while_it_was_agreed_to_is_not_written(
    project: StubProject, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def edited_meanwhile(question: str) -> str:
        assert question.startswith("Go on?")
        with (project.folder / name).open("a", encoding="utf-8") as file:
            file.write("# Another receiver, in the same property.\n")
        return "yes"

    some = {"changes": {"update": 1}}
    project.plan(north={"preview": some, "up": some}, south={"preview": NO_CHANGES})
    monkeypatch.setattr("builtins.input", edited_meanwhile)
    ended = fleet("up", "--report", "r.json")
    assert ended.exit_code == 1, ended.output
    assert project.steps("north") == ["preview"]
    north, south = read_json(project.folder / "r.json").customers
    assert (north.outcome, north.changes, south.outcome) == ("not started", {}, "done")
    why = "settings or code changed since the preview, so nothing was written"
    assert [one.what for one in north.problems] == [why]
    assert ended.output.count(why) == 1


def step(operation: str, name: str, *keys: str) -> str:
    return "\t".join((operation, f"urn:pulumi:north::break-glass::a$b::{name}", ",".join(keys)))


AGREED = [step("create", "user"), step("update", "policy", "pending")]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (AGREED, None),
        (list(reversed(AGREED)), None),
        ([*AGREED, step("delete", "group")], "new: delete group"),
        (AGREED[:1], "no more: update policy"),
        ([AGREED[0], step("update", "policy", "wanted")], "new: update policy, no more: update po"),
        ([*AGREED, *(step("delete", f"u{n}") for n in range(5))], "new: delete u2 and 2 more"),
    ],
)
def test_another_plan_than_the_agreed_one_is_told(
    tmp_path: Path, now: list[str], told: str | None
) -> None:
    path = tmp_path / "north.plan"
    write_plan(AGREED, path)
    found = differs(now, path, "north")
    assert (found is None) == (told is None)
    if found is not None and told is not None:
        assert found.what.startswith("changed since you agreed, so nothing was written: ")
        assert told in found.what


def test_a_plan_that_cannot_be_read_is_no_agreement(tmp_path: Path) -> None:
    assert differs(AGREED, tmp_path / "none.plan", "north") is not None


@pytest.mark.usefixtures("somebody")
def test_what_changed_since_it_was_agreed_to_is_not_written(project: StubProject) -> None:
    def planning(*names: str) -> dict[str, object]:
        events = [
            {"resourcePreEvent": {"metadata": {"op": "create", "urn": f"urn::{one}", "type": "a:b:C"
              , "provider": "", "old": None, "new": None}}}
            for one in names
        ]  # fmt: skip
        return {"events": events, "changes": {"create": len(names)}}

    first, other = planning("one"), planning("one", "two")
    up = {"changes": {"create": 1}}
    project.plan(north={"preview": first, "preview-again": other, "up": up},
                 south={"preview": first, "up": up})  # fmt: skip
    ended = fleet("up", "--report", "r.json", typed=["yes"])
    assert ended.exit_code == 1, ended.output
    assert project.steps("north") == ["preview", "preview"]
    assert project.steps("south") == ["preview", "preview", "up"]
    north, south = read_json(project.folder / "r.json").customers
    assert (north.outcome, south.outcome) == ("failed", "done")
    assert north.problems[0].what.endswith("nothing was written: new: create two")
    assert (north.changes, south.changes) == ({}, {"create": 1}), "a plan is no deed"
    assert "1 customer, 1 of them with changes: 1 created. Not counted" in ended.output
    plans = list((project.folder / ".fleet").rglob("*.plan"))
    assert json.loads(plans[0].read_text(encoding="utf-8")) == ["create\turn::one\t"]
