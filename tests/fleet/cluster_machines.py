"""A cluster on this machine for one test: scheduler and workers as processes, a project in git."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

import fleet
from fleet.cluster import Cluster
from fleet.cluster_address import Tls
from fleet.errors import FleetError
from tests.fleet.stub import StubProject

REPOSITORY = Path(__file__).parents[2]
WORKERS_SECRET = "the-workers-own"
_SHADOW = """\
# The stand-in for `fleet.work` comes first, everything else is the real one.
__path__ = [*__path__, {real!r}]
"""


def eventually(is_so: Callable[[], Any], seconds: float = 30) -> bool:
    """Wait until something is so; False when it does not become so in time."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Machines:
    """What stands, and what the stand-ins noted."""

    folder: Path
    project: Path
    tls: Tls
    address: str = ""
    workers: dict[str, "subprocess.Popen[str]"] = field(
        default_factory=dict[str, "subprocess.Popen[str]"]
    )

    def journal(self, event: str = "") -> list[dict[str, Any]]:
        """What happened, in order."""
        file = self.folder / "journal.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [one for one in map(json.loads, lines) if one["event"].startswith(event)]

    def keepers(self) -> int:
        """How many jobs were begun, those that still wait for their turn, too."""
        return len(list((self.project / ".fleet").glob("2*-*")))

    def allow(self, what: str) -> None:
        """Let the stand-ins go on: `go` or `may-end`."""
        (self.folder / what).touch()


def committed(folder: Path) -> str:
    """Make a folder a git checkout; its commit."""
    (folder / ".gitignore").write_text(".fleet/\n", encoding="utf-8")
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "all"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    told = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


def certificates(folder: Path, name: str = "cluster") -> Tls:
    """An authority of its own, and one certificate for everybody, its key in the same file."""
    authority, certificate = folder / f"{name}-ca.pem", folder / f"{name}.pem"
    made = trustme.CA()
    made.cert_pem.write_to_path(str(authority))
    made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    return Tls(authority, certificate, certificate)


def _stood_in(folder: Path) -> Path:
    """Where Python finds the stand-in for `fleet.work` first."""
    shadow = folder / "shadow" / "fleet"
    shadow.mkdir(parents=True)
    real = str(Path(fleet.__file__).parent)
    (shadow / "__init__.py").write_text(_SHADOW.format(real=real), encoding="utf-8")
    stand_in = Path(__file__).with_name("stub_work.py").read_text(encoding="utf-8")
    (shadow / "work.py").write_text(stand_in, encoding="utf-8")
    return shadow.parent


@contextmanager
def machines(
    folder: Path,
    project: StubProject,
    names: Sequence[str],
    *,
    encrypted: bool,
    environ: Mapping[str, str] | None = None,
    checkouts: Mapping[str, Path] | None = None,
) -> Generator[Machines]:
    """A scheduler and a worker of each name; all are ended by their id.

    `environ`: what the workers have besides. `checkouts`: a folder for each of them; without, they
    share the project's, and what they would run there is stood in for.
    """
    tls = certificates(folder)
    files = [str(tls.authority), str(tls.certificate)] if encrypted else []
    environment = {
        "PATH": f"{project.bin}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(REPOSITORY if checkouts else _stood_in(folder)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STAND_IN": str(folder),
        "ARM_CLIENT_SECRET": WORKERS_SECRET,
    }

    def start(what: str, where: str, at: Path, **more: str) -> "subprocess.Popen[str]":
        script = str(Path(__file__).with_name("cluster_process.py"))
        process = subprocess.Popen(
            [sys.executable, script, what, where, *files],
            cwd=at, env={**environment, **more}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    with ExitStack() as stack:
        made = Machines(folder, project.folder, tls)
        # Whatever a test left waiting ends.
        stack.callback(made.allow, "may-end")
        scheduler = start("scheduler", "tls" if encrypted else "tcp", project.folder)
        assert scheduler.stdout is not None
        made.address = scheduler.stdout.readline().strip()
        for name in names:
            at = (checkouts or {}).get(name, project.folder)
            more = {"WORKER": name, **(environ or {})}
            made.workers[name] = start("worker", made.address, at, **more)
        yield made


def connected(made: Machines, tls: Tls | None = None, address: str = "") -> Cluster:
    """A connection, once all workers are there."""
    cluster: list[Cluster] = []

    def is_complete() -> bool:
        try:
            found = Cluster(address or made.address, tls or made.tls)
        except FleetError as error:
            if "no worker" in str(error):
                return False
            raise
        client: Any = found._client  # pyright: ignore[reportPrivateUsage]
        client.wait_for_workers(len(made.workers), timeout=30)
        cluster.append(found)
        return True

    assert eventually(is_complete)
    return cluster[0]
