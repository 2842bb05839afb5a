"""The command line itself: options, exit codes, one line for an error."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import workspace
from cli.environment_text import as_text
from cli.main import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BREAK_GLASS_SANDBOX_FOLDER", str(tmp_path))
    return tmp_path


def test_version_is_the_installed_one() -> None:
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, "breakglass 0.1.0\n")


def test_help_and_version_load_nothing_heavy() -> None:
    program = (
        "import sys, cli.main;"
        "heavy = {'pulumi', 'httpx', 'pydantic', 'psutil', 'sandbox'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "arguments", [["status"], ["sign-in", "a@b.c"], ["outbox"], ["env"]], ids=lambda a: a[0]
)
def test_without_a_tenant_the_way_to_start_one_is_said_in_one_line(arguments: list[str]) -> None:
    result = runner.invoke(app, ["sandbox", *arguments])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "breakglass sandbox start" in result.stderr


@pytest.mark.parametrize("command", ["up", "sandbox status", "sandbox start", "sandbox env"])
def test_a_folder_that_cannot_be_is_one_line_that_names_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BREAK_GLASS_SANDBOX_FOLDER", str(tmp_path / "file" / "sandbox"))
    result = runner.invoke(app, command.split())
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.output.splitlines()
    assert str(tmp_path / "file") in line
    assert " cannot be used (" in line
    assert "BREAK_GLASS_SANDBOX_FOLDER" in line


def test_stop_without_a_tenant_is_no_error() -> None:
    result = runner.invoke(app, ["sandbox", "stop"])
    assert (result.exit_code, result.stdout) == (0, "It was not running.\n")


def test_a_wrong_call_ends_with_2() -> None:
    assert runner.invoke(app, ["sandbox", "env", "--shell", "fish"]).exit_code == 2
    assert runner.invoke(app, ["up", "--ca-rate", "0"]).exit_code == 2


def test_json_env_is_what_the_tenant_wrote(folder: Path) -> None:
    variables = {"ARM_CLIENT_SECRET": "x y'z", "ARM_TENANT_ID": "1"}
    (folder / "environment.json").write_text(json.dumps(variables))
    result = runner.invoke(app, ["sandbox", "env", "--shell", "json"])
    assert json.loads(result.stdout) == variables


@pytest.mark.parametrize("value", ["plain", "x y", "it's $HOME", 'say "hi"', "a`b\\c"])
@pytest.mark.parametrize(("shell", "program"), [("bash", "bash"), ("powershell", "pwsh")])
def test_env_reaches_the_shell_unchanged(shell: str, program: str, value: str) -> None:
    text = as_text({"SECRET": value}, shell)
    if shutil.which(program) is None:
        # No such shell on this machine: hold the text against the shell's own quoting rule.
        quoted = value.replace("'", "''") if shell == "powershell" else value
        assert shell == "powershell"
        assert text == f"$env:SECRET = '{quoted}'"
        return
    printing = {"bash": 'printf %s "$SECRET"', "powershell": "[Console]::Write($env:SECRET)"}
    option = {"bash": "-c", "powershell": "-Command"}[shell]
    command = [program, option, f"{text}\n{printing[shell]}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == value


def test_private_files_are_for_their_owner_only_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.json"
    workspace.write_private(path, "one")
    workspace.write_private(path, "two")
    assert path.read_text() == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.json"]
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_sandboxs_folder_is_for_its_owner_only_even_when_it_was_there(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(mode=0o755)
    for folder in (tmp_path / "new" / ".sandbox", tmp_path / "old"):
        workspace.make_private(folder)
        assert folder.is_dir()
        if os.name != "nt":
            assert folder.stat().st_mode & 0o777 == 0o700
