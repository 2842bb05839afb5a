"""The story's chapters: what they look for, and that they do not take old news for new."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import story
from cli.chapters.alarm import wait_for_alarm
from cli.chapters.healing import pending_of, shows_pending
from cli.chapters.sign_ins import ordinary_administrator
from cli.chapters.stage import MISTAKE, Stage, count, left_from_last_run
from cli.control_face import ControlFace, Policy
from cli.failure import CommandFailed
from cli.pulumi_run import PulumiRun
from cli.screen import Screen
from cli.story import UpOptions
from cli.workspace import SandboxFolder

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


class FakeTenant:
    """A tenant whose alert rings at a minute of ours, and has rung before the story began."""

    def __init__(self, rings_after: int) -> None:
        self.now = START
        self.rings_at = START + timedelta(minutes=rings_after)

    def firing(self, time: datetime) -> dict[str, Any]:
        severity = 0 if time >= START else 3
        return {"time": time.isoformat(), "rule": "Used", "severity": severity}

    def answer(self, request: httpx.Request) -> httpx.Response:
        times = [START - timedelta(hours=1)]
        if self.now >= self.rings_at:
            times.append(self.rings_at)
        match request.url.path:
            case "/sandbox/clock":
                self.now += timedelta(seconds=json.loads(request.content)["advanceSeconds"])
                body: dict[str, Any] = {"now": self.now.isoformat()}
            case "/sandbox/alerts":
                body = {"value": [self.firing(time) for time in times]}
            case _:
                mail = {"channel": "email", "recipient": "soc@contoso.com", "subject": "Used"}
                body = {"value": [{**mail, "time": t.isoformat()} for t in times]}
        return httpx.Response(200, json=body)


def stage(tenant: FakeTenant, tmp_path: Path) -> Stage:
    folder = SandboxFolder(tmp_path, tmp_path)
    run = PulumiRun(Path("pulumi"), folder, {}, show=print, colors=False)
    transport = httpx.MockTransport(tenant.answer)
    face = ControlFace("https://localhost:1", Path("none.pem"), transport=transport)
    return Stage(Screen(), folder, face, "Contoso", run, 1.0)


def test_the_alarm_is_waited_for_in_virtual_minutes(tmp_path: Path) -> None:
    tenant = FakeTenant(rings_after=9)
    alert, mail = wait_for_alarm(stage(tenant, tmp_path), START)
    assert (alert.fired, alert.severity) == (True, 0)
    assert (mail.to, mail.subject) == (["soc@contoso.com"], "Used")
    assert tenant.now == START + timedelta(minutes=9)


def test_an_alarm_of_an_earlier_sign_in_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alert, mail = wait_for_alarm(stage(FakeTenant(rings_after=10_000), tmp_path), START)
    assert not alert.fired
    assert mail.to == []
    assert "No alert" in capsys.readouterr().out


def test_the_ordinary_administrator_is_enabled_and_not_one_of_our_accounts() -> None:
    document = {
        "roleAssignments": [
            {"principalId": user, "roleDefinitionId": GLOBAL_ADMINISTRATOR}
            for user in ("ours", "left", "admin")
        ]
        + [{"principalId": "reader", "roleDefinitionId": "another"}],
        "users": [
            {"id": "ours", "userPrincipalName": "a@x", "accountEnabled": True},
            {"id": "left", "userPrincipalName": "b@x", "accountEnabled": False},
            {"id": "admin", "userPrincipalName": "d@x", "accountEnabled": True},
            {"id": "reader", "userPrincipalName": "c@x", "accountEnabled": True},
        ],
    }
    assert ordinary_administrator(document, {"ours"}) == "d@x"
    with pytest.raises(CommandFailed):
        ordinary_administrator(document, {"ours", "admin"})


def test_only_the_storys_own_mistake_is_taken_for_a_leftover() -> None:
    names = ["CA001: Require MFA", MISTAKE, "CA900: Block everybody"]
    policies = [Policy(id=name, display_name=name, state="enabled") for name in names]
    assert [policy.display_name for policy in left_from_last_run(policies)] == [MISTAKE]


EXCLUSION = "pulumi-python:dynamic/break-glass:PolicyExclusion exclusion-7f"
MESSAGE = "CA900: Block everybody (7f): exclude group BTG Admins, exclude account x@y.z"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f" ~  {EXCLUSION} update [diff: ~pending]", True),
        (f" ~  {EXCLUSION} update (0.1s) [diff: ~pending,wanted]", True),
        (f" ~  {EXCLUSION} update [diff: ~labels]", False),
        (f" ~  {EXCLUSION} update ", False),
        (f" ~  {EXCLUSION}0 update [diff: ~pending]", False),
        (f" +  {EXCLUSION} create ", False),
    ],
)
def test_pending_is_seen_only_on_the_policys_own_step(line: str, shown: bool) -> None:
    assert shows_pending(["Previewing update (sandbox):", line], "7f") is shown


def test_what_is_pending_is_told_once_in_the_programs_words() -> None:
    lines = [f"    break-glass:index:CaExclusionPatch exclusion  {MESSAGE}", f"    {MESSAGE}"]
    assert pending_of(lines, "7f") == "exclude group BTG Admins, exclude account x@y.z"
    assert pending_of(lines, "another") == "it does not say what"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 policy"), (2, "2 policies"), (0, "0 policies")]
)
def test_counts_read_well(number: int, text: str) -> None:
    assert count(number, "policy") == text


def test_a_second_run_at_the_same_time_says_so_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SandboxFolder(tmp_path, tmp_path)
    options = UpOptions(port=0, ca_rate=1.0, picture=None)

    def first(*_: object, **__: object) -> None:
        folder.facts.write_text("facts of the first")
        with pytest.raises(CommandFailed, match="Another `breakglass up`"):
            story.tell(folder, options)
        assert folder.facts.read_text() == "facts of the first"
        raise CommandFailed("the first went on")

    monkeypatch.setattr(story, "set_up", first)
    with pytest.raises(CommandFailed, match="the first went on"):
        story.tell(folder, options)


def test_a_run_that_fails_leaves_no_facts_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SandboxFolder(tmp_path, tmp_path)
    folder.facts.write_text("{}")

    def fails(*_: object, **__: object) -> None:
        raise CommandFailed("no engine")

    monkeypatch.setattr(story, "set_up", fails)
    with pytest.raises(CommandFailed):
        story.tell(folder, UpOptions(port=0, ca_rate=1.0, picture=None))
    assert not folder.facts.exists()
