"""A project with two customers, its commands called beside it, and somebody at the terminal."""

import os
from pathlib import Path

import pytest

from cli import fleet_run
from tests.fleet.commands import Jobs
from tests.fleet.stub import StubProject, stub_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    """Where the commands are called; the stub is the only `pulumi`."""
    made = stub_project(tmp_path, "north", "south")
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    return made


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits at the terminal."""
    monkeypatch.setattr(fleet_run, "is_interactive", lambda: True)


@pytest.fixture
def jobs(project: StubProject, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """No job's process is started."""
    del project
    instead = Jobs()
    monkeypatch.setattr(fleet_run, "run_job", instead)
    return instead
