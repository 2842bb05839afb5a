"""`--canary`: who goes first, in which words, and what is said when nobody does."""

import pytest

from fleet.report_json import read_json
from tests.fleet.commands import Jobs, fleet
from tests.fleet.stub import StubProject

ALONE = ("--parallel", "1")


@pytest.fixture
def lab(project: StubProject, jobs: Jobs) -> Jobs:
    """A test tenant of one's own, which comes last by name."""
    settings = (project.folder / "Pulumi.north.yaml").read_text(encoding="utf-8")
    (project.folder / "Pulumi.our-lab.yaml").write_text(settings, encoding="utf-8")
    jobs.changes = {"create": 1}
    return jobs


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("1", ["north", "our-lab", "south"]),
        ("our-lab", ["our-lab", "north", "south"]),
        ("*-lab, south", ["our-lab", "south", "north"]),
        ("0", ["north", "our-lab", "south"]),
    ],
)
@pytest.mark.parametrize("operation", ["preview", "status", "refresh"])
def test_who_is_named_goes_first(lab: Jobs, operation: str, words: str, order: list[str]) -> None:
    ended = fleet(operation, "--canary", words, *ALONE)
    assert ended.exit_code == 0, ended.output
    assert lab.done == [(one, operation) for one in order]


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize(
    ("command", "typed"),
    [
        (["up", "--yes"], []),
        (["up"], ["yes"]),
        (["destroy", "--only", "*"], ["north", "our-lab", "south"]),
    ],
)
def test_the_rest_waits_for_who_was_named(
    project: StubProject, lab: Jobs, command: list[str], typed: list[str]
) -> None:
    lab.bad_at = {("our-lab", command[0])}
    ended = fleet(*command, "--canary", "our-lab", "--report", "r.json", typed=typed)
    assert ended.exit_code == 1
    written = [one for one in lab.done if one[1] == command[0]]
    assert written == [("our-lab", command[0])]
    outcomes = [one.outcome for one in read_json(project.folder / "r.json").customers]
    assert outcomes == ["not started", "failed", "not started"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("our-lap", "'our-lap' names no customer: did you mean our-lab?"),
        ("", "--canary is empty: expected names of customers"),
        ("-1", "'-1' names no customer"),
        ("365", "--canary 365 is a number and a customer's name: for that customer say"),
    ],
)
def test_what_could_mean_nobody_is_refused(
    project: StubProject, lab: Jobs, words: str, told: str
) -> None:
    (project.folder / "Pulumi.365.yaml").write_text("config: {}\n", encoding="utf-8")
    refused = fleet("preview", f"--canary={words}")
    assert (refused.exit_code, lab.done) == (2, [])
    assert told in refused.output
    assert fleet("preview", "--canary", "365*", *ALONE).exit_code == 0
    assert lab.done[0] == ("365", "preview")


def test_when_nobody_goes_first_it_is_said(lab: Jobs) -> None:
    line = "Nobody goes first: this run has nothing to do for our-lab."
    assert line in fleet("preview", "--only", "south,north", "--canary", "our-lab").output
    assert "Nobody goes first" not in fleet("preview", "--canary", "our-lab").output
    lab.bad = {"south"}
    assert fleet("preview").exit_code == 1
    assert line in fleet("preview", "--resume", "--canary", "our-lab").output


def test_a_status_is_resumed_with_those_who_had_a_problem(lab: Jobs) -> None:
    lab.bad = {"south"}
    first = fleet("status")
    assert (first.exit_code, "`breakglass fleet status --resume`" in first.output) == (1, True)
    lab.bad, lab.done = set(), []
    assert fleet("status", "--resume").exit_code == 0
    assert lab.done == [("south", "status")]
