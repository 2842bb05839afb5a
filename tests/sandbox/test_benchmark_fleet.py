"""The benchmark of many customers counts what it says; its bare program declares what stands."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from fleet.environment import suffix_of
from fleet.parallelism import BYTES_PER_RUN
from sandbox.benchmark import customer_fleet, fleet
from sandbox.benchmark.bare import __main__ as bare
from sandbox.benchmark.customer_fleet import Original, Project
from sandbox.benchmark.measurement import Measurement
from sandbox.benchmark.process_family import Family, Taken, run_family
from sandbox.benchmark.served import Served
from sandbox.benchmark.watched import __main__ as watched
from sandbox.engine import Engine
from tests.support.tenant import object_id, running_tenant, small_document
from tests.unit.harness import run_program

BURN = "import time\nwhile time.process_time() < {}: pass\n"
PASSWORD = "a-password-of-the-benchmark"


def python(text: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", text]


def test_processor_time_and_memory_are_those_of_all_that_a_command_starts() -> None:
    works = f"held = bytearray(b'x' * 60_000_000)\n{BURN.format(0.2)}print('ready', flush=True)\n"
    worker = f"{works}input()"
    starts = f"import subprocess, sys\nsubprocess.run([sys.executable, '-ISc', {worker!r}])\n"
    command = python(BURN.format(0.6) + starts)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        family = Family(psutil.Process(process.pid), memory=True)
        family.look()
        assert 0.15 < family.processor_seconds(0.0) < 0.5 < family.own_seconds  # clock ticks
        assert 60e6 < family.peak_bytes < 120e6
        assert family.processor_seconds(family.own_seconds + 5) == pytest.approx(5)  # pyright: ignore[reportUnknownMemberType]
        process.communicate(b"\n")


def test_what_is_short_lived_is_counted_too(tmp_path: Path) -> None:
    starts = "import subprocess, sys\n"
    starts += f"subprocess.run([sys.executable, '-ISc', {BURN.format(0.05)!r}])\n" * 6
    taken = run_family(python(starts), tmp_path, {})
    assert taken.processor_seconds > 0.25
    assert taken.seconds > 0.25
    assert taken.peak_bytes == 0, "not looked at"


def test_a_command_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nno such thing"):
        run_family(python("print('no such thing'); raise SystemExit(3)"), tmp_path, {})


class Runs:
    """Stands in for a project: each run takes what is planned."""

    def __init__(self, alone: Taken, together: Taken) -> None:
        self._alone, self._together = alone, together
        self.calls: list[tuple[str, ...]] = []

    def fleet(self, *arguments: str) -> Taken:
        self.calls.append(arguments)
        return self._alone if "--only" in arguments else self._together


@pytest.mark.parametrize(
    ("wall", "verdict"),
    [(125, "met"), (127, "MISSED")],
)
def test_the_cores_limit_is_all_stacks_processor_time_over_the_cores(
    monkeypatch: pytest.MonkeyPatch, wall: float, verdict: str
) -> None:
    monkeypatch.setattr(fleet, "cores", lambda: 2)
    runs = Runs(Taken(6.0, 4.0, 0.0, 0), Taken(wall, 0.0, 30.0, 0))
    names = [f"customer-{number}" for number in range(50)]
    served = Served(psutil.Process(), 0.0, {}, ssl.create_default_context())
    rows = fleet._all_at_once(cast("Project", runs), served, names)  # pyright: ignore[reportPrivateUsage]
    assert (rows[4].value, rows[5].value, rows[6].value) == (100, 100 / wall, 30.0)
    assert rows[5].verdict == verdict
    assert runs.calls[-1] == ("preview", "--expect-no-changes")
    assert [one[-1] for one in runs.calls[:-1]] == names[:3]


def test_what_ours_waited_for_the_tenant_is_taken_off_before_programs_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs = iter([(9.0, 0.5), (2.5, 0.1), (2.6, 0.3), (7.0, 0.5), (6.0, 0.5)])
    theirs = iter([2.0, 9.0, 9.0, 9.0, 9.0])

    def preview(program: _Program) -> float:
        if "BENCHMARK_STATE" in program.variables:
            return next(theirs)
        seconds, waited = next(runs)
        Path(program.variables["BENCHMARK_WAITED"]).write_text(str(waited))
        return seconds

    def with_program(project: _Program, _: str, **variables: str) -> _Program:
        return _Program(project.folder.parent, variables)

    monkeypatch.setattr(fleet, "with_program", with_program)
    monkeypatch.setattr(fleet, "_preview", preview)
    compare = fleet._against_bare  # pyright: ignore[reportPrivateUsage]
    rows = compare(cast("Project", _Program(tmp_path, {})))
    assert [row.value for row in rows[:3]] == [2.6, 0.3, 2.0]
    assert rows[3] == Measurement("  ratio beyond the answers", (2.6 - 0.3) / 2.0, "", 1.1)
    assert rows[3].verdict == "MISSED"


class _Program:
    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder, self.variables = folder / "project", variables

    def pulumi(self, *_: str) -> str:
        return "{}"


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(1, 2), (4, 7)], 4),
        ([(1, 5), (2, 3), (4, 6)], 5),
        ([(4, 6), (1, 5)], 5),
        ([(1, 2), (2, 3)], 2),
    ],
)
def test_requests_side_by_side_are_waited_for_once(
    spans: list[tuple[float, float]], seconds: float
) -> None:
    assert watched.waited(spans) == seconds


def test_a_watched_program_is_run_as_it_is_and_its_requests_take_time(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text(_ASKING)
    with running_tenant() as server:
        environment = {**os.environ, **server.environment()}
        environment["BENCHMARK_WAITED"] = str(tmp_path / "waited")
        environment["ASKED"] = f"https://{environment['ARM_METADATA_HOSTNAME']}/metadata/endpoints"
        environment["REQUESTS_CA_BUNDLE"] = environment["SSL_CERT_FILE"] = str(server.ca_path)
        watch = (
            "import pathlib; from sandbox.benchmark.watched import __main__ as watched;"
            f"watched._REPOSITORY = pathlib.Path({str(tmp_path)!r}); watched.main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", watch], env=environment, capture_output=True, text=True
        )
    assert (done.stdout, done.stderr, done.returncode) == ("__main__ 200 200\n", "", 3)
    assert 0 < float((tmp_path / "waited").read_text()) < 30


_ASKING = """
import os, sys, httpx, requests
query = {"api-version": "2022-09-01"}
a = httpx.get(os.environ["ASKED"], params=query)
b = requests.get(os.environ["ASKED"], params=query)
print(__name__, a.status_code, b.status_code)
sys.exit(3)
"""


def test_what_the_fleet_reckons_with_is_what_is_promised() -> None:
    assert BYTES_PER_RUN == fleet.MEGABYTES_PER_RUN * 1e6


def test_a_copied_customer_has_a_tenant_a_state_and_variables_of_its_own(tmp_path: Path) -> None:
    state = (
        '{"urn": "urn:pulumi:customer-1::break-glass::t::n", "stack": "break-glass/customer-1", '
        f'"tenant": "{object_id("tenant")}", "app": "{object_id("app")}"}}'
    )
    original = Original(small_document(), state, "", b"")
    tenants: dict[str, str] = {}
    for number, name in enumerate(("customer-1", "customer-2")):
        document = json.loads(original.renamed(json.dumps(original.document), name))
        tenants[name] = document["tenant"]["id"]
        mine = original.renamed(state, name)
        assert f"urn:pulumi:{name}::break-glass" in mine
        assert f"break-glass/{name}" in mine
        assert tenants[name] in mine
        assert object_id("tenant") not in mine
        assert object_id("app") not in mine
        file = f"environment-{tenants[name]}.json" if number else "environment.json"
        (tmp_path / file).write_text(json.dumps({"ARM_TENANT_ID": tenants[name]}))
    assert len(set(tenants.values())) == 2
    variables = customer_fleet._variables(tmp_path, tenants)  # pyright: ignore[reportPrivateUsage]
    assert variables == {f"ARM_TENANT_ID__{suffix_of(name)}": tenants[name] for name in tenants}


def test_a_project_runs_the_products_own_program(tmp_path: Path) -> None:
    engine = Engine("3.258.0", "cache", Path("pulumi"), "stand-in", ())
    project = customer_fleet.new_project(engine, tmp_path, {})
    written = (project.folder / "Pulumi.yaml").read_text(encoding="utf-8")
    assert f"main: {customer_fleet.REPOSITORY}" in written
    assert "refresh: always" in written
    assert sys.prefix in written


def saved(kind: str, name: str, **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:customer-1::break-glass::{kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "inputs": {}, **more}


def state() -> Sequence[dict[str, Any]]:
    stack = saved("pulumi:pulumi:Stack", "s", custom=False, outputs={"groupId": "g"})
    account = saved("break-glass:index:BreakGlassAccount", "account", custom=False)
    provider = saved("pulumi:providers:azuread", "default_6_11_1")
    secret = {bare._SECRET: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(PASSWORD)}  # pyright: ignore[reportPrivateUsage]
    inputs = {
        "displayName": "Ada",
        "userPrincipalName": "a@b",
        "password": secret,
        "__defaults": ["mailNickname"],
    }
    user = saved(
        "azuread:index/user:User", "user", inputs=inputs, parent=account["urn"], protect=True
    )
    rest: dict[str, Any] = {"inputs": {"pending": []}, "dependencies": [user["urn"]]}
    exclusion = saved("pulumi-python:dynamic/break-glass:PolicyExclusion", "exclusion", **rest)
    return [stack, provider, account, user, exclusion]


def test_the_bare_program_declares_every_resource_as_it_stands() -> None:
    run = run_program(lambda: bare.declare(list(state())))
    user = run.one("azuread:index/user:User")
    assert (user.name, user.protect) == ("user", True)
    assert user.parent.endswith("BreakGlassAccount::account")
    assert user.inputs == {"displayName": "Ada", "userPrincipalName": "a@b", "password": PASSWORD}
    assert user.secret_inputs == {"password"}
    exclusion = run.one("pulumi-python:dynamic/break-glass:PolicyExclusion")
    assert exclusion.inputs == {"pending": []}
    assert exclusion.depends_on == {user.urn}
    assert run.names == ["account", "user", "exclusion"]
    assert run.outputs == {"groupId": "g"}
