"""`breakglass ci restore`: each customer in a process of its own, and none stops another."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli import ci_restore
from cli.chosen_stack import ChosenStack, ask_engine
from cli.failure import CommandFailed
from cli.fleet_selection import Selection
from fleet import job as fleet_job
from fleet.report import CustomerReport, FleetReport
from fleet.report_json import read_json

REPOSITORY = Path(__file__).parents[2]
CUSTOMERS = ("east", "north", "west")


class Company:
    """Three customers, and what becomes of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan_file = folder / "plan.json"
        self.plan()
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "PLAN": str(self.plan_file),
        }

    def plan(self, **customers: Any) -> None:
        self.plan_file.write_text(json.dumps(customers))

    def restore(self, only: list[str] | None = None, **options: Any) -> FleetReport:
        environ = {**self.environ, **options.pop("variables", {})}
        return ci_restore.restore_all(Selection(only=only or []), environ=environ, **options)

    def given(self, customer: str) -> dict[str, str]:
        """The environment of a customer's process."""
        return json.loads((self.folder / f"{customer}.environ.json").read_text())

    def asked(self) -> set[str]:
        return {file.name.partition(".")[0] for file in self.folder.glob("*.environ.json")}


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    (tmp_path / "Pulumi.yaml").write_text("name: break-glass\nruntime: python\n")
    for name in CUSTOMERS:
        (tmp_path / f"Pulumi.{name}.yaml").write_text(f"config: {{azuread:tenantId: {name}-id}}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ci_restore, "PROGRAM", "tests.ci.stub_restore")
    monkeypatch.setattr(ci_restore, "engine_executable", lambda: Path("pulumi"))
    return Company(tmp_path)


def outcomes(report: FleetReport) -> dict[str, str]:
    return {one.customer: one.outcome for one in report.customers}


def stop_when(file: Path, how: signal.Signals, before: Callable[[], None] = lambda: None) -> None:
    """Stop this process as soon as there is a file."""

    def stop() -> None:
        latest = time.monotonic() + 60
        while not file.exists() and time.monotonic() < latest:
            time.sleep(0.02)
        before()
        os.kill(os.getpid(), how)

    threading.Thread(target=stop, daemon=True).start()


def test_each_customer_is_told_of_and_none_stops_the_others(company: Company) -> None:
    why = "the settings are not deployed"
    company.plan(
        east={"error": "the policies may not be read"},
        north={"back": ["MFA"]},
        west={"left": [["Legacy", why, "deploy them"]]},
    )
    report = company.restore()
    east, north, west = report.customers
    assert outcomes(report) == {"east": "failed", "north": "done", "west": "failed"}
    assert east.problems[0].what == "the policies may not be read"
    assert east.policies.drifted is None
    assert north.changes == {"update": 1}
    assert north.tenant_id == "north-id"
    assert "excludes again" in north.problems[0].what
    (left,) = west.problems
    assert (left.what, left.todo) == (f"Legacy still lacks the exclusion: {why}", "deploy them")
    assert report.exit_code == 1


def test_one_customers_variables_are_never_in_anothers_process(company: Company) -> None:
    variables = {
        f"{key}__{name.upper()}": f"{key}-of-{name}"
        for name in CUSTOMERS
        for key in ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "PULUMI_CONFIG_PASSPHRASE", "OTHER")
    }
    company.restore(variables=variables, parallel=3)
    for name in CUSTOMERS:
        given = company.given(name)
        assert given["ARM_CLIENT_SECRET"] == f"ARM_CLIENT_SECRET-of-{name}"
        assert given["ARM_TENANT_ID"] == f"{name}-id"
        assert [key for key in given if "__" in key and not key.startswith("_")] == []
        for other in set(CUSTOMERS) - {name}:
            assert [key for key, value in given.items() if f"-of-{other}" in value] == []


def test_a_secret_in_an_error_is_not_in_the_report(company: Company) -> None:
    company.plan(north={"error": "refused: north-s3cret"})
    report = company.restore(["north"], variables={"ARM_CLIENT_SECRET__NORTH": "north-s3cret"})
    assert report.customers[0].problems[0].what == "refused: [secret]"
    assert company.given("north")["ARM_CLIENT_SECRET"] == "north-s3cret"


