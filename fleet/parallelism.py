"""How many customers at a time: as many as cores and free memory allow, at least one.

Memory and a container's share of the cores are told by Linux; elsewhere the cores alone count.
"""

import math
import os
from pathlib import Path
from typing import Final

BYTES_PER_RUN: Final = 700_000_000
"""What one running stack takes at most: its job, the CLI, plugins and the Python programs.

Measured by `make bench ARGS=fleet` (docs/performance.md) with the sandbox's plugins: 690 MB at the
peak of a preview, 530 MB at that of a first `up`. The plugins that Pulumi offers for download are
other programs; their memory was not measured.
"""
_MEMORY: Final = Path("/proc/meminfo")
_CONTAINER: Final = Path("/sys/fs/cgroup")


def default_parallelism(cores: int | None = None, free_bytes: int | None = None) -> int:
    """The number that `--parallel` has by default; figures that are not known do not limit it."""
    cores = usable_cores() if cores is None else cores
    free_bytes = free_memory() if free_bytes is None else free_bytes
    by_memory = cores if free_bytes is None else free_bytes // BYTES_PER_RUN
    return max(1, min(cores, by_memory))


def usable_cores() -> int:
    """Those that this process may use, within a container's share of the machine's time."""
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    share = _share()
    return there if share is None else max(1, min(there, math.ceil(share)))


def _share() -> float | None:
    """How many cores' time a container may take; None: it has no limit, or none is told.

    Source: the kernel's "Control Group v2", `cpu.max`: time and period, or `max` and period.
    """
    try:
        time, period = (_CONTAINER / "cpu.max").read_text(encoding="ascii").split()
        return int(time) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def free_memory() -> int | None:
    """Bytes that can be taken without swapping, within a container's limit; None: not known."""
    figures = [one for one in (_machine(), _container()) if one is not None]
    return min(figures, default=None)


def _machine() -> int | None:
    try:
        found = _figure(_MEMORY.read_text(encoding="ascii"), "MemAvailable:")
    except (OSError, ValueError):
        return None
    return found * 1024 or None


def _container() -> int | None:
    """Below its limit; files that were read and are not used any more give way when needed.

    `memory.current` counts those too. Without them it is the working set by which Kubernetes
    judges a container.
    """
    try:
        limit, used, parts = (
            (_CONTAINER / name).read_text(encoding="ascii")
            for name in ("memory.max", "memory.current", "memory.stat")
        )
        return max(0, int(limit) - max(0, int(used) - _figure(parts, "inactive_file")))
    except (OSError, ValueError):
        return None


def _figure(lines: str, name: str) -> int:
    """The number behind that name; 0 when it is not there."""
    found = (line.split()[1] for line in lines.splitlines() if line.split()[:1] == [name])
    return int(next(found, "0"))
