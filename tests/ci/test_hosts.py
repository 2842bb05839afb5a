"""One comment, one issue, on both systems."""

import json
from pathlib import Path

import httpx
import pytest

from cli.ci_hosts import (
    COMMENT_MARK,
    ISSUE_MARK,
    AzureDevOps,
    GitHub,
    Host,
    host,
)
from cli.failure import CommandFailed
from tests.ci.fake_hosts import TOKEN, FakeAzureDevOps, FakeGitHub


def github_environment(folder: Path) -> dict[str, str]:
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": "https://api.github.example",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "contoso/break-glass",
        "GITHUB_TOKEN": TOKEN,
    }


AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/org/",
    "SYSTEM_TEAMPROJECTID": "p1",
    "BUILD_REPOSITORY_ID": "r1",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
    "SYSTEM_ACCESSTOKEN": TOKEN,
}


def github(fake: FakeGitHub, folder: Path, **more: str) -> Host:
    return GitHub(github_environment(folder) | more, fake.transport())


def azure(fake: FakeAzureDevOps, **more: str) -> Host:
    return AzureDevOps(AZURE | more, httpx.MockTransport(fake.handle))


def test_github_gets_one_comment_that_is_kept_up_to_date(tmp_path: Path) -> None:
    fake = FakeGitHub()
    for number in range(100):  # ours is on the second page
        fake.add(fake.comments, f"comment {number}", "ada")
    assert github(fake, tmp_path).comment("first") == "Pull request 7 has a comment."
    assert "up to date" in github(fake, tmp_path).comment("second")
    assert len(fake.comments) == 101
    assert fake.comments[100]["body"] == f"{COMMENT_MARK}\nsecond"


def test_a_comment_of_somebody_else_with_our_mark_is_left_alone(tmp_path: Path) -> None:
    fake, there = FakeGitHub(), FakeAzureDevOps()
    fake.add(fake.comments, f"{COMMENT_MARK}\nmine", "mallory")
    there.add(f"{COMMENT_MARK}\nmine", "mallory")
    github(fake, tmp_path).comment("ours")
    azure(there).comment("ours")
    assert [one["body"][-4:] for one in fake.comments] == ["mine", "ours"]
    assert [one["comments"][0]["content"][-4:] for one in there.threads] == ["mine", "ours"]


def test_github_has_one_issue_open_while_there_is_something_to_do(tmp_path: Path) -> None:
    fake = FakeGitHub()
    assert github(fake, tmp_path).issue("all well", is_open=False) == "There is nothing to report."
    assert fake.issues == []
    for text in ("lost", "still lost"):
        github(fake, tmp_path).issue(text, is_open=True)
    ((number, state, body),) = [(one["number"], one["state"], one["body"]) for one in fake.issues]
    assert (number, state, body) == (1, "open", f"{ISSUE_MARK}\nstill lost")
    assert github(fake, tmp_path).issue("all well", is_open=False) == "Issue 1 is closed."
    assert fake.issues[0]["state"] == "closed"
    github(fake, tmp_path).issue("lost again", is_open=True)
    assert [one["state"] for one in fake.issues] == ["closed", "open"]


def test_azure_devops_gets_one_comment_that_is_kept_up_to_date() -> None:
    fake = FakeAzureDevOps()
    fake.add("somebody's question", "ada")
    for text in ("first", "second"):
        azure(fake).comment(text)
    contents = [thread["comments"][0]["content"] for thread in fake.threads]
    assert contents == ["somebody's question", f"{COMMENT_MARK}\nsecond"]


def test_azure_devops_has_one_work_item_and_says_when_it_is_over() -> None:
    fake = FakeAzureDevOps()
    assert azure(fake).issue("all well", is_open=False) == "There is nothing to report."
    for text in ("lost", "still lost"):
        azure(fake).issue(text, is_open=True)
    (item,) = fake.items
    assert item["fields"]["/fields/System.Description"] == "still lost"
    assert azure(fake).issue("all well", is_open=False) == "Work item 1 may be closed."
    assert item["fields"]["/fields/System.Tags"] == ""
    azure(fake).issue("lost again", is_open=True)
    assert len(fake.items) == 2


def test_an_environment_asks_its_reviewers_or_the_job_ends(tmp_path: Path) -> None:
    fake = FakeGitHub()
    there = GitHub(github_environment(tmp_path), fake.transport())
    assert (
        there.check_approval("tenant-preview") == "Environment tenant-preview asks its reviewers."
    )
    for name, why in (
        ("tenant", "environment tenant has no required reviewers"),
        ("tenant-other", "there is no environment tenant-other"),
        ("../issues", "there is no environment ../issues"),
    ):
        with pytest.raises(CommandFailed, match=f"^{why}, so nobody would be asked"):
            there.check_approval(name)
    fake.reviewers["tenant-preview"] = []
    with pytest.raises(CommandFailed, match="no required reviewers"):
        there.check_approval("tenant-preview")
    stranger = GitHub(github_environment(tmp_path) | {"GITHUB_TOKEN": "x"}, fake.transport())
    with pytest.raises(CommandFailed, match=r"was refused \(401\)"):
        stranger.check_approval("tenant-preview")


def test_a_refusal_is_one_line_without_the_token(tmp_path: Path) -> None:
    guess = "somebody-elses-token"
    refused: list[Host] = [
        github(FakeGitHub(), tmp_path, GITHUB_TOKEN=guess),
        azure(FakeAzureDevOps(), SYSTEM_ACCESSTOKEN=guess),
    ]
    for service in refused:
        with pytest.raises(CommandFailed, match=r"was refused \((401|203)\)") as told:
            service.comment("text")
        assert guess not in str(told.value)


def test_the_pipelines_own_service_is_chosen(tmp_path: Path) -> None:
    assert isinstance(host(github_environment(tmp_path)), GitHub)
    assert isinstance(host(AZURE), AzureDevOps)
    with pytest.raises(CommandFailed, match="neither GITHUB_ACTIONS nor TF_BUILD"):
        host({})


def test_a_run_without_a_pull_request_has_nowhere_to_comment(tmp_path: Path) -> None:
    service = github(FakeGitHub(), tmp_path)
    (tmp_path / "event.json").write_text("{}")
    with pytest.raises(CommandFailed, match="no pull request"):
        service.comment("text")
