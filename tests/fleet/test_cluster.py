"""The fleet on a cluster: a scheduler and workers as processes on this machine."""

import os
import pickle
import pickletools
import signal
import socket
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import fleet.runner
from fleet import cluster as module
from fleet.cluster import Cluster, commit_to_send
from fleet.cluster_worker import do_on_worker
from fleet.errors import FleetError
from fleet.job import Job
from fleet.records import Record
from fleet.runner import run_fleet
from tests.fleet.cluster_machines import (
    WORKERS_SECRET,
    certificates,
    committed,
    connected,
    eventually,
    machines,
)
from tests.fleet.stub import stub_project

SENTINEL = "never-to-travel-1"
NAMES = ("north", "south", "east", "west")


def test_a_killed_workers_customers_are_run_again_and_none_twice_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stub_project(tmp_path, *NAMES)
    commit = committed(project.folder)
    begun: list[str] = []
    with machines(tmp_path, project, ("one", "two"), encrypted=True) as made:
        monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
        with pytest.raises(FleetError, match=r"cannot be reached.*certificate authority"):
            Cluster(made.address, certificates(tmp_path, "stranger"))
        monkeypatch.setattr(module, "CONNECT_SECONDS", 15)

        lost: list[str] = []
        seen: list[bool] = []

        def kill_one() -> None:
            seen.append(eventually(lambda: len(made.journal("begin")) == len(NAMES)))
            victim = made.journal()[0]["worker"]
            lost.extend(one["customer"] for one in made.journal() if one["worker"] == victim)
            os.kill(made.workers[victim].pid, signal.SIGKILL)
            # Those who take over are there, and must wait while the lost ones come to an end.
            again = len(NAMES) + len(lost)
            seen.append(eventually(lambda: made.keepers() == again))
            too_soon = eventually(lambda: len(made.journal("begin")) > len(NAMES), seconds=0.7)
            seen.append(not too_soon)
            made.allow("may-end")
            seen.append(eventually(lambda: len(made.journal("begin")) == again))
            made.allow("go")

        killer = threading.Thread(target=kill_one)
        killer.start()
        with connected(made) as cluster, cluster.executor(begun.append) as executor:
            jobs = [Job(name, "up", commit) for name in NAMES]
            reports = run_fleet(jobs, executor, do_on_worker, stop=executor)
        killer.join()
        journal = made.journal()
    record = Record(project.folder, "up", commit)
    report = record.keep(reports)
    assert [(one.customer, one.outcome) for one in report.customers] == [
        (name, "done") for name in sorted(NAMES)
    ]
    assert report.exit_code == 0
    assert sorted(begun) == sorted(NAMES)
    assert lost
    assert seen == [True] * 4, journal
    assert {one["customer"] for one in journal if one["event"] == "end, cancelled"} == set(lost)
    times = Counter(one["customer"] for one in journal if one["event"] == "begin")
    assert times == {name: 2 if name in lost else 1 for name in NAMES}
    for name in NAMES:
        events = [one["event"][:3] for one in journal if one["customer"] == name]
        assert all(before != after for before, after in pairwise(events)), (name, journal)
    assert {one["secret"] for one in journal} == {WORKERS_SECRET}


def test_ctrl_c_ends_what_runs_on_the_workers_and_starts_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("a", "b", "c", "d", "e", "f", "g")
    project = stub_project(tmp_path, *names)
    commit = committed(project.folder)
    real, left = fleet.runner.wait, [1]
    with machines(tmp_path, project, ("one",), encrypted=False) as made:
        made.allow("may-end")

        def wait(*arguments: Any, **more: Any) -> Any:
            if left and eventually(lambda: len(made.journal("begin")) == 4):
                left.pop()
                raise KeyboardInterrupt
            return real(*arguments, **more)

        monkeypatch.setattr(fleet.runner, "wait", wait)
        with connected(made) as cluster, cluster.executor() as executor:
            jobs = [Job(name, "up", commit) for name in names]
            reports = run_fleet(jobs, executor, do_on_worker, stop=executor)
        began = {one["customer"] for one in made.journal("begin")}
        ended = {one["customer"] for one in made.journal("end, cancelled")}
    assert began == ended
    assert {one.customer for one in reports if one.outcome == "cancelled"} == began
    assert Counter(one.outcome for one in reports) == {"cancelled": 4, "not started": 3}


def test_jobs_of_a_submitter_that_is_gone_come_to_an_end(tmp_path: Path) -> None:
    project = stub_project(tmp_path, "north")
    commit = committed(project.folder)
    with machines(tmp_path, project, ("one",), encrypted=False) as made:
        made.allow("may-end")
        cluster = connected(made)
        executor = cluster.executor()
        executor.submit(do_on_worker, Job("north", "up", commit))
        assert eventually(lambda: made.journal("begin"))
        cluster.close()
        assert eventually(lambda: made.journal("end, cancelled"))


@contextmanager
def listening(address: str) -> Generator[tuple[str, bytearray]]:
    """An address that leads to another one, and all that went there."""
    heard = bytearray()
    _, _, port = address.rpartition(":")
    server = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, keep: bool) -> None:
        while data := _received(source):
            if keep:
                heard.extend(data)
            target.sendall(data)
        target.close()

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            scheduler = socket.create_connection(("127.0.0.1", int(port)))
            for ends in ((client, scheduler, True), (scheduler, client, False)):
                threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}", heard
    finally:
        server.close()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def test_nothing_of_the_submitters_environment_reaches_the_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stub_project(tmp_path, "north")
    commit = committed(project.folder)
    for name in ("ARM_CLIENT_SECRET", "PULUMI_CONFIG_PASSPHRASE__NORTH", "DASK_X", "ANYTHING"):
        monkeypatch.setenv(name, SENTINEL)
    with machines(tmp_path, project, ("one",), encrypted=False) as made:
        made.allow("go")
        with (
            listening(made.address) as (address, heard),
            connected(made, address=address) as cluster,
            cluster.executor() as executor,
        ):
            jobs = [Job("north", "up", commit)]
            (report,) = run_fleet(jobs, executor, do_on_worker, stop=executor)
        secrets = {one["secret"] for one in made.journal()}
    assert report.outcome == "done"
    assert secrets == {WORKERS_SECRET}
    # It can be read, so the sentinel could be, too.
    for word in ("fleet.cluster_worker", "do_on_worker", "north", commit):
        assert word.encode() in heard
    assert SENTINEL.encode() not in heard
    assert str(project.folder).encode() not in heard


def test_a_job_that_travels_is_three_words_and_the_name_of_what_does_it() -> None:
    sent = pickle.dumps((do_on_worker, Job("north", "up", "c0ffee")))
    words = {arg for _, arg, _ in pickletools.genops(sent) if isinstance(arg, str)}
    assert words == {
        *("fleet.cluster_worker", "do_on_worker", "fleet.job", "Job"),
        *("customer", "north", "operation", "up", "revision", "c0ffee"),
    }


def test_what_is_not_committed_is_not_sent(tmp_path: Path) -> None:
    folder = stub_project(tmp_path, "north").folder
    with pytest.raises(FleetError, match="no git checkout"):
        commit_to_send(folder)
    commit = committed(folder)
    assert commit_to_send(folder) == commit
    (folder / "Pulumi.new.yaml").touch()
    (folder / "Pulumi.yaml").write_text("name: other\n", encoding="utf-8")
    with pytest.raises(FleetError, match=r"not reach the workers \(Pulumi.yaml and 1 more\)"):
        commit_to_send(folder)
