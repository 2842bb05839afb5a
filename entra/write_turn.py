"""Who may write Conditional Access policies now, among all processes of a user on one machine.

A write replaces whole lists, so between the read that it rests on and the write no other stack of
this machine may write: each keeps the turn from the one to the other. What was read earlier serves
only as long as nobody else has written since; who wrote when is kept beside the lock. Processes on
other machines, and administrators in a portal, are not seen by this.

Errors: ``LimiterError`` (see ``entra.errors``).
"""

import json
import os
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from entra.machine_lock import (
    LOCK_TIMEOUT_SECONDS,
    MachineLock,
    cache_folder,
    file_name_of,
    unusable,
)

# Clocks are adjusted by fractions of a second while we run, and some file systems know only whole
# seconds; the price of the margin is a read too many.
MARGIN_SECONDS = 1.0
# Nothing that was read longer ago than this is ever written from.
REMEMBERED_SECONDS = 3600.0

_PROCESS = uuid.uuid4().hex
# Writes of which the file no longer tells who made them.
_UNKNOWN = ""


class WriteTurn:
    """The one writer at a time of a tenant, and whether others wrote meanwhile.

    ``writer`` names this process among all that ever used the folder: process ids are used again.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        writer: str | None = None,
        clock: Callable[[], float] = time.time,
        timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self._folder = folder
        self._stamp = folder / f"{name}.written"
        self._given_name = writer
        self._clock = clock
        what = "the turn to write Conditional Access policies"
        self._lock = MachineLock(folder, f"{name}.write", what=what, timeout=timeout)

    @contextmanager
    def held(self) -> Generator[None]:
        """Wait for the turn and keep it until the block ends; the same thread may nest it.

        Raises LimiterError when one process kept it for 15 minutes, or the folder is unusable.
        """
        with self._lock.held():
            yield

    def written(self) -> None:
        """This process wrote a policy now. Raises LimiterError."""
        with self._lock.held():
            now = self._clock()
            known = {
                writer: min(moment, now)
                for writer, moment in self._writes().items()
                if moment > now - REMEMBERED_SECONDS
            }
            self._keep({**known, self._writer: now})

    def others_wrote_since(self, moment: float) -> bool:
        """Whether another process wrote a policy after ``moment`` (seconds of ``time.time()``).

        In doubt yes: when the file lost who wrote, or the clock was set back since.
        """
        with self._lock.held():
            now = self._clock()
            if moment > now + MARGIN_SECONDS:
                return True
            writes = self._writes()
            if any(at > now + MARGIN_SECONDS for at in writes.values()):
                # Written before the clock was set back. Taken as now, they are doubted once
                # instead of until that time comes again.
                writes = {writer: min(at, now) for writer, at in writes.items()}
                self._keep(writes)
            return any(
                at >= moment - MARGIN_SECONDS
                for writer, at in writes.items()
                if writer != self._writer
            )

    @property
    def _writer(self) -> str:
        return self._given_name or f"{os.getpid()}-{_PROCESS}"

    def _writes(self) -> dict[str, float]:
        """When each process last wrote."""
        try:
            text = self._stamp.read_bytes()
            modified = self._stamp.stat().st_mtime
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise unusable(self._folder, error) from None
        try:
            found: Any = json.loads(text)
            return {str(writer): float(at) for writer, at in cast("dict[Any, Any]", found).items()}
        except (ValueError, TypeError, AttributeError):
            return {_UNKNOWN: modified}  # cut short by a crash

    def _keep(self, writes: Mapping[str, float]) -> None:
        try:
            self._stamp.write_text(json.dumps(dict(writes)), encoding="ascii")
        except OSError as error:
            raise unusable(self._folder, error) from None


def write_turn_for(
    tenant_id: str, graph: str, environ: Mapping[str, str] = os.environ
) -> WriteTurn:
    """The write turn of one tenant at one Graph address. Raises LimiterError."""
    folder = cache_folder(environ) / "limiter"
    return WriteTurn(file_name_of(tenant_id, graph), folder=folder)
