"""`python -m sandbox.benchmark [NAME…]`: every figure beside its target, all or those named.

Exit code 1 when a target is missed. `exclusion` runs at the service's own pace, a quarter of an
hour; `fleet` takes five minutes; the others take less than a minute together. Other programs on the
same machine slow everything down: the load before and after is printed, so that a miss can be
judged; measure again when it is high. A new benchmark is one entry in `BENCHMARKS`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.benchmark.alarms import month_of_alarms
from sandbox.benchmark.documents import document, identity
from sandbox.benchmark.exclusion import exclusion
from sandbox.benchmark.fleet import fleet
from sandbox.benchmark.load import Load, changes, get, run_load
from sandbox.benchmark.measurement import Benchmark, Measurement, load_average
from sandbox.benchmark.served import Served, cores_for_server_and_load, pin, serving

_USERS, _POLICIES = 10_000, 195
_SECONDS = 6.0
_CONNECTIONS = 8


def start() -> Sequence[Measurement]:
    """From starting the process to its first answer, with the tenant that comes with it."""
    times: list[float] = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name, serving(Path(name)) as served:
            times.append(served.seconds)
    return [
        Measurement("the tenant that comes with it: starts and answers", sorted(times)[1], "s", 2.0)
    ]


def large_tenant() -> Sequence[Measurement]:
    """Ten thousand users and 195 policies: from the document to the first answer, then reads."""
    for_server, for_load = cores_for_server_and_load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seed = folder / "seed.json"
        seed.write_text(json.dumps(document(_USERS, _POLICIES)), "utf-8")
        options = ("--seed", str(seed), "--data", str(folder / "data.json"))
        # At its limits, the tenant answers 429, as the real service does.
        unlimited = ("--knob", "directoryUnitsPerTenSeconds=0")
        with serving(folder, *options, *unlimited, cores=for_server) as served:
            pin(0, for_load)
            busy = served.cpu_seconds()
            load = _reads(served)
            busy = served.cpu_seconds() - busy
            with changes(served, identity("users/0")):
                disturbed = _reads(served)
            pin(0, [*for_server, *for_load])
    size = f"{_POLICIES} policies, {_USERS:,} users"
    where = "on one core" if for_server else "not pinned to a core"
    return [
        Measurement(f"{size}: starts and answers", served.seconds, "s", 5.0),
        Measurement(f"reads of one user, {where}", load.per_second, "/s", 1000, True),
        Measurement("reads per second of processor time", len(load.latencies) / busy, "/s"),
        Measurement(f"median latency, {_CONNECTIONS} connections", 1000 * load.median, "ms"),
        Measurement("99 of 100 are answered within", 1000 * load.slow, "ms"),
        Measurement("reads while changes are made and saved", disturbed.per_second, "/s"),
        Measurement("99 of 100 are then answered within", 1000 * disturbed.slow, "ms"),
    ]


def _reads(served: Served) -> Load:
    token, host = served.graph_token(), served.environment["ARM_METADATA_HOSTNAME"]
    requests = [
        get(host, f"/v1.0/users/{identity(f'users/{number}')}", token)
        for number in range(0, _USERS, 7)
    ]
    return run_load(
        served.address, served.context, requests, connections=_CONNECTIONS, seconds=_SECONDS
    )


BENCHMARKS = (
    Benchmark("start", "Start (median of three)", start),
    Benchmark("tenant", "A large tenant", large_tenant),
    Benchmark("alarms", "Alert rules in virtual time", month_of_alarms),
    Benchmark("fleet", "Many customers", fleet),
    Benchmark("exclusion", "The exclusion, at the service's own pace", exclusion),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print it; the result is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.benchmark")
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names)}; default: all of them")
    chosen: list[str] = parser.parse_args(arguments).name or names
    if unknown := sorted(set(chosen) - set(names)):
        parser.error(f"no benchmark is named {unknown[0]!r}, expected {', '.join(names)}")
    found: list[Measurement] = []
    before = load_average()
    for benchmark in BENCHMARKS:
        if benchmark.name not in chosen:
            continue
        print(f"\n{benchmark.title}", flush=True)
        for measurement in benchmark.measure():
            print(f"  {measurement.line()}", flush=True)
            found.append(measurement)
    missed = [measurement.name for measurement in found if measurement.shortfall > 1]
    print(f"\nLoad average of the last minute: {before} before, {load_average()} after.")
    if missed:
        print(f"Targets missed: {len(missed)} ({'; '.join(missed)}).")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
