"""`breakglass fleet … --cluster`: what is sent to whom, and which options contradict it."""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.failure import CommandFailed
from cli.main import app
from fleet.cluster_address import Tls
from fleet.cluster_worker import do_on_worker
from fleet.job import Job, not_started
from fleet.report_json import read_json
from tests.fleet.cluster_machines import committed
from tests.fleet.stub import StubProject, stub_project

TLS = ("--cluster-ca", "ca.pem", "--cluster-cert", "me.pem", "--cluster-key", "me.key")
FAR = ("--cluster", "tls://scheduler.internal:8786", *TLS)


def no_pulumi() -> Path:
    raise CommandFailed("There is no `pulumi` on PATH")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubProject:
    made = stub_project(tmp_path, "north", "south")
    git = tmp_path / "git"
    git.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        if (Path(folder) / "git").exists():
            (git / "git").symlink_to(Path(folder) / "git")
            break
    monkeypatch.chdir(made.folder)
    # There is no `pulumi` here: the workers have one.
    monkeypatch.setenv("PATH", str(git))
    monkeypatch.setattr("cli.fleet_run.engine_executable", no_pulumi)
    monkeypatch.setenv("COLUMNS", "200")
    return made


def fleet(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["fleet", *arguments])


class FakeCluster:
    """Notes what it is asked for; each job has a change to make."""

    def __init__(self) -> None:
        self.connected: list[Any] = []
        self.sent: list[tuple[Any, Job]] = []
        self.closed = 0

    def __call__(self, address: str, tls: Tls) -> "FakeCluster":
        self.connected.append((address, tls))
        return self

    def __enter__(self) -> "FakeCluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def executor(self, begin: Callable[[str], None], then: Callable[[Any], Any]) -> Executor:
        cluster = self

        class Workers(Executor):
            def interrupt(self) -> None: ...

            def kill(self) -> None: ...

            def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
                (job,) = args
                cluster.sent.append((fn, job))
                begin(job.customer)
                done = {"outcome": "done", "changes": {"create": 1}}
                future: Future[Any] = Future()
                future.set_result(then(not_started(job).model_copy(update=done)))
                return future

        return Workers()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    made = FakeCluster()
    monkeypatch.setattr("fleet.cluster.Cluster", made)
    return made


def test_jobs_go_to_the_cluster_and_one_report_comes_back(
    project: StubProject, cluster: FakeCluster
) -> None:
    commit = committed(project.folder)
    ended = fleet("up", "--yes", *FAR, "--report", "../r.json")
    assert ended.exit_code == 0, ended.output
    tls = Tls(Path("ca.pem"), Path("me.pem"), Path("me.key"))
    assert cluster.connected == [("tls://scheduler.internal:8786", tls)]
    assert cluster.sent == [(do_on_worker, Job(name, "up", commit)) for name in ("north", "south")]
    assert cluster.closed == 1
    report = read_json(project.folder.parent / "r.json")
    assert [one.outcome for one in report.customers] == ["done", "done"]
    assert report.revision == commit
    assert "north: started" in ended.output


def test_what_counts_as_a_failure_is_judged_here(
    project: StubProject, cluster: FakeCluster
) -> None:
    committed(project.folder)
    ended = fleet("preview", "--expect-no-changes", *FAR)
    assert ended.exit_code == 1
    assert "changes are pending: 1 create" in ended.output


@pytest.mark.usefixtures("cluster", "somebody")
def test_before_it_is_agreed_to_a_plan_is_said_not_to_travel(project: StubProject) -> None:
    committed(project.folder)
    line = "With --cluster nobody compares what is written with what you agree to"
    ended = CliRunner().invoke(app, ["fleet", "up", *FAR], input="yes\n")
    assert ended.exit_code == 0, ended.output
    assert ended.output.index(line) < ended.output.index("Go on?")
    assert line not in fleet("up", "--yes", *FAR).output


@pytest.mark.usefixtures("cluster")
def test_stacks_that_only_workers_can_list_are_said_not_to_be_looked_for(
    project: StubProject,
) -> None:
    committed(project.folder)
    ended = fleet("preview", *FAR)
    assert ended.exit_code == 0
    assert ended.output.count("stacks without a settings file were not looked for") == 1
    assert "not looked for" not in fleet("preview", "--only", "north", *FAR).output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((*FAR, "--all-stacks"), "--all-stacks asks the state backend from here"),
        ((*FAR, "--parallel", "2"), "--parallel is of jobs that are done here"),
        ((*FAR, "--timeout", "5"), "--timeout is of jobs that are done here"),
        (TLS, "are of --cluster, which is not given"),
        (("--cluster", "tcp://192.0.2.7:8786"), "192.0.2.7 is not this machine"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    project: StubProject, options: tuple[str, ...], told: str
) -> None:
    committed(project.folder)
    ended = fleet("preview", *options)
    assert ended.exit_code == 2
    assert told in ended.output
    assert not (project.folder / ".fleet").exists()


def test_what_the_workers_cannot_have_is_refused(
    project: StubProject, cluster: FakeCluster
) -> None:
    assert "is no git checkout" in fleet("preview", *FAR).output
    committed(project.folder)
    (project.folder / "new.py").touch()
    ended = fleet("preview", *FAR)
    assert (ended.exit_code, "not committed would not reach" in ended.output) == (1, True)
    assert cluster.connected == []
