"""Which stack the commands read, in whose environment, and one line for what cannot be read."""

import ast
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from sandbox.engine import Engine
from tests.unit.exported_stack import child, exported

FAKE = r"""
import os, sys
call = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
os.chdir(os.environ["FAKE_HOME"])
with open("calls", "a") as calls:
    calls.write(repr(call) + "\n")
if "--show-name" in sys.argv:
    sys.exit(0 if os.path.exists("selected") else 255)
if os.path.exists("busy"):
    os.unlink("busy")
    sys.exit("error: failed to load checkpoint: unexpected end of JSON input")
if os.path.exists("refused"):
    sys.exit(open("refused").read())
print(open("state.json").read())
"""
"""Without `json` and `pathlib`, which take longer to import than Python takes to start."""
IDS = '"excludeGroups": [\n        "g1"\n      ]'


@dataclass
class Fake:
    """A `pulumi` that answers from files and notes how it was called."""

    home: Path
    sandbox: Path
    executable: Path

    def calls(self) -> list[dict[str, Any]]:
        notes = self.home / "calls"
        return [ast.literal_eval(line) for line in notes.read_text().splitlines()]

    def refuse(self, text: str) -> None:
        (self.home / "refused").write_text(text)

    def make_sandbox(self) -> None:
        (self.sandbox / "state").mkdir(parents=True)
        variables = {"ARM_CLIENT_SECRET": "of the sandbox", "ARM_TENANT_ID": "t"}
        (self.sandbox / "environment.json").write_text(json.dumps(variables))


