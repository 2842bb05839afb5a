"""How much memory is free for customers: the machine's, within the container's limit."""

import os
from pathlib import Path

import pytest

from fleet import parallelism

GIGABYTE = 10**9


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with 64 GB free; its container's figures are files in the folder."""
    memory = tmp_path / "meminfo"
    memory.write_text(f"MemTotal: 1 kB\nMemAvailable:   {64 * GIGABYTE // 1024} kB\n")
    monkeypatch.setattr(parallelism, "_MEMORY", memory)
    monkeypatch.setattr(parallelism, "_CONTAINER", tmp_path)
    return tmp_path


def limited(folder: Path, limit: object, used: int, stat: str) -> None:
    for name, text in (("max", limit), ("current", used), ("stat", stat)):
        (folder / f"memory.{name}").write_text(f"{text}\n")


@pytest.mark.parametrize(("inactive", "gigabytes"), [(0, 1), (5 * GIGABYTE, 6), (8 * GIGABYTE, 8)])
def test_files_that_were_read_once_leave_their_memory_to_customers(
    inactive: int, gigabytes: int, machine: Path
) -> None:
    stat = f"anon 7\ninactive_anon 9\ninactive_file {inactive}\nactive_file 3"
    limited(machine, 8 * GIGABYTE, 7 * GIGABYTE, stat)
    assert parallelism.free_memory() == gigabytes * GIGABYTE


def test_what_a_container_uses_beyond_its_limit_is_not_free(machine: Path) -> None:
    limited(machine, GIGABYTE, 2 * GIGABYTE, "inactive_file 0")
    assert parallelism.free_memory() == 0
    assert parallelism.default_parallelism(cores=4) == 1


def test_without_a_limit_the_machine_is_asked(machine: Path) -> None:
    free = 64 * GIGABYTE // 1024 * 1024
    assert parallelism.free_memory() == free
    limited(machine, "max", GIGABYTE, "inactive_file 0")
    assert parallelism.free_memory() == free


def test_what_is_not_known_does_not_limit(machine: Path) -> None:
    (machine / "meminfo").unlink()
    assert parallelism.free_memory() is None
    assert parallelism.default_parallelism(cores=3) == 3


@pytest.mark.parametrize(
    ("told", "cores"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("900000 100000", 8),
        ("max 100000", 8),
        ("", 8),
        ("1 0", 8),
        (None, 8),
    ],
)
def test_a_containers_share_of_the_cores_is_heeded(
    machine: Path, monkeypatch: pytest.MonkeyPatch, told: str | None, cores: int
) -> None:
    def eight(_: int) -> set[int]:
        return set(range(8))

    monkeypatch.setattr(os, "sched_getaffinity", eight, raising=False)
    if told is not None:
        (machine / "cpu.max").write_text(f"{told}\n", encoding="ascii")
    assert parallelism.usable_cores() == cores
