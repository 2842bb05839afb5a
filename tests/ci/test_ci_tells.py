"""`ci comment` and `ci issue` as a pipeline calls them, on both systems, in memory."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli import ci_hosts
from cli.ci_hosts import COMMENT_MARK, ISSUE_MARK
from cli.main import app
from fleet.left_behind import without_settings
from fleet.report import CustomerReport, Problem
from fleet.report_json import write_json
from tests.ci.fake_hosts import TOKEN, FakeAzureDevOps, FakeGitHub
from tests.fleet.sample_report import MADE, customer, fleet

HEAD = "3f9c2d1a7b60c0ffee3f9c2d1a7b60c0ffee0001"


def here(
    monkeypatch: pytest.MonkeyPatch, transport: httpx.BaseTransport, environment: dict[str, str]
) -> None:
    for name in ("GITHUB_ACTIONS", "TF_BUILD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def instead(retries: int) -> httpx.BaseTransport:
        assert retries > 0
        return transport

    monkeypatch.setattr(ci_hosts.httpx, "HTTPTransport", instead)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": HEAD}}}))
    found = FakeGitHub()
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": "https://api.github.example",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "contoso/break-glass",
        "GITHUB_RUN_ID": "12",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_TOKEN": TOKEN,
    }
    here(monkeypatch, found.transport(), environment)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAzureDevOps:
    found = FakeAzureDevOps()
    environment = {
        "TF_BUILD": "True",
        "BUILD_BUILDID": "5",
        "BUILD_REPOSITORY_ID": "r1",
        "SYSTEM_ACCESSTOKEN": TOKEN,
        "SYSTEM_COLLECTIONURI": "https://dev.azure.example/org/",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD,
        "SYSTEM_TEAMPROJECTID": "p1",
    }
    here(monkeypatch, httpx.MockTransport(found.handle), environment)
    monkeypatch.chdir(tmp_path)
    return found


def ci(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["ci", *arguments])


def looked(*customers: CustomerReport, name: str = "drift.json", **different: Any) -> None:
    write_json(fleet(*customers, operation="preview", **different), Path(name))


def lost(name: str) -> CustomerReport:
    problem = Problem(what="1 policy has lost the exclusion", todo="put it back")
    return customer(name, outcome="failed", problems=(problem,))


def healed(shard: int, *customers: CustomerReport, after: timedelta = timedelta(hours=1)) -> None:
    folder = Path("reports") / f"shard-{shard}"
    folder.mkdir(parents=True)
    write_json(fleet(*customers, made=MADE + after), folder / f"healed-{shard}.json")


LINK = "(https://github.example/contoso/break-glass/actions/runs/12)"


def test_an_issue_opens_is_kept_up_to_date_closes_and_a_new_one_opens(fake: FakeGitHub) -> None:
    steps: Sequence[tuple[CustomerReport, str, list[str]]] = (
        (customer("north"), "There is nothing to report.", []),
        (lost("north"), "Issue 1 is open.", ["open"]),
        (lost("south"), "Issue 1 is up to date.", ["open"]),
        (customer("north"), "Issue 1 is closed.", ["closed"]),
        (lost("north"), "Issue 2 is open.", ["closed", "open"]),
    )
    for report, said, states in steps:
        looked(report)
        done = ci("issue", "drift.json")
        assert (done.exit_code, done.output.strip()) == (0, said)
        assert [one["state"] for one in fake.issues] == states
    assert fake.issues[1]["body"].startswith(f"{ISSUE_MARK}\n")
    assert "lost the exclusion" in fake.issues[1]["body"]


def test_a_customer_that_is_done_with_a_problem_keeps_the_issue_open(fake: FakeGitHub) -> None:
    looked(customer("north", problems=(Problem(what="a receiver is gone", todo=""),)))
    ci("issue", "drift.json")
    assert [one["state"] for one in fake.issues] == ["open"]


def test_an_issue_of_somebody_else_with_our_mark_is_left_alone(fake: FakeGitHub) -> None:
    fake.add(fake.issues, f"{ISSUE_MARK}\nmine", "mallory")
    for number in range(100):  # a page of others: ours comes after it
        fake.add(fake.issues, f"issue {number}", "ada")
    for _ in range(2):
        looked(lost("north"))
        assert ci("issue", "drift.json").exit_code == 0
    looked(customer("north"))
    assert ci("issue", "drift.json").output == "Issue 102 is closed.\n"
    assert fake.issues[0]["body"].endswith("mine")
    assert [one["number"] for one in fake.issues if one["state"] == "closed"] == [102]


def test_an_open_issue_of_ours_is_found_on_a_later_page(fake: FakeGitHub) -> None:
    for number in range(150):
        fake.add(fake.issues, f"another of the robot's, {number}")
    fake.add(fake.issues, f"{ISSUE_MARK}\nlost")
    looked(customer("north"))
    assert ci("issue", "drift.json").output == "Issue 151 is closed.\n"


def test_a_look_that_died_opens_the_issue_and_says_that_nothing_was_looked_at(
    fake: FakeGitHub,
) -> None:
    for _ in range(2):
        assert ci("issue", "drift.json").exit_code == 0
    (made,) = fake.issues
    assert made["state"] == "open"
    assert "Nothing was looked at" in made["body"]
    assert LINK in made["body"]
    looked(customer("north"))
    ci("issue", "drift.json")
    assert made["state"] == "closed"


@pytest.mark.parametrize("text", ["{", '{"version": 99}', "[]"])
def test_a_report_that_cannot_be_read_is_no_good_news(fake: FakeGitHub, text: str) -> None:
    Path("drift.json").write_text(text)
    done = ci("issue", "drift.json")
    assert done.exit_code == 1
    assert "breakglass: drift.json" in done.stderr
    (made,) = fake.issues
    assert (made["state"], "Nothing was looked at" in made["body"]) == ("open", True)


@pytest.mark.parametrize("command", ["issue", "comment"])
def test_a_refused_token_ends_the_step_in_one_line(
    fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    del fake
    monkeypatch.setenv("GITHUB_TOKEN", "somebody-elses-token")
    done = ci(command, "gone")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert "was refused (401)" in line
    assert "somebody-elses-token" not in done.output


def test_the_issue_tells_what_was_put_back_and_what_was_not(fake: FakeGitHub) -> None:
    looked(lost("north"), lost("south"), lost("west"), customer("east"))
    left = Problem(what="policy 'MFA' still lacks the exclusion: #12 @ada", todo="look at it")
    healed(1, customer("north", changes={"update": 2}), customer("east", changes={"update": 0}))
    healed(2, customer("south", outcome="failed", changes={"update": 1}, problems=(left,)))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    (made,) = fake.issues
    chapter = made["body"].partition("**Put back after this look**")[2]
    assert "<code>north</code>: 2 exclusions put back" in chapter
    assert "<code>south</code>: 1 exclusion put back, **failed**" in chapter
    assert "still lacks the exclusion" in chapter
    assert "#12" not in chapter
    assert "@ada" not in chapter
    assert "Nothing had to be put back for 1 customer." in chapter
    assert "Not known, no machine reported: <code>west</code>" in chapter


@pytest.mark.parametrize("folder", ["reports", "gone"])
def test_without_a_healing_the_issue_says_nothing_of_one(fake: FakeGitHub, folder: str) -> None:
    Path("reports").mkdir()
    looked(lost("north"))
    assert ci("issue", "drift.json", "--healed", folder).exit_code == 0
    assert "Put back" not in fake.issues[0]["body"]


def test_what_an_earlier_healing_left_on_the_machine_is_not_told(fake: FakeGitHub) -> None:
    looked(lost("north"))
    healed(1, customer("north", changes={"update": 2}), after=-timedelta(hours=4))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    assert "Put back" not in fake.issues[0]["body"]


def test_of_two_healings_of_one_customer_the_later_one_counts(fake: FakeGitHub) -> None:
    looked(lost("north"))
    later, earlier = timedelta(hours=2), timedelta(hours=1)
    healed(1, customer("north", changes={"update": 2}), after=later)
    healed(2, customer("north", outcome="failed"), after=earlier)
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    assert "<code>north</code>: 2 exclusions put back\n" in fake.issues[0]["body"]


def test_what_was_healed_before_this_look_at_a_customer_is_not_told(fake: FakeGitHub) -> None:
    again = MADE - timedelta(minutes=1)
    looked(customer("north", started=again), lost("south"))
    healed(1, customer("north", outcome="failed"), customer("south", changes={"update": 1}))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    chapter = fake.issues[0]["body"].partition("**Put back after this look**")[2]
    assert "failed" not in chapter
    assert "<code>south</code>: 1 exclusion put back" in chapter
    looked(customer("north", started=again))
    Path("reports/shard-1/healed-1.json").unlink()
    healed(2, customer("north", outcome="failed"))
    ci("issue", "drift.json", "--healed", "reports")
    assert [one["state"] for one in fake.issues] == ["closed"]


def test_a_stack_without_a_settings_file_is_no_machine_that_did_not_report(
    fake: FakeGitHub,
) -> None:
    looked(customer("north"), lost("west"), without_settings("east", "preview"))
    healed(1, customer("north", changes={"update": 0}))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    body = fake.issues[0]["body"]
    assert "Not known, no machine reported: <code>west</code>." in body
    looked(customer("north"), without_settings("east", "preview"))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    assert "no machine reported" not in fake.issues[0]["body"]
    assert "<code>east</code>" in fake.issues[0]["body"], "the look tells of it"


def test_what_is_worth_knowing_of_a_healing_is_told_and_opens_no_issue(fake: FakeGitHub) -> None:
    looked(customer("north"))
    note = "MFA: somebody else has put it back meanwhile"
    healed(1, customer("north", changes={"update": 0}, notes=(note,)))
    ci("issue", "drift.json", "--healed", "reports")
    assert fake.issues == []
    looked(lost("north"))
    ci("issue", "drift.json", "--healed", "reports")
    assert note in fake.issues[0]["body"]
    assert "failed" not in fake.issues[0]["body"].partition("**Put back after this look**")[2]


def test_a_failed_healing_alone_keeps_the_issue_open(fake: FakeGitHub) -> None:
    looked(customer("north"))
    healed(1, customer("north", outcome="failed"))
    ci("issue", "drift.json", "--healed", "reports")
    assert [one["state"] for one in fake.issues] == ["open"]
    Path("reports/shard-1/healed-1.json").write_text("{")
    ci("issue", "drift.json", "--healed", "reports")
    assert "Not readable: <code>healed-1.json</code>" in fake.issues[0]["body"]
    assert [one["state"] for one in fake.issues] == ["open"]


def test_a_healing_of_hundreds_still_fits_into_the_issue(fake: FakeGitHub) -> None:
    names = [f"customer-{number:03}" for number in range(80)]
    wordy = Problem(what="ü" * 400, todo="ö" * 400)
    planned = [{"operation": "update", "type": "ü" * 80, "name": str(one)} for one in range(9)]
    much: dict[str, Any] = {"problems": (wordy,) * 9, "notes": ("ä" * 400,) * 9, "planned": planned}
    many = [customer(name, outcome="failed", **much) for name in names]
    looked(*many)
    healed(1, *many)
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    body = fake.issues[0]["body"]
    assert len(body.encode()) < 65_536
    assert "more customers: the reports of the healing have them" in body


def test_a_comment_names_its_commit_and_is_updated_in_place(fake: FakeGitHub) -> None:
    for text in ("first", "second"):
        Path("comment.md").write_text(f"{text}\n")
        assert ci("comment", "comment.md").exit_code == 0
    (made,) = fake.comments
    assert made["body"] == f"{COMMENT_MARK}\nsecond\n\nOf commit <code>{HEAD}</code>.\n"


def test_a_commit_that_was_not_looked_at_does_not_keep_the_earlier_comment(
    fake: FakeGitHub,
) -> None:
    Path("comment.md").write_text("all is well")
    for name in ("comment.md", "gone.md"):
        assert ci("comment", name).exit_code == 0
    (made,) = fake.comments
    assert "all is well" not in made["body"]
    assert f"Commit <code>{HEAD}</code> was not looked at." in made["body"]
    assert LINK in made["body"]


def test_azure_devops_gets_the_same_comment(azure: FakeAzureDevOps) -> None:
    Path("comment.md").write_text("all is well")
    for name in ("comment.md", "gone.md"):
        assert ci("comment", name).exit_code == 0
    (thread,) = azure.threads
    content = thread["comments"][0]["content"]
    assert f"Commit <code>{HEAD}</code> was not looked at." in content
    assert "(https://dev.azure.example/org/p1/_build/results?buildId=5)" in content


def test_azure_devops_has_one_work_item_of_its_own(azure: FakeAzureDevOps) -> None:
    tagged = {"/fields/System.Tags": "break-glass-drift", "/fields/System.Title": "mine"}
    azure.items.append({"id": 1, "by": "mallory", "fields": tagged})
    steps = (
        (lost("north"), "Work item 2 is up to date."),
        (lost("south"), "Work item 2 is up to date."),
        (customer("north"), "Work item 2 may be closed."),
        (customer("north"), "There is nothing to report."),
        (lost("north"), "Work item 3 is up to date."),
    )
    for report, said in steps:
        looked(report)
        done = ci("issue", "drift.json")
        assert (done.exit_code, done.output.strip()) == (0, said)
    assert azure.items[0]["fields"]["/fields/System.Title"] == "mine"
    assert azure.items[1]["fields"]["/fields/System.Tags"] == ""


def test_azure_devops_hears_of_the_healing_and_of_a_look_that_died(
    azure: FakeAzureDevOps,
) -> None:
    assert ci("issue", "drift.json").exit_code == 0
    described = azure.items[0]["fields"]["/fields/System.Description"]
    assert "Nothing was looked at" in described
    looked(lost("north"))
    healed(1, customer("north", changes={"update": 1}))
    assert ci("issue", "drift.json", "--healed", "reports").exit_code == 0
    described = azure.items[0]["fields"]["/fields/System.Description"]
    assert "<code>north</code>: 1 exclusion put back" in described
