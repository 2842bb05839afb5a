"""The tenant's process is found, and ended, only when it is ours."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli import tenant_process
from cli.failure import CommandFailed
from cli.tenant_process import RunningTenant
from cli.workspace import CLEAN, SandboxFolder


@pytest.fixture
def folder(tmp_path: Path) -> SandboxFolder:
    return SandboxFolder(tmp_path / "sandbox", tmp_path)


@pytest.fixture
def sleeper() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def remember(folder: SandboxFolder, pid: int) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.tenant_process.write_text(
        json.dumps(
            {"pid": pid, "port": 1, "url": "https://localhost:1", "started": 0, "ca_rate": 1}
        )
    )


def spawn(*words: str) -> subprocess.Popen[bytes]:
    """A process that runs: right after its start, the system does not know its words yet."""
    program = "import time; print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", program, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_stop_ends_our_process_and_forgets_it(
    folder: SandboxFolder, sleeper: list[subprocess.Popen[bytes]]
) -> None:
    process = spawn("sandbox", "serve", "--data", str(folder.tenant_data))
    sleeper.append(process)
    remember(folder, process.pid)
    assert tenant_process.stop(folder)
    assert not psutil.pid_exists(process.pid) or process.poll() is not None
    assert not folder.tenant_process.exists()


def test_stop_leaves_a_process_alone_that_serves_another_folder(
    folder: SandboxFolder, sleeper: list[subprocess.Popen[bytes]]
) -> None:
    process = spawn("sandbox", "serve", "--data", "elsewhere.json")
    sleeper.append(process)
    remember(folder, process.pid)
    assert not tenant_process.stop(folder)
    assert process.poll() is None


def test_a_damaged_note_of_the_process_counts_as_none(folder: SandboxFolder) -> None:
    folder.path.mkdir()
    folder.tenant_process.write_text("{")
    assert tenant_process.find(folder) is None
    assert not tenant_process.stop(folder)


def test_a_tenant_that_dies_at_once_shows_the_end_of_its_log(
    folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.path.mkdir()
    monkeypatch.setattr(sys, "executable", _interpreter(folder.project, "print('no such seed')"))
    begun = time.monotonic()
    with pytest.raises(CommandFailed, match=r"ended at once(.|\n)*no such seed"):
        tenant_process.start(folder, port=0)
    assert time.monotonic() - begun < 5
    assert not folder.tenant_process.exists()


@pytest.mark.parametrize("content", ['{"tenants": [', "[]", ""])
def test_damaged_data_are_one_line_with_the_cure(folder: SandboxFolder, content: str) -> None:
    folder.path.mkdir()
    folder.tenant_data.write_text(content)
    with pytest.raises(CommandFailed, match=r"damaged \(not .*`breakglass sandbox stop`") as info:
        tenant_process.start(folder, port=0)
    assert str(folder.tenant_data) in str(info.value)
    assert CLEAN in str(info.value)
    assert "\n" not in str(info.value)
    assert folder.tenant_data.read_text() == content


@pytest.mark.parametrize(
    ("port", "is_new", "said"),
    [
        (8443, True, "Port 8443 was taken: port 9000 serves instead."),
        (8443, False, "It runs at port 9000, not 8443, and stays there"),
        (9000, True, None),
        (9000, False, None),
        (0, True, None),
    ],
)
def test_another_port_than_the_one_asked_for_is_said(
    port: int, is_new: bool, said: str | None
) -> None:
    tenant = RunningTenant(1, 9000, "https://localhost:9000", 0.0, 1.0)
    line = tenant_process.elsewhere(tenant, port, is_new=is_new)
    assert (line or "").startswith(said or "")
    assert (line is None) == (said is None)


def test_the_variables_of_a_tenant_that_never_was_are_a_line(folder: SandboxFolder) -> None:
    with pytest.raises(CommandFailed, match="breakglass sandbox start"):
        tenant_process.tenant_variables(folder)


def test_credentials_of_a_real_tenant_do_not_reach_the_process(
    folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.path.mkdir()
    program = "import os; print(sorted(n for n in os.environ if n.startswith(('ARM_', 'AZURE_'))))"
    monkeypatch.setenv("ARM_CLIENT_SECRET", "real")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "real")
    monkeypatch.setattr(sys, "executable", _interpreter(folder.project, program))
    with pytest.raises(CommandFailed, match=r"\n\[\]$"):
        tenant_process.start(folder, port=0)


def _interpreter(folder: Path, program: str) -> str:
    """An executable that runs a program whatever it is told to do."""
    source = folder / "program.py"
    source.write_text(program)
    if os.name == "nt":
        script = folder / "python.cmd"
        script.write_text(f'@"{sys.executable}" "{source}"\n')
    else:
        script = folder / "python"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{source}"\n')
        script.chmod(0o700)
    return str(script)
