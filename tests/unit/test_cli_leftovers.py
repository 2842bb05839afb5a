"""What a killed run left is found, and nothing is taken from a run that lives."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.failure import CommandFailed
from cli.leftovers import begin_anew, half_made, locks
from cli.workspace import SandboxFolder

URN = "urn:pulumi:sandbox::break-glass::break-glass:index:BreakGlassAccount$azuread:index/user:User"
EXCLUSION = "urn:pulumi:sandbox::break-glass::pulumi-python:dynamic/break-glass:PolicyExclusion"


@pytest.fixture
def folder(tmp_path: Path) -> SandboxFolder:
    return SandboxFolder(tmp_path / "sandbox", tmp_path)


def state(folder: SandboxFolder, text: str) -> None:
    path = folder.state / ".pulumi" / "stacks" / "break-glass" / "sandbox.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def pending(*operations: tuple[str, str]) -> str:
    found: list[dict[str, Any]] = [
        {"type": kind, "resource": {"urn": urn}} for kind, urn in operations
    ]
    return json.dumps({"checkpoint": {"latest": {"pending_operations": found}}})


def lock(folder: SandboxFolder, **content: Any) -> Path:
    place = folder.state / ".pulumi" / "locks" / "organization" / "break-glass" / "sandbox"
    place.mkdir(parents=True)
    path = place / "1.json"
    path.write_text(json.dumps({"pid": os.getpid(), "hostname": socket.gethostname(), **content}))
    return path


def call_this_process(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(_: psutil.Process) -> str:
        return name

    monkeypatch.setattr(psutil.Process, "name", named)


def test_what_was_being_made_is_named_once_its_fate_is_unknown(folder: SandboxFolder) -> None:
    state(folder, pending(("creating", f"{URN}::account-1-user"), ("updating", f"{URN}::other")))
    assert half_made(folder) == ["account-1-user"]


def test_an_exclusion_is_simply_made_again(folder: SandboxFolder) -> None:
    state(folder, pending(("creating", f"{EXCLUSION}::exclusion-1")))
    assert half_made(folder) == []


@pytest.mark.parametrize("text", ['{"checkpoint": {}}', '{"checkpoint": {"latest": {}}}', "{}"])
def test_a_whole_state_has_nothing_half_made(folder: SandboxFolder, text: str) -> None:
    state(folder, text)
    assert half_made(folder) == []


def test_a_state_cut_short_is_no_state(folder: SandboxFolder) -> None:
    assert half_made(folder) == []
    state(folder, '{"checkpoint": {')
    assert half_made(folder) == ["its own record"]


def test_beginning_anew_forgets_tenant_and_stack_together(folder: SandboxFolder) -> None:
    state(folder, "{")
    for path in (folder.tenant_data, folder.stack_config, folder.environment):
        path.write_text("{}")
    begin_anew(folder)
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "environment.json",
        "tenant.lock",
    ]


def test_a_living_runs_stack_is_left_alone(
    folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    state(folder, "{")
    lock(folder)
    call_this_process("pulumi", monkeypatch)
    with pytest.raises(CommandFailed, match=f"process {os.getpid()}"):
        begin_anew(folder)
    assert folder.state.is_dir()


@pytest.mark.parametrize(
    ("name", "content"),
    [("python", {}), ("pulumi", {"hostname": "elsewhere"}), ("pulumi", {"pid": 2**22 + 1})],
)
def test_the_lock_of_a_dead_or_foreign_process_is_a_leftover(
    folder: SandboxFolder, monkeypatch: pytest.MonkeyPatch, name: str, content: dict[str, Any]
) -> None:
    found = lock(folder, **content)
    call_this_process(name, monkeypatch)
    assert locks(folder) == [found]
