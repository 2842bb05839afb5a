"""docs/sandbox.md: every command is run, in order, and says what the page shows."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.main import sandbox_app
from cli.tenant_process import stop
from cli.workspace import SandboxFolder
from tests.docs.fences import Fence, fences
from tests.docs.shell_session import FenceFailedError, ShellSession, assert_shown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "sandbox.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCES = fences(PAGE)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[ShellSession]:
    assert shutil.which("bash") is not None
    try:
        with ShellSession(tmp_path) as session:
            yield session
    finally:
        stop(SandboxFolder(tmp_path / "sandbox", ROOT))


def test_every_command_runs_and_says_what_the_page_shows(session: ShellSession) -> None:
    said = ""
    with ExitStack() as terminals:
        for fence in FENCES:
            match fence.language:
                case "bash":
                    said = session.run(fence.text)
                case "bash terminal":
                    said = terminals.enter_context(session.terminal(fence.text))
                case "text":
                    assert_shown(fence.text, said)
                case other:
                    assert other == "powershell"


def test_every_command_named_in_the_text_is_run_in_a_fence() -> None:
    run = "\n".join(fence.text for fence in FENCES if fence.language.startswith("bash"))
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`((?:breakglass sandbox|python -m sandbox) [a-z-]+)", prose))
    assert len(named) >= 3
    for command in named:
        assert command in run, command


def test_every_subcommand_of_the_sandbox_is_on_the_page() -> None:
    names = {
        command.name or command.callback.__name__.replace("_", "-")
        for command in sandbox_app.registered_commands
        if command.callback is not None
    }
    used = {
        command
        for fence in FENCES
        for command in re.findall(r"breakglass sandbox ([a-z-]+)", fence.text)
    }
    assert used == names


def test_powershell_gets_the_same_commands_and_paths_as_bash() -> None:
    (powershell,) = [fence for fence in FENCES if fence.language == "powershell"]
    bash = next(f for f in FENCES if f.language == "bash" and "sandbox env" in f.text)

    def of(fence: Fence) -> tuple[set[str], set[str]]:
        verbs = set(re.findall(r"breakglass sandbox ([a-z-]+)", fence.text))
        return verbs, set(re.findall(r'"\$url(/[a-z0-9./]+)', fence.text))

    assert of(powershell) == of(bash)


def test_an_option_of_curl_that_the_tests_do_not_know_fails(session: ShellSession) -> None:
    with pytest.raises(FenceFailedError, match=r"exit code 2(.|\n)*--insecure"):
        session.run("curl --noproxy localhost --cacert x --insecure https://localhost")


def test_a_command_that_fails_ends_the_session(session: ShellSession) -> None:
    assert session.run("echo one\nread -r two || echo no input\n") == "one\nno input\n"
    with pytest.raises(FenceFailedError, match="exit code 3 of"):
        session.run("bash -c 'exit 3'\necho after")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("a …\nb", "a 1\nc\n"),
        ("a\n…\nc", "a\nb\n"),
        ("a", "a\nb\n"),
        ("a\nb", "a\n"),
        ("…\nb\na", "a\nb\n"),
    ],
)
def test_what_differs_from_what_is_shown_is_found(shown: str, said: str) -> None:
    with pytest.raises(AssertionError):
        assert_shown(shown, said)


def test_what_changes_may_be_left_out() -> None:
    assert_shown("a … z\n…\nlast  one\n…", "a 1 2 z\nb\n\nc\nlast one\nd\n")
