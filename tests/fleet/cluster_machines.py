"""A cluster on this machine for one test: scheduler and workers as processes, a project in git."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

import fleet
from fleet.cluster_address import Tls
from tests.fleet.stub import StubProject

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


@contextmanager
def machines(
    folder: Path, project: StubProject, names: Sequence[str], *, encrypted: bool
) -> Generator[Machines]:
    """A scheduler and a worker of each name; all are ended by their id."""
    shadow = folder / "shadow" / "fleet"
    shadow.mkdir(parents=True)
    real = str(Path(fleet.__file__).parent)
    (shadow / "__init__.py").write_text(_SHADOW.format(real=real), encoding="utf-8")
    stand_in = Path(__file__).with_name("stub_work.py").read_text(encoding="utf-8")
    (shadow / "work.py").write_text(stand_in, encoding="utf-8")
    tls = certificates(folder)
    files = [str(tls.authority), str(tls.certificate)] if encrypted else []
    environment = {
        "PATH": f"{project.bin}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(shadow.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STAND_IN": str(folder),
        "ARM_CLIENT_SECRET": WORKERS_SECRET,
    }

    def start(what: str, where: str, **more: str) -> "subprocess.Popen[str]":
        script = str(Path(__file__).with_name("cluster_process.py"))
        process = subprocess.Popen(
            [sys.executable, script, what, where, *files],
            cwd=project.folder, env={**environment, **more}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    with ExitStack() as stack:
        made = Machines(folder, project.folder, tls)
        # Whatever a test left waiting ends.
        stack.callback(made.allow, "may-end")
        scheduler = start("scheduler", "tls" if encrypted else "tcp")
        assert scheduler.stdout is not None
        made.address = scheduler.stdout.readline().strip()
        for name in names:
            made.workers[name] = start("worker", made.address, WORKER=name)
        yield made
