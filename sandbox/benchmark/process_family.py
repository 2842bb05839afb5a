"""What a command takes of the machine with all that it starts: seconds, processor time, memory."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.1
_SHOWN_CHARACTERS = 3000


@dataclass(frozen=True)
class Taken:
    """What a command took."""

    seconds: float
    """From its start to its end."""
    processor_seconds: float
    """Of everything that the command started, without the command's own process."""
    others_seconds: float
    """Processor time that everything else on this machine took meanwhile."""
    peak_bytes: int
    """The most that all of these held at one time; memory that several share is counted once.

    0 when it was not looked at.
    """


class Family:
    """The descendants of a process, looked at again and again while they live."""

    def __init__(self, process: psutil.Process, *, memory: bool) -> None:
        self._process = process
        self._memory = memory
        self._own = 0.0
        self._processor: dict[psutil.Process, float] = {}
        self.peak_bytes = 0

    @property
    def own_seconds(self) -> float:
        """Processor time of the process itself."""
        return self._own

    def processor_seconds(self, reaped: float) -> float:
        """Of all descendants.

        What was seen last of each lacks its last moments. `reaped` does not, but is the process's
        own as well, lacks those for whose end nobody waited, and is 0 on Windows: the larger one.
        """
        return max(sum(self._processor.values()), reaped - self._own)

    def look(self) -> None:
        """Take the figures of this moment."""
        held = 0
        try:
            self._own = _processor_of(self._process)
            members = self._process.children(recursive=True)
        except psutil.NoSuchProcess:
            return
        for member in members:
            try:
                with member.oneshot():
                    self._processor[member] = _processor_of(member)
                    held += _memory_of(member) if self._memory else 0
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.peak_bytes = max(self.peak_bytes, held)


def run_family(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, memory: bool = False
) -> Taken:
    """Run a command to its end; `memory`: look at that too, which itself takes processor time.

    Raises RuntimeError with the end of what it said when it fails.
    """
    with tempfile.TemporaryFile() as said:
        began, reaped, busy = time.perf_counter(), _reaped(), _busy()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        family = Family(psutil.Process(process.pid), memory=memory)
        while True:
            family.look()
            try:
                process.wait(_SAMPLE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        seconds, busy = time.perf_counter() - began, _busy() - busy
        if process.returncode != 0:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-_SHOWN_CHARACTERS:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    processor = family.processor_seconds(_reaped() - reaped)
    others = max(0.0, busy - processor - family.own_seconds)
    return Taken(seconds, processor, others, family.peak_bytes)


def _busy() -> float:
    """Processor time of the whole machine so far."""
    times = psutil.cpu_times()
    return times.user + times.system


def _reaped() -> float:
    """Processor time of all processes that this one, or one that it waited for, waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _processor_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _memory_of(process: psutil.Process) -> int:
    """Its own memory and its part of what it shares with others; where unknown, only its own."""
    taken = process.memory_full_info()
    return getattr(taken, "pss", 0) or taken.uss
