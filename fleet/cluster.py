# pyright: basic
# `distributed` has no types for what it takes and gives, and may not be installed at all.
"""The same jobs on a Dask cluster that stands already: an executor for ``fleet.runner``.

What travels is a ``Job`` (a customer's name, an operation, a commit) and the *name* of the function
that does it: no environment, no settings, no credential. Those are the worker's own. A worker that
is lost has its jobs run again elsewhere by the scheduler; see ``fleet.cluster_worker`` for why no
customer is then worked on twice at once. Reports come back as pickled objects: the cluster is
trusted as far as its certificate authority is.

Source: Dask.distributed documentation, "API" (Client.submit, subscribe_topic) and "Resilience".
Errors are ``FleetError``.
"""

import contextlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from fleet.changes import revision, uncommitted
from fleet.cluster_address import INSTALL, Tls, endpoint, is_private, security
from fleet.cluster_worker import How, stop
from fleet.errors import FleetError
from fleet.first_few import first_few
from fleet.job import Job, failed
from fleet.report import CustomerReport

CONNECT_SECONDS: Final = 15
RETRIES: Final = 1
"""How often a job is run again whose process died without a report. A worker that is lost is not
counted here; the scheduler's `allowed-failures` bounds that."""


def commit_to_send(folder: Path) -> str:
    """The commit that the workers must have. Raises FleetError when there is none to name."""
    commit = revision(folder)
    if commit is None:
        raise FleetError(
            f"--cluster needs a commit, and {folder} is no git checkout: each worker runs its own"
            " checkout of the commit that is named to it",
            exit_code=2,
        )
    if changed := uncommitted(folder):
        raise FleetError(
            f"what is not committed would not reach the workers ({first_few(changed, 1)}):"
            " commit it, or run without --cluster"
        )
    return commit


class Cluster:
    """A connection to a cluster's scheduler."""

    def __init__(self, address: str, tls: Tls) -> None:
        """Connect. Raises FleetError: in clear, not there, no worker, a worker in clear."""
        scheduler = endpoint(address)
        try:
            from distributed import Client
        except ImportError:
            raise FleetError(INSTALL, exit_code=2) from None
        try:
            self._client: Any = Client(
                scheduler,
                security=security(scheduler, tls),
                timeout=CONNECT_SECONDS,
                name="break-glass-fleet",
                set_as_default=False,
                direct_to_workers=False,
            )
        except (OSError, ValueError, RuntimeError) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise FleetError(
                f"the scheduler at {scheduler} cannot be reached: {words}: is it running, and of"
                " the same certificate authority?"
            ) from None
        try:
            self._check_workers(scheduler)
        except FleetError:
            self.close()
            raise

    def _check_workers(self, scheduler: str) -> None:
        # -1: all of them, else it names five.
        workers = list(self._client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise FleetError(
                f"the cluster at {scheduler} has no worker: start one in a checkout, `dask worker"
                f" {scheduler} --nthreads 2`"
            )
        if in_clear := [one for one in workers if not is_private(one)]:
            raise FleetError(
                f"a worker of the cluster is spoken to in clear ({first_few(in_clear, 1)}):"
                " start it with --protocol tls and the cluster's certificates"
            )

    def executor(
        self,
        on_begin: Callable[[str], None] = lambda _: None,
        then: Callable[[CustomerReport], CustomerReport] = lambda report: report,
    ) -> "ClusterExecutor":
        """For one wave of jobs. `then`: what is made of each report, here."""
        return ClusterExecutor(self._client, on_begin, then)

    def close(self) -> None:
        """End the connection; jobs that still run are ended by their workers."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Sent:
    job: Job
    future: "Future[CustomerReport]"
    task: Any = None
    settled: bool = False
    """It was begun, or is known to be cancelled."""


class ClusterExecutor(Executor):
    """Takes functions of a ``Job`` that workers can import; it can stop them, too."""

    def __init__(
        self,
        client: Any,
        on_begin: Callable[[str], None],
        then: Callable[[CustomerReport], CustomerReport],
    ) -> None:
        self._client = client
        self._on_begin = on_begin
        self._then = then
        self._lock = threading.Lock()
        self._sent: dict[str, _Sent] = {}
        self._told: How | None = None
        self._run = f"break-glass-{uuid.uuid4().hex}"
        client.subscribe_topic(self._run, self._begun)

    def __enter__(self) -> Self:
        return self

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have a worker do a job; RuntimeError when the connection is gone."""
        (job,) = args
        sent = _Sent(job, Future())
        key = f"{self._run}/{job.operation}/{job.customer}"
        self._sent[key] = sent
        sent.task = self._client.submit(fn, job, key=key, pure=False, retries=RETRIES, **kwargs)
        sent.future.add_done_callback(lambda it: sent.task.cancel() if it.cancelled() else None)
        sent.task.add_done_callback(lambda _: self._ended(sent))
        return sent.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Listen no more. The runner has waited for all jobs before."""
        del wait, cancel_futures
        with contextlib.suppress(ValueError):  # it was not subscribed, or no more
            self._client.unsubscribe_topic(self._run)

    def interrupt(self) -> None:
        """Let what runs come to a clean end."""
        self._tell("interrupt")

    def kill(self) -> None:
        """End what runs at once."""
        self._tell("kill")

    def _tell(self, how: How) -> None:
        self._told = how
        threading.Thread(target=self._run_stop, args=(how,), daemon=True).start()

    def _run_stop(self, how: How) -> None:
        # A worker that does not answer is lost: its jobs notice that themselves.
        with contextlib.suppress(Exception):
            self._client.run(stop, self._run, how, on_error="ignore")

    def _begun(self, event: tuple[Any, Any]) -> None:
        """A worker says that it begins; again, when an earlier worker was lost."""
        sent = self._sent.get(str(event[1].get("key")))
        if sent is None:
            return
        first = not sent.settled
        if self._settle(sent) and first:
            self._on_begin(sent.job.customer)
        if self._told is not None:
            self._tell(self._told)

    def _settle(self, sent: _Sent) -> bool:
        """Whether the job was begun, rather than taken back before."""
        with self._lock:
            if not sent.settled:
                sent.settled = True
                return sent.future.set_running_or_notify_cancel()
            return not sent.future.cancelled()

    def _ended(self, sent: _Sent) -> None:
        if not self._settle(sent):
            return
        try:
            sent.future.set_result(self._then(self._report(sent)))
        except Exception as error:  # noqa: BLE001  (whatever the worker raised is this job's alone)
            sent.future.set_exception(error)

    def _report(self, sent: _Sent) -> CustomerReport:
        job = sent.job
        again = f"look at its stack, then `breakglass fleet {job.operation} --resume`"
        if sent.task.status not in ("finished", "error"):
            what = "the scheduler is gone: whether the job was done is not known"
            return failed(job, what, again)
        # Checked anew: an object that was unpickled has passed no check.
        report = CustomerReport.model_validate(sent.task.result().model_dump())
        if (report.customer, report.operation) != (job.customer, job.operation):
            return failed(job, "a worker sent the report of another job", again)
        return report
