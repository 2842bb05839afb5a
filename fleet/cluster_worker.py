# pyright: basic
# `distributed` has no types for what it gives.
"""What a worker of a cluster does: each job in a process that outlives the worker just long enough.

A worker may be killed, or cut off from its scheduler, which then has its jobs run elsewhere, at
once. What the job started must not go on meanwhile. So the worker starts a keeper
(``fleet.cluster_job``) and holds its stdin: when that closes, for whatever reason, the keeper lets
the job come to a clean end, and the stack's lock is held until then. The keeper, too, gets its
customer's variables and nobody else's.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from fleet.cluster_address import is_private
from fleet.customers import check_name, read_customer
from fleet.errors import FleetError
from fleet.federation import own_environment
from fleet.job import Job, failed
from fleet.processes import WINDOWS
from fleet.report import CustomerReport
from fleet.stack import version_of

How = Literal["interrupt", "kill"]
LOOK_SECONDS: Final = 0.5

_lock: Final = threading.Lock()
_keepers: Final[dict[str, "subprocess.Popen[bytes]"]] = {}
"""By the key of their task."""


class KeeperDiedError(RuntimeError):
    """A job's process ended without a report: killed, most likely. It is run once more."""


def do_on_worker(job: Job) -> CustomerReport:
    """Do a job on the worker that this runs on, in the checkout that the worker was started in.

    Raises KeeperDiedError.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    key = str(worker.get_current_task())
    try:
        command, folder = _command(job, worker)
        customer = read_customer(folder, job.customer)
        with own_environment(customer, os.environ) as environment:
            text = _kept(command, folder, environment, worker, key)
    except FleetError as error:
        return failed(job, str(error), f"correct that on the worker {worker.address}, run again")
    if isinstance(text, int):
        raise KeeperDiedError(f"the process of {job.operation} ended with {text}")
    return CustomerReport.model_validate_json(text)


def _kept(
    command: list[str], folder: Path, environment: Mapping[str, str], worker: Any, key: str
) -> bytes | int:
    """What the keeper tells at its end; its exit code when that is not 0."""
    with tempfile.TemporaryFile() as report:
        keeper = subprocess.Popen(
            command,
            cwd=folder,
            env={name: one for name, one in environment.items() if not name.startswith("DASK_")},
            stdin=subprocess.PIPE,
            stdout=report,
            start_new_session=not WINDOWS,
        )
        with _lock:
            _keepers[key] = keeper
        try:
            worker.log_event(key.partition("/")[0], {"key": key})
            _wait(keeper, worker, key)
        finally:
            with _lock:
                del _keepers[key]
            _hang_up(keeper)
        report.seek(0)
        return keeper.returncode or report.read()


def stop(run: str, how: How) -> None:
    """Tell the keepers on this worker, of one run over many customers, to end their jobs."""
    with _lock:
        for key, keeper in _keepers.items():
            if key.startswith(f"{run}/") and keeper.stdin is not None:
                with contextlib.suppress(OSError, ValueError):  # it has just ended
                    keeper.stdin.write(how[:1].encode())
                    keeper.stdin.flush()


def _wait(keeper: "subprocess.Popen[bytes]", worker: Any, key: str) -> None:
    while True:
        try:
            keeper.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if _is_unwanted(worker, key):
                _hang_up(keeper)
        else:
            return


def _is_unwanted(worker: Any, key: str) -> bool:
    """Whether nobody waits for the task any more, or the worker is about to end."""
    if worker.status.name not in ("running", "paused"):
        return True
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def _hang_up(keeper: "subprocess.Popen[bytes]") -> None:
    if keeper.stdin is not None:
        with contextlib.suppress(OSError):
            keeper.stdin.close()


def _command(job: Job, worker: Any) -> tuple[list[str], Path]:
    in_clear = [one for one in (worker.address, worker.scheduler.address) if not is_private(one)]
    if in_clear:
        raise FleetError(
            f"this worker is spoken to in clear ({in_clear[0]}): start it with --protocol tls and"
            " the cluster's certificates"
        )
    check_name(job.customer)
    pulumi, version = _pulumi()
    command = [
        *(sys.executable, "-m", "fleet.cluster_job", job.customer, job.operation),
        *("--revision", str(job.revision), "--pulumi", pulumi, "--pulumi-version", version),
    ]
    return command, _checkout()


@cache
def _pulumi() -> tuple[str, str]:
    """The Pulumi CLI and its version, looked up once by each worker."""
    found = shutil.which("pulumi")
    if found is None:
        raise FleetError(
            "there is no `pulumi` on this worker's PATH: install it (Pulumi documentation,"
            ' "Download & install Pulumi")'
        )
    return found, version_of(Path(found))


def _checkout() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise FleetError(f"this worker runs in {here}, where no Pulumi.yaml is: start it in a checkout")
