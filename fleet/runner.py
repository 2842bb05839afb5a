"""Runs jobs side by side on any `concurrent.futures.Executor`: threads here, or a cluster.

Nothing of a customer's failure touches another. Ctrl-C (once) lets what runs come to a clean end
and begins nothing more; a second one ends it at once. So does a record that cannot be kept any
more, since what nobody is told of must not be done.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from typing import Any, Final, Protocol

from fleet.errors import FleetError
from fleet.job import Job, failed, not_started
from fleet.report import CustomerReport

AWAKE_SECONDS: Final = 0.5
"""A wait without an end would not notice Ctrl-C on Windows."""

Do = Callable[[Job], CustomerReport]
OnChange = Callable[[CustomerReport], None]


class Stop(Protocol):
    """How running jobs are ended; ``fleet.job.Processes`` on this machine."""

    def interrupt(self) -> None:
        """Cleanly."""
        ...

    def kill(self) -> None:
        """At once."""
        ...


def run_fleet(
    jobs: Sequence[Job],
    executor: Executor,
    do: Do,
    *,
    stop: Stop,
    on_change: OnChange = lambda _: None,
    on_stop: Callable[[], None] = lambda: None,
    canary: AbstractSet[str] = frozenset(),
) -> list[CustomerReport]:
    """Do all jobs; the report of each, those that did not start too, in the jobs' order.

    `canary`: these customers first, alone; the rest only when all of them are done. `on_change`
    hears of each report as it comes, in this thread; an OSError or FleetError of its ends the run,
    cleanly. `on_stop` hears that it was ended before it was over: the reports need not show it.
    """
    first = [job for job in jobs if job.customer in canary]
    rest = [job for job in jobs if job.customer not in canary]
    run = _Run(executor, do, stop, on_change, on_stop)
    reports = run.wave(first)
    fallen = any(one.outcome != "done" for one in reports)
    reports += run.leave(rest) if fallen else run.wave(rest)
    by_name = {one.customer: one for one in reports}
    return [by_name[job.customer] for job in jobs]


class _Run:
    def __init__(
        self,
        executor: Executor,
        do: Do,
        stop: Stop,
        on_change: OnChange,
        on_stop: Callable[[], None],
    ) -> None:
        self._executor = executor
        self._do = do
        self._stop = stop
        self._on_change = on_change
        self._on_stop = on_stop
        self.stopped = False

    def wave(self, jobs: Sequence[Job]) -> list[CustomerReport]:
        """Some jobs at once; their reports in the jobs' order."""
        futures: dict[Future[CustomerReport], Job] = {}
        reports: dict[str, CustomerReport] = {}
        waiting: set[Future[CustomerReport]] = set()
        pending = iter(jobs)
        while True:
            try:
                for job in pending if not self.stopped else ():
                    future = self._submit(job)
                    futures[future] = job
                    waiting.add(future)
                while waiting:
                    ended, _ = wait(waiting, AWAKE_SECONDS, return_when=FIRST_COMPLETED)
                    for future in ended:
                        job = futures[future]
                        reports[job.customer] = _result(future, job)
                        waiting.discard(future)
                        self._tell(reports[job.customer], waiting)
                break
            except KeyboardInterrupt:
                self._interrupted(waiting)
        missing = [job for job in jobs if job.customer not in reports]
        reports.update((one.customer, one) for one in self.leave(missing))
        return [reports[job.customer] for job in jobs]

    def leave(self, jobs: Iterable[Job]) -> list[CustomerReport]:
        """Report jobs that will not be started."""
        reports = [not_started(job) for job in jobs]
        for one in reports:
            self._tell(one, ())
        return reports

    def _tell(self, report: CustomerReport, waiting: Iterable["Future[Any]"]) -> None:
        try:
            self._on_change(report)
        except (OSError, FleetError):
            if not self.stopped:
                self._interrupted(waiting)

    def _submit(self, job: Job) -> "Future[CustomerReport]":
        try:
            return self._executor.submit(self._do, job)
        except RuntimeError as error:  # a pool that is broken takes no more
            future: Future[CustomerReport] = Future()
            future.set_exception(error)
            return future

    def _interrupted(self, waiting: Iterable["Future[Any]"]) -> None:
        if self.stopped:
            self._stop.kill()
            return
        self.stopped = True
        self._on_stop()
        for future in waiting:
            future.cancel()
        self._stop.interrupt()


def _result(future: "Future[CustomerReport]", job: Job) -> CustomerReport:
    try:
        return future.result()
    except CancelledError:
        return not_started(job)
    except Exception as error:  # noqa: BLE001  (of whatever executor: one customer's, not the run's)
        words = " ".join(str(error).split()) or "no reason given"
        return failed(job, f"the job did not run: {type(error).__name__}: {words}", "run it again")
