"""`breakglass sandbox outbox`: messages in a list, or whole."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import sandbox_commands
from cli.control_face import ControlFace
from cli.main import app

MAIL = {
    "time": "2026-11-01T12:09:00Z",
    "channel": "email",
    "recipient": "soc@contoso.com",
    "subject": "Sev0: account used",
    "body": "Who: wren.hollow [admin]\nFrom: 203.0.113.9",
}
UNSENT = MAIL | {"channel": "sms", "body": "Call", "status": "dropped", "reason": "rate limit"}


def said(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"value": [MAIL, UNSENT]}))
    face = ControlFace("https://localhost:1", Path("none.pem"), transport=transport)
    monkeypatch.setattr(sandbox_commands, "_face", lambda: face)
    done = CliRunner().invoke(app, ["sandbox", "outbox", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_message_can_be_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = said(monkeypatch, "--whole")
    head = "2026-11-01 12:09:00  email to soc@contoso.com (sent): Sev0: account used\n"
    assert f"{head}{MAIL['body']}\n" in text
    assert "sms to soc@contoso.com (dropped: rate limit)" in text


def test_the_list_tells_what_became_of_each_without_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    text = said(monkeypatch)
    assert "wren.hollow" not in text
    assert "dropped: rate limit" in text
