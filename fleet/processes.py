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

WINDOWS: Final = os.name == "nt"
LOOK_SECONDS: Final = 0.05


class Processes:
    """The jobs' processes that run here, so that all can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether somebody stopped the run."""
        return self._stopping.is_set()

    def start(
        self, command: list[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> "subprocess.Popen[bytes] | None":
        """Start a process as a group of its own; None when no new one may start any more."""
        with self._lock:
            return None if self.stopping else self._begin(command, folder, environment, log)

    def start_tidying(
        self, command: list[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        """Start one that takes away what a stopped one left: that may always be begun."""
        with self._lock:
            return self._begin(command, folder, environment, log)

    def _begin(
        self, command: list[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=not WINDOWS,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._running.add(process)
        return process

    def ended(self, process: "subprocess.Popen[bytes]") -> None:
        """Forget one."""
        with self._lock:
            self._running.discard(process)

    def interrupt(self) -> None:
        """Let every process finish what it began and save its state; start no new one."""
        with self._lock:
            if not self.stopping:
                self._stopping.set()
                for process in self._running:
                    interrupt(process)

    def kill(self) -> None:
        """End them at once."""
        with self._lock:
            self._stopping.set()
            for process in self._running:
                kill(process)


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C to a process, which passes it on to what it started as soon as that can bear it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            process.send_signal(signal.CTRL_BREAK_EVENT)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        else:
            process.send_signal(signal.SIGINT)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process and what it started: its engine must not go on while its lock is released."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if WINDOWS:
            _kill_tree(process)
        else:
            os.killpg(process.pid, signal.SIGKILL)


def end_orphans(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """What a process that died left at work: let it come to a clean end, at most so long.

    On Windows nothing is left to tell which those are.
    """
    if WINDOWS:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGINT)
        latest = time.monotonic() + seconds
        while time.monotonic() < latest:
            os.killpg(process.pid, 0)
            time.sleep(LOOK_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)


def _kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """As `taskkill` does it, which knows who started whom (Microsoft Learn, "taskkill")."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607  (of Windows itself)
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
        )
    process.kill()
