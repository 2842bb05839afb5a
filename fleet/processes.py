"""The processes that a run has started on this machine, and how all of them are ended.

Each leads a process group of its own: Ctrl-C reaches it once, from here, and not from the terminal
too.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from fleet.lock_note import is_asked

WINDOWS: Final = os.name == "nt"
LOOK_SECONDS: Final = 0.05
LOCK_SECONDS: Final = 5.0
"""So long one that is taking its stack's lock may take to say that it has it, before it is killed:
what was killed in between leaves a lock of which nobody knows whose it is."""


class Started(subprocess.Popen[bytes]):
    """A process that leads a group of its own."""

    ended_with_all = False
    """On Windows: it was at work when it was ended, and all that it had started with it."""


class Processes:
    """The jobs' processes that run here, so that all can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Started, Path | None] = {}
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether somebody stopped the run."""
        return self._stopping.is_set()

    def start(
        self,
        command: list[str],
        folder: Path,
        environment: Mapping[str, str],
        log: IO[bytes],
        note: Path | None = None,
    ) -> Started | None:
        """Start a process as a group of its own; None when no new one may start any more.

        `note`: where it notes what it does with its stack's lock.
        """
        with self._lock:
            return None if self.stopping else self._begin(command, folder, environment, log, note)

    def start_tidying(
        self, command: list[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> Started:
        """Start one that takes away what a stopped one left: that may always be begun."""
        with self._lock:
            return self._begin(command, folder, environment, log)

    def _begin(
        self,
        command: list[str],
        folder: Path,
        environment: Mapping[str, str],
        log: IO[bytes],
        note: Path | None = None,
    ) -> Started:
        process = Started(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=not WINDOWS,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._running[process] = note
        return process

    def ended(self, process: Started) -> None:
        """Forget one."""
        with self._lock:
            self._running.pop(process, None)

    def interrupt(self) -> None:
        """Let every process finish what it began and save its state; start no new one."""
        with self._lock:
            if not self.stopping:
                self._stopping.set()
                for process in self._running:
                    interrupt(process)

    def kill(self) -> None:
        """End them at once; those that are taking a lock as soon as they hold it."""
        with self._lock:
            self._stopping.set()
            for process, note in self._running.items():
                if note is None or not is_asked(note):
                    kill(process)
                else:  # not here: whoever presses Ctrl-C again would break this off
                    threading.Thread(target=_kill_soon, args=(process, note), daemon=True).start()


def _kill_soon(process: Started, note: Path) -> None:
    latest = time.monotonic() + LOCK_SECONDS
    while is_asked(note) and process.poll() is None and time.monotonic() < latest:
        time.sleep(LOOK_SECONDS)
    kill(process)


def interrupt(process: Started) -> None:
    """Ctrl-C to a process, which passes it on to what it started as soon as that can bear it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.send_signal(signal.CTRL_BREAK_EVENT)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        else:
            process.send_signal(signal.SIGINT)


def kill(process: Started) -> None:
    """End a process and what it started: its engine must not go on while its lock is released."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.ended_with_all = _kill_tree(process)
        else:
            os.killpg(process.pid, signal.SIGKILL)


def end_orphans(process: Started, seconds: float) -> bool:
    """What a process that died left at work: let it come to a clean end, at most so long.

    Whether nothing of it is at work any more. On Windows nothing is left to tell which those are:
    it is so when they were ended together with the process.
    """
    if WINDOWS:
        return process.ended_with_all
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGINT)
        latest = time.monotonic() + seconds
        while time.monotonic() < latest:
            os.killpg(process.pid, 0)
            time.sleep(LOOK_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    return True


def _kill_tree(process: Started) -> bool:
    """As `taskkill` does it, which knows who started whom (Microsoft Learn, "taskkill").

    Whether it did: it finds nobody's children any more when the process itself is gone.
    """
    ended = False
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607  (of Windows itself)
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
        )
        ended = done.returncode == 0
    process.kill()
    return ended
