"""docs/policies.md: every command is run, in order, by the real engine in a simulated tenant."""

import json
from pathlib import Path

import pytest

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from tests.docs.fences import fences
from tests.docs.pulumi_session import pulumi_session
from tests.docs.shell_session import FenceFailedError
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.support.pulumi_stack import PulumiStack, session_engine
from tests.support.tenant import AT_ONCE, small_document

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
FENCES = fences(PAGE)
CONFIG_FILE = "policy-config.json"


def lines(text: str) -> list[str]:
    """Without the dash at the beginning of an item."""
    return [" ".join(line.split()).removeprefix("- ") for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def _engine() -> Engine:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the test's own time starts."""
    return session_engine()


@pytest.mark.usefixtures("_engine")
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    # The one in between needs a pull request: tests/engine/test_preview_of_code.py has one.
    usual, _, stricter = [one for one in FENCES if one.language == "bash"]
    # The first is for a program that makes an account and nothing else.
    _, config = [one for one in FENCES if one.language == "json"]
    (violation,) = [one for one in FENCES if one.language == "text"]
    file = tmp_path / CONFIG_FILE
    file.write_text(config.text, encoding="utf-8")
    document = small_document("Contoso", "contoso.onmicrosoft.com")
    folder = tmp_path / "stack"
    folder.mkdir()
    with TenantServer([document], knobs=AT_ONCE) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder, environment, settings_of(document), name="prod")
        scene = Scene(server, stack, document["tenant"]["id"])
        with pulumi_session(stack, tmp_path / "shell") as session:
            said = session.run(usual.text)
            assert said.count("break-glass@v1.0.0 (local: policies)") == 2
            assert "[mandatory]" not in said
            assert set(scene.accounts().values()) <= scene.global_administrators()

            short = {"passwordLength": 20, "passwordRotation": "short"}
            stack.set_config({"break-glass:accounts": short})
            with pytest.raises(FenceFailedError) as refused:
                session.run(stricter.text.replace(CONFIG_FILE, str(file)))
    told = lines(str(refused.value))
    assert told[0].startswith("exit code 1 of")
    for line in lines(violation.text):
        assert line in told, [one for one in told if "password" in one.lower()]
    days = json.loads(config.text)["log-retention"]["minimumDays"]
    assert any(f"found retentionInDays 31, expected {days} or more" in line for line in told)