def test_a_shard_takes_its_own_customers_alone(company: Company) -> None:
    assert company.restore(["north"]).exit_code == 0
    assert company.asked() == {"north"}


def test_settings_that_cannot_be_read_stop_nobody_else(company: Company) -> None:
    (company.folder / "Pulumi.east.yaml").write_text("config: [\n")
    report = company.restore()
    assert outcomes(report) == {"east": "failed", "north": "done", "west": "done"}
    assert "Pulumi.east.yaml" in report.customers[0].problems[0].what
    assert company.asked() == {"north", "west"}


def test_customers_are_looked_after_side_by_side(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=20)

    def run(job: fleet_job.Job, *_: Any) -> CustomerReport:
        together.wait()
        return fleet_job.not_started(job).model_copy(update={"outcome": "done"})

    monkeypatch.setattr(ci_restore, "run_job", run)
    assert company.restore(parallel=3).exit_code == 0


def test_the_time_that_one_may_take_is_the_fleets_and_told_in_this_commands_words(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    def run(job: fleet_job.Job, _: Path, options: fleet_job.Options, *__: Any) -> CustomerReport:
        limits.append(options.timeout_seconds)
        again = "run again (`breakglass fleet up --resume`), with a longer --timeout"
        return fleet_job.failed(job, "it was not done within 7 minutes and was stopped", again)

    monkeypatch.setattr(ci_restore, "run_job", run)
    report = company.restore(timeout_minutes=7)
    assert limits == [420] * 3
    assert report.customers[1].problems[0].todo == (
        "run again (`breakglass ci restore`), with a longer --timeout"
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_its_processes_and_tells_of_all_customers(
    company: Company, how: signal.Signals
) -> None:
    company.plan(east={"back": ["MFA"]}, north={"wait": "stop"})
    handler = signal.getsignal(signal.SIGTERM)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    midway: list[FleetReport] = []
    file = company.folder / "r.json"

    stop_when(company.folder / "waiting", how, lambda: midway.append(read_json(file)))
    report = company.restore(parallel=1, reports=[file])

    assert outcomes(midway[0]) == {"east": "done", "north": "not started", "west": "not started"}
    assert outcomes(report) == {"east": "done", "north": "cancelled", "west": "not started"}
    north = report.customers[1]
    assert "may or may not be back" in north.problems[0].what
    assert north.changes == {"update": 1}
    assert north.policies.drifted is None
    assert report.exit_code == 130
    assert read_json(file).customers == report.customers
    assert company.asked() == {"east", "north"}
    assert {one.pid for one in psutil.Process().children(recursive=True)} <= before
    assert signal.getsignal(signal.SIGTERM) is handler


SLOW = """\
import signal, time
from pathlib import Path

here, heard = Path(__file__).parent, []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
(here / "waiting").touch()
while not heard:
    time.sleep(0.02)
time.sleep(0.6)  # longer than who would kill it at once
(here / "heeded").touch()
raise SystemExit(255)
"""


def test_the_engine_of_one_that_is_stopped_comes_to_its_own_end(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = company.folder / "pulumi"
    pulumi.write_text(f"#!{sys.executable} -IS\n{SLOW}", encoding="utf-8")
    pulumi.chmod(0o755)
    monkeypatch.setattr(ci_restore, "PROGRAM", "cli.restore_work")
    monkeypatch.setattr(ci_restore, "engine_executable", lambda: pulumi)

    stop_when(company.folder / "waiting", signal.SIGINT)
    (north,) = company.restore(["north"]).customers

    assert (company.folder / "heeded").exists()
    assert north.outcome == "cancelled"
    assert north.changes == {"update": 0}


def test_an_engine_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    slow = tmp_path / "pulumi"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o700)
    stack = ChosenStack("north", slow, tmp_path, {"PATH": os.environ["PATH"]}, is_sandbox=False)
    with pytest.raises(CommandFailed, match="`pulumi preview` of stack north was not done within"):
        ask_engine([str(slow), "preview"], stack, seconds=0.05)
