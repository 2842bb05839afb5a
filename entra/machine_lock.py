"""What all processes of a user share on one machine: the cache folder, and locks in it.

Locks are the operating system's own on an open file (``flock``, ``LockFileEx``): a process that
crashes gives its locks back, and files left behind lock nobody out.

Errors: ``LimiterError`` (see ``entra.errors``).
"""

import os
import re
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock
import platformdirs

from entra.errors import LimiterError

CACHE_VARIABLE = "BREAK_GLASS_CACHE"
# One holder may sit out a storm of refusals (see entra.client) for each of a few requests.
LOCK_TIMEOUT_SECONDS = 900.0


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's cache folder of this product; BREAK_GLASS_CACHE names another one."""
    named = environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("break-glass", appauthor=False)


def file_name_of(tenant_id: str, graph: str) -> str:
    """The start of the names of a tenant's files. Two simulated tenants may share an id, so the
    host of Graph is part of it."""
    key = f"{tenant_id}-{graph.removeprefix('https://')}".casefold()
    return re.sub(r"[^a-z0-9.-]", "_", key)


def unusable(folder: Path, error: OSError | NotImplementedError) -> LimiterError:
    """The line for a folder that cannot keep our files."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return LimiterError(
        f"{folder} cannot be used ({reason}): the pace of Conditional Access requests and the"
        f" turns of those who write are kept there; set {CACHE_VARIABLE} to a folder that can"
    )


class MachineLock:
    """One holder at a time, of all threads and processes; the same thread may hold it twice.

    Whoever waits holds the place at the head of the queue, so a process that lets go and comes
    back at once does not overtake it for ever. A wait ends in an error only when *one* holder
    kept the lock for ``timeout`` seconds: a long queue that moves is waited out.
    """

    def __init__(
        self, folder: Path, name: str, *, what: str, timeout: float = LOCK_TIMEOUT_SECONDS
    ) -> None:
        self._folder = folder
        self._what = what
        self._timeout = timeout
        self._threads = threading.RLock()
        self._depth = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(folder, error) from None
        self._path = folder / f"{name}.lock"
        self._holder = filelock.FileLock(self._path, timeout=timeout)
        self._queue = filelock.FileLock(folder / f"{name}.queue", timeout=timeout)

    @contextmanager
    def held(self) -> Generator[None]:
        """Wait for the lock and keep it until the block ends. Raises LimiterError."""
        with self._threads:
            if self._depth == 0:
                self._acquire()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._holder.release()

    def _acquire(self) -> None:
        try:
            self._wait_for(self._queue)
            try:
                self._wait_for(self._holder)
                os.utime(self._path)
            finally:
                self._queue.release()
        except (OSError, NotImplementedError) as error:
            self._holder.release()
            raise unusable(self._folder, error) from None

    def _wait_for(self, lock: filelock.BaseFileLock) -> None:
        seen = self._taken_at()
        while True:
            try:
                lock.acquire()
                return
            except filelock.Timeout:
                taken = self._taken_at()
                if taken == seen:
                    raise LimiterError(
                        f"{self._path}: another process has kept {self._what} for"
                        f" {self._timeout:.0f} s: end it and run again"
                    ) from None
                seen = taken

    def _taken_at(self) -> int:
        """When the lock was last taken; what the clock says does not matter, only a change."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0  # nobody has held it yet