@pytest.fixture(autouse=True)
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    home, binaries = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    binaries.mkdir()
    (home / "state.json").write_text(exported([child("p1")], outputs={"scope": "all"}))
    source = tmp_path / "fake.py"
    source.write_text(FAKE)
    if os.name == "nt":
        executable = binaries / "pulumi.cmd"
        executable.write_text(f'@"{sys.executable}" -S "{source}" %*\n')
    else:
        executable = binaries / "pulumi"
        executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{source}" "$@"\n')
        executable.chmod(0o700)
    for name in os.environ:
        if name.startswith(("ARM_", "AZURE_", "PULUMI_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("cli.chosen_stack._PAUSE_SECONDS", 0)
    monkeypatch.setenv("FAKE_HOME", str(home))
    monkeypatch.setenv("PATH", str(binaries), prepend=os.pathsep)
    monkeypatch.setenv("BREAK_GLASS_SANDBOX_FOLDER", str(tmp_path / "sandbox"))
    monkeypatch.setenv("BREAK_GLASS_CACHE", str(tmp_path / "cache"))

    def engine(*_: object) -> tuple[Engine, dict[str, str]]:
        return Engine("3.258.0", "cache", executable, "official", (binaries,)), {}

    monkeypatch.setattr("cli.engine.prepare_engine", engine)
    return Fake(home, tmp_path / "sandbox", executable)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def snippet(*arguments: str) -> Result:
    return run("exclusion", "snippet", "--format", "json", *arguments)


def test_a_named_stack_is_read_with_the_users_own_environment(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", "of the user")
    done = snippet("--stack", "prod")
    assert (done.exit_code, json.loads(done.stdout)["conditions"]["users"]["excludeGroups"]) == (
        0,
        ["g1"],
    )
    (call,) = fake.calls()
    assert call["arguments"][:4] == ["stack", "export", "--stack", "prod"]
    assert "--show-secrets" not in call["arguments"]
    assert call["environment"]["ARM_CLIENT_SECRET"] == "of the user"
    assert "PULUMI_BACKEND_URL" not in call["environment"]


def test_without_a_name_it_is_the_selected_stack(fake: Fake) -> None:
    fake.make_sandbox()
    (fake.home / "selected").touch()
    assert snippet().exit_code == 0
    assert "--stack" not in fake.calls()[-1]["arguments"]
    assert "PULUMI_BACKEND_URL" not in fake.calls()[-1]["environment"]


def test_it_is_read_in_the_project_that_is_around(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "other" / "deep"
    inside.mkdir(parents=True)
    (tmp_path / "other" / "Pulumi.yaml").write_text("name: other\n")
    monkeypatch.chdir(inside)
    assert snippet("--stack", "sandbox").exit_code == 0
    (call,) = fake.calls()
    assert Path(call["folder"]).resolve() == (tmp_path / "other").resolve()


@pytest.mark.parametrize(
    "arguments", [["--sandbox"], ["--stack", "sandbox"], []], ids=["flag", "name", "nothing else"]
)
def test_the_sandboxs_stack_is_read_with_what_the_sandbox_keeps_and_nothing_else(
    fake: Fake, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.make_sandbox()
    if arguments:
        monkeypatch.setenv("ARM_CLIENT_SECRET", "of the user")
    monkeypatch.setenv("AZURE_CLIENT_ID", "of the user")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "of the user")
    done = snippet(*arguments)
    assert done.exit_code == 0, done.output
    call = fake.calls()[-1]
    assert call["arguments"][:4] == ["stack", "export", "--stack", "sandbox"]
    environment = call["environment"]
    assert environment["ARM_CLIENT_SECRET"] == "of the sandbox"
    assert environment["PULUMI_BACKEND_URL"].endswith("/sandbox/state?metadata=skip")
    assert {"AZURE_CLIENT_ID", "PULUMI_ACCESS_TOKEN"} & set(environment) == set()
    assert os.environ.get("ARM_CLIENT_SECRET") == ("of the user" if arguments else None)


def test_with_an_identity_of_a_real_tenant_nobody_is_answered_about_the_sandbox(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.make_sandbox()
    fake.refuse("error: no stack selected; please use `pulumi stack select` to choose one")
    monkeypatch.setenv("ARM_TENANT_ID", "real")
    done = run("verify")
    assert done.exit_code == 3
    assert "no stack selected" in done.stderr
    assert "--stack" in done.stderr


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("error: no stack named 'nope' found", "`pulumi stack ls` lists them"),
        ("error: no stack selected; please use `pulumi stack select`", "or use --sandbox"),
        ("error: PULUMI_ACCESS_TOKEN must be set for login", "log in with `pulumi login`"),
        (
            "warning: old\nerror: no Pulumi.yaml project file found\n",
            "in the folder of Pulumi.yaml",
        ),
        ("error: failed to load checkpoint: EOF", "delete that .attrs, the state is whole"),
        ("error: something else entirely", "cannot be read: something else entirely"),
        ("", "no reason given"),
    ],
)
def test_a_state_that_cannot_be_read_is_one_line_with_the_cure(
    fake: Fake, refusal: str, words: str
) -> None:
    fake.refuse(refusal)
    for command, code in ((["verify"], 3), (["exclusion", "snippet"], 1)):
        done = run(*command, "--stack", "nope")
        assert done.exit_code == code
        (line,) = done.stderr.splitlines()
        assert line.startswith("breakglass: the state of stack nope cannot be read: ")
        assert words in line


def test_a_state_that_is_being_rewritten_is_read_again(fake: Fake) -> None:
    (fake.home / "busy").touch()
    assert snippet("--stack", "prod").exit_code == 0
    assert len(fake.calls()) == 2


def test_without_any_pulumi_the_way_to_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    done = snippet("--stack", "prod")
    assert done.exit_code == 1
    assert "There is no `pulumi` on PATH" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_engine_that_the_sandbox_fetched_serves_when_path_has_none(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sandbox.engine.model import PINNED_VERSION, executable_name

    kept = tmp_path / "cache" / "engine" / PINNED_VERSION / "bin"
    kept.mkdir(parents=True)
    shutil.copy2(fake.executable, kept / executable_name("pulumi"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert snippet("--stack", "prod").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--sandbox"], "There is no sandbox yet: `breakglass up`", 1),
        (["--sandbox", "--stack", "prod"], "contradict each other", 2),
    ],
)
def test_a_sandbox_that_cannot_be_meant_is_one_line(
    arguments: list[str], words: str, code: int
) -> None:
    done = snippet(*arguments)
    assert (done.exit_code, words in done.stderr, done.stderr.count("\n")) == (code, True, 1)


def test_verifying_the_sandbox_needs_its_tenant(fake: Fake) -> None:
    fake.make_sandbox()
    done = run("verify", "--sandbox")
    assert done.exit_code == 3
    assert "breakglass sandbox start" in done.stderr


def test_without_an_identity_verify_says_which_variable_is_missing() -> None:
    done = run("verify", "--stack", "prod")
    assert done.exit_code == 3
    assert "ARM_TENANT_ID is not set" in done.stderr
    assert done.stderr.count("\n") == 1


def test_nobody_excluded_yet_is_no_snippet(fake: Fake) -> None:
    (fake.home / "state.json").write_text(exported(outputs={"scope": "all"}))
    done = snippet("--stack", "prod")
    assert done.exit_code == 1
    assert "run `pulumi up` first" in done.stderr


def test_json_goes_alone_to_stdout_and_what_the_ids_are_beside_it() -> None:
    done = snippet("--stack", "prod")
    assert IDS in done.stdout
    assert "g1 is group BTG Admins" in done.stderr
    assert "breakglass: " not in done.stderr
