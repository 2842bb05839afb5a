"""A job in its process: preview first, counts, problems, ends of every kind, and no secret."""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fleet.job import Processes, run_job
from fleet.problems import problems_of, told_on
from fleet.report import CustomerReport
from tests.fleet.stub import NO_CHANGES, StubProject, job, stub_project, tenant_of

SECRET = "never-to-be-seen-1"
ENVIRON = {"PATH": os.environ["PATH"], "ARM_CLIENT_SECRET": SECRET}


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north", "south")


def test_an_operation_is_previewed_first_and_counted(project: StubProject) -> None:
    up = {"changes": {"create": 2, "same": 38, "read": 3}}
    project.plan(north={"preview": {"changes": {"create": 3}}, "up": up})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert project.steps("north") == ["preview", "up"]
    assert report.outcome == "done"
    assert report.changes == {"create": 2, "same": 38}
    assert (report.tenant_id, report.licence) == (tenant_of(0), "required")
    assert report.started is not None
    assert report.last_verified is None, "no policy was looked at"
    assert report.seconds > 0


@pytest.mark.parametrize(
    ("operation", "steps"),
    [
        ("preview", ["preview"]),
        ("refresh", ["preview-refresh", "refresh"]),
        ("destroy", ["preview-destroy", "destroy"]),
    ],
)
def test_each_operation_takes_its_own_preview(
    project: StubProject, operation: Any, steps: list[str]
) -> None:
    report = run_job(job("north", operation), project.folder, project.options(ENVIRON))
    assert project.steps("north") == steps
    assert (report.outcome, report.operation) == ("done", operation)


