"""`breakglass up` from end to end: the real engine, the real program, a tenant of its own.

One long test, because each part is about what the part before left behind: a run that is killed
midway, the next that finishes its work, what the README says to try, a second whole run, leaving.
"""

import html
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.tenant_process import find, stop
from cli.workspace import SandboxFolder
from tests.docs.fences import fences

ROOT = Path(__file__).parents[2]
FAST = ["--port", "0", "--ca-rate", "50"]
SLOW = ["--port", "0", "--ca-rate", "4"]
KEPT_FOR_CLIENTS = {
    "environment.json",
    "client-secrets.json",
    "passphrase",
}  # secrets, for their owner


@dataclass
class Run:
    """One call of the command, with every argument that was seen in its processes meanwhile."""

    exit_code: int
    output: str
    arguments: set[str] = field(default_factory=set[str])


def breakglass(
    folder: SandboxFolder, *arguments: str, kill_when: re.Pattern[str] | None = None
) -> Run:
    """Run the command; `kill_when` ends it and all it started as soon as a line matches."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, "BREAK_GLASS_SANDBOX_FOLDER": str(folder.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    run, lines = Run(0, ""), list[str]()
    for line in process.stdout:
        lines.append(line)
        run.arguments |= _arguments_of_family(process.pid)
        if kill_when is not None and kill_when.search(line):
            _kill_run(process.pid, folder)
    run.exit_code, run.output = process.wait(), "".join(lines)
    return run


def _arguments_of_family(pid: int) -> set[str]:
    seen: set[str] = set()
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            try:
                seen |= set(process.cmdline())
            except psutil.Error:
                continue
    except psutil.NoSuchProcess:
        pass
    return seen


def _kill_run(pid: int, folder: SandboxFolder) -> None:
    """Kill the command and all its children but the tenant, as a power cut would."""
    tenant = find(folder)
    kept = tenant.pid if tenant else None
    for process in psutil.Process(pid).children(recursive=True):
        if process.pid != kept:
            process.kill()
    os.kill(pid, signal.SIGKILL if os.name != "nt" else signal.SIGTERM)


def facts(folder: SandboxFolder) -> dict[str, Any]:
    return json.loads(folder.facts.read_text(encoding="utf-8"))


def assert_as_promised(found: dict[str, Any]) -> None:
    assert set(found) == {
        *("engine", "plugins", "resources", "policies", "breakGlassSignIn", "adminSignIn"),
        *("alert", "mail", "heal", "drift", "finalPreviewChanges", "caRequests", "seconds"),
    }
    assert found["engine"]["version"] == "3.258.0"
    assert found["engine"]["source"] in ("path", "installer", "build", "cache")
    assert set(found["plugins"]) == {"random", "azuread", "azure-native"}
    assert set(found["plugins"].values()) <= {"real", "stand-in"}
    policies = found["policies"]
    assert policies["total"] >= 16
    assert policies["excluded"] + policies["skipped"] == policies["total"]
    assert found["resources"] > policies["total"]
    assert found["breakGlassSignIn"]["decision"] == "allowed"
    assert found["breakGlassSignIn"]["policiesApplied"] == 0
    assert "passkey" in found["breakGlassSignIn"]["platformAsks"]
    assert found["adminSignIn"]["decision"] in ("mfa", "blocked")
    assert found["adminSignIn"]["policy"]
    assert found["alert"] == {"fired": True, "severity": 0}
    assert found["mail"]["to"]
    assert found["mail"]["subject"]
    assert found["heal"] == {"writes": 1, "signInAfter": "allowed"}
    assert found["drift"] == {"pendingShown": True, "writes": 1, "signInAfter": "allowed"}
    assert found["finalPreviewChanges"] == 0
    assert all(number > 0 for number in (*found["caRequests"].values(), *found["seconds"].values()))


def text_of(picture: Path) -> str:
    """What a picture shows, its lines end to end."""
    text = re.sub(r"<[^>]+>|\s", "", picture.read_text(encoding="utf-8"))
    return html.unescape(text).replace("\xa0", " ")


def secrets_of(folder: SandboxFolder) -> list[str]:
    """The passwords, the client secret and the passphrase."""
    variables = json.loads(breakglass(folder, *PULUMI_ENV).output)
    answer = subprocess.run(
        ["pulumi", "stack", "output", "passwords", "--json", "--show-secrets", "-s", "sandbox"],
        cwd=ROOT,
        env={**os.environ, **variables},
        executable=_pulumi(variables["PATH"]),
        capture_output=True,
        text=True,
        check=True,
    )
    passwords: dict[str, str] = json.loads(answer.stdout)
    assert len(passwords) == 2
    assert all(len(password) == 64 for password in passwords.values())
    passphrase = (folder.path / "passphrase").read_text()
    return [*passwords.values(), variables["ARM_CLIENT_SECRET"], passphrase]


PULUMI_ENV = ["sandbox", "env", "--pulumi", "--shell", "json"]


def _pulumi(path: str) -> str:
    name = "pulumi.exe" if os.name == "nt" else "pulumi"
    return next(str(p / name) for p in map(Path, path.split(os.pathsep)) if (p / name).is_file())


def assert_nothing_leaks(folder: SandboxFolder, secrets: list[str], runs: list[Run]) -> None:
    for run in runs:
        assert run.arguments, "no process was seen"
        for secret in secrets:
            assert secret not in run.output
            assert not any(secret in argument for argument in run.arguments)
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    assert any(path.name == "sandbox.json" for path in files), "no state file was seen"
    for path in files:
        content = path.read_bytes() if path.name not in KEPT_FOR_CLIENTS else b""
        assert not [path for secret in secrets if secret.encode() in content]


@pytest.mark.timeout(600)
def test_up_after_a_kill_up_again_and_leave(tmp_path: Path) -> None:
    folder = SandboxFolder(tmp_path / "sandbox", ROOT)
    picture = tmp_path / "run.svg"
    try:
        killed = breakglass(folder, "up", *SLOW, kill_when=re.compile("PolicyExclusion .* created"))
        assert killed.exit_code != 0
        assert "All as promised" not in killed.output
        assert not folder.facts.exists()

        first = breakglass(folder, "up", *FAST, "--picture", str(picture))
        assert first.exit_code == 0, first.output
        assert_as_promised(facts(folder))
        assert "BTG Admins" in first.output
        assert "[diff: ~pending]" in first.output
        assert "[diff: ~pending]" in text_of(picture)
        assert "Break-glass" in picture.read_text(encoding="utf-8")
        before = facts(folder)
        secrets = secrets_of(folder)

        assert_readme_commands_work(folder)

        second = breakglass(folder, "up", *FAST)
        assert second.exit_code == 0, second.output
        after = facts(folder)
        assert_as_promised(after)
        assert (after["resources"], after["policies"]) == (before["resources"], before["policies"])
        assert secrets_of(folder) == secrets

        assert_nothing_leaks(folder, secrets, [killed, first, second])

        tenant = find(folder)
        assert tenant is not None
        assert breakglass(folder, "sandbox", "stop").exit_code == 0
        assert not psutil.pid_exists(tenant.pid)
    finally:
        stop(folder)


def assert_readme_commands_work(folder: SandboxFolder) -> None:
    """Every command in README.md that is meant for the running sandbox."""
    (block,) = [fence for fence in fences(ROOT / "README.md") if fence.language == "bash sandbox"]
    assert len(block.commands) >= 5
    for command in block.commands:
        name, *arguments = command.split()
        assert name == "breakglass"
        run = breakglass(folder, *arguments)
        assert run.exit_code == 0, f"{command}: {run.output}"
        assert run.output.strip()
