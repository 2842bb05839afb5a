"""Two checkouts, one state backend, the real engine: a customer handed out again waits its turn."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from fleet.cluster_worker import do_on_worker
from fleet.job import Job
from sandbox.engine import sandbox_environment
from tests.fleet.cluster_machines import committed, connected, eventually, machines
from tests.fleet.stub import SETTINGS, StubProject, tenant_of
from tests.support.pulumi_stack import session_engine
from tests.support.warm_engine import equip

PROGRAM = Path(__file__).parent / "programs" / "held"
LOCKED = "currently locked by 1 lock"
CUSTOMER = "north"


def checkout(folder: Path) -> Path:
    """A project with one customer, whose stack is held while it is made."""
    shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
    options = {"virtualenv": sys.prefix, "toolchain": "pip"}
    project = {"name": "held", "runtime": {"name": "python", "options": options}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    (folder / f"Pulumi.{CUSTOMER}.yaml").write_text(
        SETTINGS.format(tenant=tenant_of(1)), encoding="utf-8"
    )
    return folder


def logs(folder: Path) -> str:
    """What the engine said in all jobs of a checkout."""
    found = (folder / ".fleet").glob(f"*/{CUSTOMER}.log")
    return "".join(one.read_text(encoding="utf-8", errors="replace") for one in found)


def journal(folder: Path) -> list[str]:
    """When the customer's stack was worked on, and by whom."""
    file = folder / "journal"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_a_customer_handed_out_again_waits_for_the_lock_of_a_lost_workers_job(
    tmp_path: Path,
) -> None:
    engine = session_engine()
    work = tmp_path / "work"
    equip(work / "pulumi", engine)
    environment = sandbox_environment(engine, work, {})
    environment["PATH"] = f"{engine.executable.parent}{os.pathsep}{environment['PATH']}"
    first = checkout(tmp_path / "first")
    subprocess.run(
        [engine.executable, "stack", "init", CUSTOMER, "--no-select", "--non-interactive"],
        cwd=first, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    commit = committed(first)
    second = tmp_path / "second"
    subprocess.run(["git", "clone", "-q", str(first), str(second)], check=True)
    checkouts = {"one": first, "two": second}
    locks = work / "state" / ".pulumi" / "locks"

    project = StubProject(first, work)
    with (
        machines(
            tmp_path, project, ("one", "two"), encrypted=False, environ=environment,
            checkouts=checkouts,
        ) as made,
        connected(made) as cluster,
        cluster.executor() as executor,
    ):  # fmt: skip
        done = executor.submit(do_on_worker, Job(CUSTOMER, "up", commit))
        assert eventually(lambda: journal(tmp_path), 90), logs(first) + logs(second)
        lost = journal(tmp_path)[0].split()[1]
        os.kill(made.workers[lost].pid, signal.SIGKILL)
        (other,) = checkouts.keys() - {lost}
        refused = [False]

        def refused_again_or_begun() -> bool:
            """The log begins anew with each attempt."""
            if (now := LOCKED in logs(checkouts[other])) != refused[-1]:
                refused.append(now)
            return refused.count(True) > 1 or len(journal(tmp_path)) > 1

        assert eventually(refused_again_or_begun, 120), logs(checkouts[other])
        assert journal(tmp_path) == [f"begin {lost}"]
        assert len(list(locks.rglob("*.json"))) == 1
        made.allow("go")
        report = done.result(120)
    assert report.outcome == "done", report
    assert report.problems == ()
    assert journal(tmp_path) == [f"begin {lost}", f"end {lost}"]
    assert list(locks.rglob("*.json")) == []
