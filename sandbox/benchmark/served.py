"""`python -m sandbox serve` in a process of its own, on one core where the system can pin it."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil


@dataclass(frozen=True)
class Served:
    """A tenant process. `seconds` passed from its start until it answered."""

    process: psutil.Process
    seconds: float
    environment: dict[str, str]
    context: ssl.SSLContext

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.environment["ARM_METADATA_HOSTNAME"].rpartition(":")
        return host, int(port)

    def cpu_seconds(self) -> float:
        """The time that the process has worked so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Any:
        """One request; the JSON of its answer. Raises RuntimeError for a refusal."""
        connection = HTTPSConnection(*self.address, context=self.context, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {text[:200]!r}")
        return json.loads(text) if text else None

    def graph_token(self, client_id: str = "", secret: str = "") -> str:
        """An access token for Graph, of the tenant's first application unless another is named."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id or self.environment["ARM_CLIENT_ID"],
            "client_secret": secret or self.environment["ARM_CLIENT_SECRET"],
            "scope": f"https://{self.environment['ARM_METADATA_HOSTNAME']}/.default",
        }
        path = f"/{self.environment['ARM_TENANT_ID']}/oauth2/v2.0/token"
        kind = "application/x-www-form-urlencoded"
        return self.call("POST", path, urlencode(form).encode(), kind)["access_token"]


@contextmanager
def serving(folder: Path, *options: str, cores: Sequence[int] | None = None) -> Generator[Served]:
    """Start a tenant with `serve`'s options, end it at the end."""
    environment_file = folder / "environment.json"
    command = [sys.executable, "-m", "sandbox", "serve", "--port", "0", *options]
    command += ["--environment-file", str(environment_file)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pin(process.pid, cores)
    try:
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("the tenant did not start; its own words are above")
        environment = json.loads(environment_file.read_text("utf-8"))
        context = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
        served = Served(psutil.Process(process.pid), 0.0, environment, context)
        served.call("GET", "/sandbox/health")
        seconds = time.perf_counter() - began
        yield Served(served.process, seconds, environment, context)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


def pin(pid: int, cores: Sequence[int] | None) -> None:
    """Keep a process (0: this one) on some cores, where the system can."""
    if cores and sys.platform == "linux":
        os.sched_setaffinity(pid, cores)


def cores_for_server_and_load() -> tuple[list[int], list[int]]:
    """One core for the server, the others for the load; two empty lists where it cannot be."""
    if sys.platform != "linux":
        return [], []
    cores = sorted(os.sched_getaffinity(0))
    return ([cores[0]], cores[1:]) if len(cores) > 1 else ([], [])