def test_an_error_in_the_preview_stops_the_job_and_is_told(project: StubProject) -> None:
    errors = [
        "<{%reset%}>Contoso has no Entra ID P1 licence: nothing\nwas changed",
        "preview failed",
    ]
    project.plan(north={"preview": {"errors": errors, "changes": {"create": 1}}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert "up" not in project.operations("north")
    assert (report.outcome, report.licence) == ("failed", "missing")
    assert (report.changes, report.policies.drifted) == ({}, None)
    (problem,) = report.problems
    assert problem.what == "Contoso has no Entra ID P1 licence: nothing was changed"
    assert report.last_verified is None


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("error: no stack named 'north' found", "fleet exec north -- pulumi stack init north`"),
        ("error: the stack is currently locked by 1 lock(s)", "pulumi cancel --stack north"),
        ("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "PASSPHRASE__NORTH"),
        ("error: resource is protected", "break-glass:protect false --stack north"),
        (
            "error: AADSTS7000215: Invalid client secret provided.",
            "set ARM_CLIENT_SECRET__NORTH to the secret's value",
        ),
        (
            "error: the credentials in ARM_* belong to tenant 1",
            "of its own tenant, as ARM_…__NORTH",
        ),
        ("error: failed to load checkpoint: EOF", "delete north.json.attrs in the backend"),
        ("error: something else", "read.log"),
    ],
)
def test_what_the_cli_says_is_told_with_a_cure(words: str, cure: str) -> None:
    output = f"\n code: 255\n stdout: doing it\n stderr: {words}\n"
    (problem,) = problems_of(
        told_on(output), customer="north", operation="up", suffix="NORTH", log="read.log"
    )
    assert problem.what == words.removeprefix("error: ")
    assert cure in problem.todo


def test_an_end_without_events_is_told(project: StubProject) -> None:
    words = "error: no stack named 'north' found"
    project.plan(north={"preview": {"stderr": words, "exit": 255}})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    assert report.problems[0].what == "no stack named 'north' found"


def test_one_refusal_told_by_every_provider_is_one_problem() -> None:
    refused = "AADSTS7000215: Invalid client secret provided."
    told = [
        f"{before} failed: {refused} Trace ID: {n} Correlation ID: {n} Timestamp: 2026-11-23 0{n}Z"
        for n, before in enumerate(("Preview", "Update"))
    ]
    found = problems_of(told, customer="a", operation="up", suffix="A", log="a.log")
    assert [one.what for one in found] == [refused]


def test_many_errors_are_cut_short_and_the_rest_counted() -> None:
    found = problems_of(
        [f"error {n}" for n in range(20)], customer="a", operation="up", suffix="A", log="a.log"
    )
    assert [one.what for one in found][-2:] == ["error 11", "and 8 more errors"]


def test_each_process_gets_its_own_customers_variables_alone(project: StubProject) -> None:
    environ = {
        **ENVIRON,
        "ARM_CLIENT_ID__NORTH": "north-app",
        "ARM_CLIENT_SECRET__NORTH": "north-secret",
        "ARM_CLIENT_SECRET__SOUTH": "south-secret",
        "PULUMI_CONFIG_PASSPHRASE__SOUTH": "south-key",
    }
    for name in ("north", "south"):
        run_job(job(name, "up"), project.folder, project.options(environ))
    for call in project.calls():
        environment, values = call["environment"], set(call["environment"].values())
        assert not [key for key in environment if "__NORTH" in key or "__SOUTH" in key]
        if call["customer"] == "north":
            assert environment["ARM_CLIENT_SECRET"] == "north-secret"
            assert not values & {"south-secret", "south-key", SECRET}
        else:
            assert environment["ARM_CLIENT_SECRET"] == "south-secret"
            assert environment["PULUMI_CONFIG_PASSPHRASE"] == "south-key"
            assert not values & {"north-secret", "north-app", SECRET}
        assert environment["ARM_TENANT_ID"] == tenant_of(call["customer"] == "south")


def test_secrets_are_asked_for_by_nobody_and_are_in_no_file(project: StubProject) -> None:
    step = {"errors": [f"refused: {SECRET}"], "stderr": f"with {SECRET}"}
    project.plan(north={"preview": NO_CHANGES, "up": step})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert report.problems[0].what == "refused: [secret]"
    for call in project.calls():
        assert "--show-secrets" not in call["arguments"]
        assert SECRET not in call["arguments"]
    for path in (project.folder / "run").iterdir():
        assert SECRET not in path.read_text(encoding="utf-8"), path
    assert "with [secret]" in (project.folder / "run" / "north.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("can_export", [True, False])
def test_no_secret_is_in_what_a_status_tells(project: StubProject, can_export: bool) -> None:
    # The looks are run by a module of that name: one of the project's own folder stands in.
    (project.folder / "cli").mkdir()
    says = f"import sys\nsys.exit('breakglass: first line {SECRET}\\nlast line {SECRET}')\n"
    (project.folder / "cli" / "main.py").write_text(says, encoding="utf-8")
    refused = {"stderr": f"error: failed with {SECRET}", "exit": 255}
    project.plan(north={} if can_export else {"export": refused})
    report = run_job(job("north", "status"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    found = report.model_dump_json()
    assert ("last line [secret]" if can_export else "failed with [secret]") in found
    assert SECRET not in found
    log = (project.folder / "run" / "north.log").read_text(encoding="utf-8")
    assert SECRET not in log
    assert ("first line [secret]" in log) is can_export


def test_no_stack_is_selected_and_the_version_is_not_asked_again(project: StubProject) -> None:
    run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert [
        call["arguments"][:3] for call in project.calls() if "select" in call["arguments"]
    ] == []
    assert "version" not in project.operations("")


def wait_for(path: Path) -> None:
    while not path.exists():  # the stub makes it as soon as it runs
        time.sleep(0.02)


def started(project: StubProject, processes: Processes) -> tuple[threading.Thread, list[Any]]:
    """A job whose `up` waits for an interrupt, under way."""
    reports: list[CustomerReport] = []
    options = project.options(ENVIRON)
    thread = threading.Thread(
        target=lambda: reports.append(
            run_job(job("north", "up"), project.folder, options, processes)
        )
    )
    thread.start()
    wait_for(project.bin / "waiting")
    return thread, reports


def test_ctrl_c_reaches_the_engine_and_is_reported(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True}})
    processes = Processes()
    thread, reports = started(project, processes)
    processes.interrupt()
    thread.join()
    assert reports[0].outcome == "cancelled"
    assert reports[0].problems[0].what == "stopped by you during up"
    assert project.steps("north") == ["preview", "up"]
    late = run_job(job("south"), project.folder, project.options(ENVIRON), processes)
    assert late.outcome == "not started"
    assert project.operations("south") == []


def test_ctrl_c_waits_until_the_engine_heeds_it(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True, "late": True}})
    processes = Processes()
    thread, reports = started(project, processes)
    processes.interrupt()
    (project.bin / "go").touch()
    thread.join()
    assert reports[0].outcome == "cancelled"
    assert (project.bin / "heeded").exists()


