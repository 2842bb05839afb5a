"""How the command drives the Pulumi CLI, against a fake one that notes its calls."""

import ast
import json
import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from cli.failure import CommandFailed
from cli.pulumi_run import Outcome, PulumiRun, summary
from cli.workspace import SandboxFolder

FAKE = r"""
import os, sys
arguments = sys.argv[1:]
os.chdir(os.environ["FAKE_HOME"])
with open("calls", "a") as calls:
    calls.write(repr(arguments) + "\n")
if arguments[:2] == ["stack", "ls"]:
    print('[{"name": "sandbox", "resourceCount": 7}]' if os.path.exists("stacks") else "[]")
elif arguments[:2] == ["stack", "new"]:
    open("stacks", "w").close()
    with open(arguments[arguments.index("--cwd") + 1] + "/Pulumi.sandbox.yaml", "w") as settings:
        settings.write("encryptionsalt: v1:new\n")
elif arguments[:2] == ["stack", "output"]:
    if arguments[2] == "passwords":
        print('{"a@b.c": "%s"}' % os.environ["SECRET"])
    else:
        sys.exit("error: no such stack")
elif arguments[0] in ("up", "preview"):
    print("\x1b[1mUpdating\x1b[0m (sandbox)")
    print("a line on stderr", file=sys.stderr)
    print("Resources:\n    - 99 to delete\n\nUpdating (sandbox):\n")
    print("Resources:\n    + 2 created\n    ~ 1 updated\n    3 changes. 9 unchanged")
    sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
"""
"""Without `json` and `pathlib`, which take longer to import than Python takes to start."""


@dataclass
class Fake:
    run: PulumiRun
    folder: SandboxFolder
    home: Path
    shown: list[str] = field(default_factory=list[str])

    def calls(self) -> list[list[str]]:
        return [ast.literal_eval(line) for line in (self.home / "calls").read_text().splitlines()]

    def lock(self, pid: int, hostname: str) -> None:
        locks = self.folder.state / ".pulumi" / "locks" / "organization" / "break-glass" / "sandbox"
        locks.mkdir(parents=True)
        (locks / "1.json").write_text(json.dumps({"pid": pid, "hostname": hostname}))


def make(tmp_path: Path, **environment: str) -> Fake:
    (tmp_path / "fake.py").write_text(FAKE)
    if os.name == "nt":
        executable = tmp_path / "pulumi.cmd"
        executable.write_text(f'@"{sys.executable}" -S "{tmp_path / "fake.py"}" %*\n')
    else:
        executable = tmp_path / "pulumi"
        call = f'"{sys.executable}" -S "{tmp_path / "fake.py"}"'
        executable.write_text(f'#!/bin/sh\nexec {call} "$@"\n')
        executable.chmod(0o700)
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.sandbox.yaml").write_text("config:\n  a: b\n")
    folder = SandboxFolder(tmp_path / "sandbox", project)
    folder.path.mkdir()
    variables = {**os.environ, "FAKE_HOME": str(tmp_path), "SECRET": "s3cret-s3cret", **environment}
    shown: list[str] = []
    run = PulumiRun(executable, folder, variables, show=shown.append, colors=False)
    return Fake(run, folder, tmp_path, shown)


def test_a_stack_is_made_once_and_its_salt_stays_out_of_the_project(tmp_path: Path) -> None:
    fake = make(tmp_path)
    fake.run.prepare()
    fake.run.prepare()
    assert [call[:2] for call in fake.calls()].count(["stack", "new"]) == 1
    assert fake.folder.stack_config.read_text() == "config:\n  a: b\nencryptionsalt: v1:new\n"
    assert "salt" not in (fake.folder.project / "Pulumi.sandbox.yaml").read_text()


def test_output_is_shown_as_it_comes_and_kept_without_colors(tmp_path: Path) -> None:
    fake = make(tmp_path)
    outcome = fake.run.up()
    assert outcome.exit_code == 0
    assert "Updating (sandbox)" in outcome.lines
    assert "\x1b[1mUpdating\x1b[0m (sandbox)" in fake.shown
    assert "a line on stderr" in fake.shown


def test_changes_are_those_of_the_last_summary_without_what_stays(tmp_path: Path) -> None:
    fake = make(tmp_path)
    outcome = fake.run.preview(expect_no_changes=True)
    assert (outcome.changes, outcome.resources) == (3, 12)
    (call,) = fake.calls()
    assert "--expect-no-changes" in call
    assert call[call.index("--config-file") + 1] == str(fake.folder.stack_config)


ALL = {"create": 1, "update": 2, "replace": 1, "delete": 1, "unchanged": 4}


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("+ 39 to create|2 unchanged", {"create": 39, "unchanged": 2}),
        ("~ 1 to update|+-1 to replace|- 3 to delete", {"update": 1, "replace": 1, "delete": 3}),
        ("+ 1 created|~ 2 updated|+-1 replaced|- 1 deleted|2 errored|5 changes. 4 unchanged", ALL),
        ("42 unchanged", {"unchanged": 42}),
    ],
)
def test_a_summary_is_read_as_pulumi_writes_it(text: str, counts: dict[str, int]) -> None:
    lines = ["Resources:", *(f"    {line}" for line in text.split("|")), "", "Duration: 1s"]
    assert summary(lines) == counts


def test_the_exit_code_is_handed_on(tmp_path: Path) -> None:
    assert make(tmp_path, FAKE_EXIT="7").run.preview().exit_code == 7


@pytest.mark.parametrize(
    ("exit_code", "said"), [(255, "stopped with the error above"), (-9, "was ended (signal 9)")]
)
def test_an_end_without_an_error_is_not_told_as_one(exit_code: int, said: str) -> None:
    assert Outcome(exit_code, 1.0, 0, 0, ()).ending == said


def test_no_secret_is_in_any_argument(tmp_path: Path) -> None:
    fake = make(tmp_path)
    fake.run.prepare()
    fake.run.up()
    assert fake.run.password("a@b.c") == "s3cret-s3cret"
    assert "s3cret-s3cret" not in (tmp_path / "calls").read_text()


def test_a_failing_call_gives_pulumis_own_reason(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="`pulumi stack output` failed: error: no such stack"):
        make(tmp_path).run.outputs()


def test_the_lock_of_a_killed_run_is_released(tmp_path: Path) -> None:
    fake = make(tmp_path)
    fake.run.prepare()
    fake.lock(pid=2**22 + 1, hostname=socket.gethostname())
    fake.run.prepare()
    assert fake.calls()[-1][:2] == ["cancel", "--yes"]


def test_the_lock_of_a_living_run_stops_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = make(tmp_path)
    fake.run.prepare()
    fake.lock(pid=os.getpid(), hostname=socket.gethostname())
    monkeypatch.setattr(psutil.Process, "name", _called_pulumi)
    with pytest.raises(CommandFailed, match=f"process {os.getpid()}"):
        fake.run.prepare()
    assert all(call[0] != "cancel" for call in fake.calls())


def _called_pulumi(_: psutil.Process) -> str:
    return "pulumi"
