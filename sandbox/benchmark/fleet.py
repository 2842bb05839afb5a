"""Fifty customers at once against what the cores allow, memory, and a preview against a bare one.

The engine and the programs are those of a user; nothing is started beforehand.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from sandbox.benchmark.customer_fleet import (
    FIRST,
    Original,
    Project,
    cores,
    first_customer,
    many_customers,
    with_program,
)
from sandbox.benchmark.measurement import Measurement
from sandbox.benchmark.served import Served
from sandbox.engine import ensure_engine

CUSTOMERS = 50
_ALONE = 3
"""So many customers are run one by one before all are: how much a single one takes."""
_PREVIEWS = 5
_SHARE = 0.8
_OVER_BARE = 1.1
MEGABYTES_PER_RUN = 700
"""What `breakglass fleet` reckons with for each stack when it chooses how many run at a time."""


def fleet() -> Sequence[Measurement]:
    """One customer made and looked at, then fifty."""
    engine = ensure_engine(print)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with first_customer(engine, folder / "one") as (project, served):
            made = project.fleet("up", "--yes", memory=True)
            looked = project.fleet("preview", "--expect-no-changes", memory=True)
            rows = [*_memory(made.peak_bytes, looked.peak_bytes), *_against_bare(project)]
            original = Original.of(project, served)
        names = [f"customer-{number}" for number in range(1, CUSTOMERS + 1)]
        with many_customers(engine, folder / "many", original, names) as (project, served):
            return [*rows, *_all_at_once(project, served, names)]


def _memory(*peaks: int) -> list[Measurement]:
    made, looked = (peak / 1e6 for peak in peaks)
    return [
        Measurement("memory of one stack, first up, at its peak", made, "MB", MEGABYTES_PER_RUN),
        Measurement("  preview", looked, "MB", MEGABYTES_PER_RUN),
    ]


def _all_at_once(project: Project, served: Served, names: Sequence[str]) -> list[Measurement]:
    """Each stack's processor time from runs of one alone; then all, as the command does it."""
    preview = ("preview", "--expect-no-changes")
    tenants = served.cpu_seconds()
    alone = [project.fleet(*preview, "--only", name) for name in names[:_ALONE]]
    tenants = (served.cpu_seconds() - tenants) / _ALONE
    work = median(one.processor_seconds for one in alone)
    together = project.fleet(*preview)
    limit = len(names) * work / cores()
    title = f"{len(names)} stacks in {len(names)} tenants, preview"
    return [
        Measurement("preview of one stack alone: wall time", median(a.seconds for a in alone), "s"),
        Measurement("  processor time", work, "s"),
        Measurement("  its tenant's", tenants, "s"),
        Measurement(f"{title}: wall time", together.seconds, "s"),
        Measurement(f"  the limit of {cores()} cores", limit, "s"),
        Measurement("  share of it", limit / together.seconds, "", _SHARE, True),
        Measurement("  processor time that others took, tenants too", together.others_seconds, "s"),
    ]


def _against_bare(project: Project) -> list[Measurement]:
    """The same no-change preview of the same state by both programs, in turns.

    The time in which ours waited for answers of the tenant is taken off each of its runs. Of each
    the quickest run counts: whatever else the machine does can only make one longer.
    """
    # A state that has settled: what the first run had to do is no input any more.
    project.pulumi("up", "--yes", "--skip-preview", "--stack", FIRST)
    state, waited = (project.folder.parent / name for name in ("state.json", "waited"))
    state.write_text(project.pulumi("stack", "export", "--show-secrets", "--stack", FIRST), "utf-8")
    ours = with_program(project, "watched", BENCHMARK_WAITED=str(waited))
    bare = with_program(project, "bare", BENCHMARK_STATE=str(state))
    runs: list[tuple[float, float]] = []
    others: list[float] = []
    for _ in range(_PREVIEWS):
        runs.append((_preview(ours), float(waited.read_text("ascii"))))
        others.append(_preview(bare))
    whole, trips = min(runs, key=lambda run: run[0] - run[1])
    return [
        Measurement("preview without changes, our program", whole, "s"),
        Measurement("  of it waiting for the tenant's answers", trips, "s"),
        Measurement("  a bare program with the same resources", min(others), "s"),
        Measurement("  ratio beyond the answers", (whole - trips) / min(others), "", _OVER_BARE),
    ]


def _preview(project: Project) -> float:
    began = time.perf_counter()
    project.pulumi("preview", "--expect-no-changes", "--stack", FIRST)
    return time.perf_counter() - began