def test_a_killed_run_leaves_no_locked_stack(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"wait": True, "deaf": True}})
    processes = Processes()
    thread, reports = started(project, processes)
    wait_for(project.folder / "run" / "north.lock")
    processes.interrupt()
    processes.kill()
    thread.join()
    assert reports[0].outcome == "cancelled"
    assert project.operations("north")[-1] == "cancel"
    assert not (project.folder / "run" / "north.lock").exists()


def test_a_killed_engine_is_told_and_its_lock_released(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"killed": True}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    assert project.operations("north")[-1] == "cancel"
    assert "signal 9" in report.problems[0].what


@pytest.mark.parametrize(
    "left",
    [
        {"operation": "preview"},
        {"customer": "south"},
        {"customer": "north", "operation": "up"},  # of a process that ended with 3
        {"outcome": "nonsense"},
    ],
)
def test_a_report_that_is_not_this_jobs_is_none(
    project: StubProject, monkeypatch: pytest.MonkeyPatch, left: dict[str, str]
) -> None:
    ids = {"tenantId": "t", "subscriptionId": "s", "outcome": "done"}
    told = json.dumps({**ids, "customer": "north", "operation": "up", **left})
    writes = f"import pathlib, sys; pathlib.Path(sys.argv[5]).write_text({told!r})"
    code = 3 if "customer" in left and "operation" in left else 0
    python = project.bin / "python"
    python.write_text(f"#!{sys.executable} -IS\n{writes}; sys.exit({code})\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert (report.customer, report.operation, report.outcome) == ("north", "up", "failed")
    assert f"ended with {code} and no report" in report.problems[0].what


def test_a_lock_is_not_taken_away_while_an_orphan_still_writes(project: StubProject) -> None:
    project.plan(north={"preview": NO_CHANGES, "up": {"orphaned": True, "wait": True}})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    (project.bin / "go").touch()  # else one that nobody ended would stay for ever
    assert report.outcome == "failed"
    last = project.calls()[-1]
    assert (last["operation"], last["heeded"]) == ("cancel", True)


def test_the_state_is_read_before_anything_is_written(project: StubProject) -> None:
    run_job(job("north", "refresh"), project.folder, project.options(ENVIRON))
    assert project.operations("north") == ["preview-refresh", "export", "refresh"]


@pytest.mark.parametrize(
    ("operation", "steps", "changes"),
    [
        ("preview", {"preview": {"create": 2, "import": 1}}, {"create": 2, "import": 1}),
        ("up", {"preview": {"create": 2}, "up": {"create": 1, "read": 4}}, {"create": 1}),
        ("up", {"preview": {"same": 1}, "up": {"import": 1, "none-such": 2}},
         {"import": 1, "none-such": 2}),
        ("refresh", {"preview-refresh": {"update": 2}, "refresh": None}, {}),
    ],
)  # fmt: skip
def test_changes_are_what_was_done_and_whatever_the_engine_counts(
    project: StubProject, operation: Any, steps: dict[str, Any], changes: dict[str, int]
) -> None:
    planned = {name: {"changes": one} if one else {"errors": ["no"]} for name, one in steps.items()}
    project.plan(north=planned)
    report = run_job(job("north", operation), project.folder, project.options(ENVIRON))
    assert report.changes == changes


def test_somebody_elses_lock_is_left_alone(project: StubProject) -> None:
    locked = {"stderr": "error: the stack is currently locked by 1 lock(s)", "exit": 255}
    project.plan(north={"preview": NO_CHANGES, "up": locked})
    report = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    assert "cancel" not in project.operations("north")


def test_what_takes_too_long_is_stopped_and_told(project: StubProject) -> None:
    project.plan(north={"preview": {"wait": True}})
    report = run_job(job("north"), project.folder, project.options(ENVIRON, timeout=1.5))
    assert report.outcome == "failed"
    assert report.problems[0].what == "it was not done within 0.025 minutes and was stopped"


def test_an_unreadable_settings_file_is_that_customers_failure(project: StubProject) -> None:
    (project.folder / "Pulumi.north.yaml").write_text("config: [", encoding="utf-8")
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert report.outcome == "failed"
    assert "Pulumi.north.yaml, line" in report.problems[0].what
