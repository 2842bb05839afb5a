"""When each job of both systems runs, on what, beside whom, and which commands work in tenants.

The tables are written out: another condition, machine or command has to be another row here, for
somebody to read.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci import azure_host, github_host
from tests.ci.pipelines import NAMES, Job, azure, azure_text, github, github_text, known_keys

OWN = "github.event.pull_request.head.repo.full_name == github.repository"
NO_FORK = "eq(variables['System.PullRequest.IsFork'], 'False')"
SET_UP = "ne(variables['SHARDS'], '')"
BY_ITSELF = "and(eq(variables['HEAL'], 'exclusions'), ne(variables['Build.Reason'], 'Manual'))"
ON_GITHUB = {
    ("preview", "checks"): None,
    ("preview", "sandbox"): None,
    ("preview", "plan"): f"vars.SHARDS && {OWN}",
    ("preview", "tenant"): f"needs.plan.outputs.changed == 'yes' && {OWN}",
    ("preview", "comment"): f"!cancelled() && vars.SHARDS && {OWN}",
    ("deploy", "plan"): "vars.SHARDS",
    ("deploy", "approve"): None,
    ("deploy", "up"): None,
    ("deploy", "report"): "always() && needs.up.result != 'skipped'",
    ("drift", "plan"): "vars.SHARDS",
    ("drift", "look"): None,
    ("drift", "heal"): "failure() && needs.plan.result == 'success'"
    " && (inputs.heal || vars.HEAL) == 'exclusions'",
    ("drift", "report"): "always() && vars.SHARDS",
}
# Of the stage, and of the job itself.
ON_AZURE = {
    ("preview", "checks"): (None, None),
    ("preview", "sandbox"): (None, None),
    ("preview", "plan"): (None, f"and(succeeded(), {SET_UP}, {NO_FORK})"),
    ("preview", "tenant"): (
        f"and(succeeded(), {SET_UP},"
        f" eq(dependencies.checks.outputs['plan.deal.changed'], 'yes'), {NO_FORK})",
        None,
    ),
    ("preview", "comment"): (f"and(not(canceled()), {SET_UP}, {NO_FORK})", None),
    ("deploy", "plan"): (f"and(succeeded(), {SET_UP})", None),
    ("deploy", "approve"): (None, None),
    ("deploy", "up"): (None, None),
    ("deploy", "report"): ("and(always(), ne(dependencies.up.result, 'Skipped'))", None),
    ("drift", "plan"): (f"and(succeeded(), {SET_UP})", None),
    ("drift", "look"): (None, None),
    ("drift", "heal"): (
        f"and(eq(dependencies.look.result, 'Failed'), or({BY_ITSELF},"
        " eq('${{ parameters.heal }}', 'exclusions')))",
        None,
    ),
    ("drift", "report"): (f"and(always(), {SET_UP})", None),
}
ALL_STACKS = """if [ "$SHARD" = 1 ]; then set -- --all-stacks; fi\n"""
IN_TENANTS = {
    ("preview", "tenant"): 'exec .venv/bin/breakglass fleet preview --only "$CUSTOMERS"'
    ' --report "preview-$SHARD-$ATTEMPT.json" --report preview.md',
    ("deploy", "up"): 'exec .venv/bin/breakglass fleet up --yes --only "$CUSTOMERS"'
    ' --report "up-$SHARD-$ATTEMPT.json"',
    ("drift", "look"): f"{ALL_STACKS}exec .venv/bin/breakglass fleet preview --expect-no-changes"
    ' --only "$CUSTOMERS" "$@" --report "look-$SHARD-$ATTEMPT.json"',
    ("drift", "heal"): 'exec .venv/bin/breakglass ci restore --only "$CUSTOMERS"'
    ' --report "healed-$SHARD-$ATTEMPT.json"',
}
IDENTITY = {
    ("preview", "tenant"): "review",
    ("deploy", "up"): "deployment",
    ("drift", "look"): "review",
    ("drift", "heal"): "deployment",
}
EACH_IN_TENANTS = pytest.mark.parametrize("at", IN_TENANTS, ids="-".join)


def working_step(jobs: list[Job], name: str) -> tuple[Job, Any]:
    (job,) = [one for one in jobs if one.name == name]
    (step,) = [one for one in job.steps if one.name in {"Preview", "Up", "Look", "Put back"}]
    return job, step


def test_each_job_on_github_runs_when_the_table_says() -> None:
    found = {(name, job.name): job.document.get("if") for name in NAMES for job in github(name)}
    assert found == ON_GITHUB


def test_each_job_on_azure_devops_runs_when_the_table_says() -> None:
    found = {
        (name, job.name): (job.document["stage"]["condition"], job.document.get("condition"))
        for name in NAMES
        for job in azure(name)
    }
    assert found == ON_AZURE


def test_every_job_has_a_new_machine_of_the_service() -> None:
    for name in NAMES:
        assert {job.document["runs-on"] for job in github(name)} == {"ubuntu-24.04"}
        document = yaml.safe_load(azure_text(name))
        assert document["pool"] == {"vmImage": "ubuntu-24.04"}


@pytest.mark.parametrize("name", NAMES)
def test_no_job_or_step_has_a_key_that_the_played_services_do_not_know(name: str) -> None:
    known_keys(yaml.safe_load(github_text(name)), github_host.WORKFLOW_KEYS)
    for job in github(name):
        known_keys(job.document, github_host.JOB_KEYS)
        known_keys(job.document.get("strategy") or {}, github_host.STRATEGY_KEYS)
        for step in job.steps:
            known_keys(step.document, github_host.STEP_KEYS)
    document = yaml.safe_load(azure_text(name))
    known_keys(document, azure_host.PIPELINE_KEYS)
    for stage in document["stages"]:
        known_keys(stage, azure_host.STAGE_KEYS)
        for job in stage["jobs"]:
            known_keys(job, azure_host.JOB_KEYS)
            known_keys(job.get("strategy") or {}, azure_host.STRATEGY_KEYS)
    for job in azure(name):
        for step in job.steps:
            known_keys(step.document, azure_host.STEP_KEYS)


def test_a_shard_that_fails_stops_no_other() -> None:
    strategies = {
        (name, job.name): job.document["strategy"]["fail-fast"]
        for name in NAMES
        for job in github(name)
        if "strategy" in job.document
    }
    assert strategies == dict.fromkeys(IN_TENANTS, False)


def test_a_newer_commit_takes_the_place_of_what_nobody_agreed_to_yet() -> None:
    whole = {name: yaml.safe_load(github_text(name))["concurrency"] for name in NAMES}
    number = "${{ github.event.pull_request.number }}"
    assert whole == {
        "preview": {"group": f"break-glass-preview-{number}", "cancel-in-progress": True},
        # Of its own: what waits for an approval holds nothing that a newer commit needs.
        "deploy": {
            "group": "break-glass-deploy-${{ github.run_id }}",
            "cancel-in-progress": False,
        },
        "drift": {"group": "break-glass-drift", "cancel-in-progress": False},
    }
    of_jobs = {
        (name, job.name): job.document["concurrency"]
        for name in NAMES
        for job in github(name)
        if "concurrency" in job.document
    }
    # What was agreed to, or is to heal, waits for its turn: a look that comes does not end it.
    stacks = {
        "group": "break-glass-stacks-${{ matrix.shard }}",
        "cancel-in-progress": False,
        "queue": "max",
    }
    approval = {"group": "break-glass-approval", "cancel-in-progress": True}
    assert of_jobs == {
        ("deploy", "approve"): approval,
        **dict.fromkeys([("deploy", "up"), ("drift", "look"), ("drift", "heal")], stacks),
    }
    assert yaml.safe_load(azure_text("deploy"))["trigger"]["batch"] is True
    for name in ("deploy", "drift"):
        assert yaml.safe_load(azure_text(name))["lockBehavior"] == "sequential"


@EACH_IN_TENANTS
def test_a_job_in_tenants_works_on_its_own_customers_as_its_own_identity(
    at: tuple[str, str],
) -> None:
    job, step = working_step(github(at[0]), at[1])
    assert step.run.strip() == IN_TENANTS[at]
    assert job.document["strategy"]["matrix"] == "${{ fromJSON(needs.plan.outputs.matrix) }}"
    env = step.document["env"]
    assert env["CUSTOMERS"] == "${{ matrix.customers }}"
    assert env["SHARD"] == "${{ matrix.shard }}"
    assert env["ATTEMPT"] == "${{ github.run_attempt }}"
    assert env["BREAK_GLASS_IDENTITY"] == IDENTITY[at]

    job, step = working_step(azure(at[0]), at[1])
    assert step.run.strip() == IN_TENANTS[at]
    stage = "checks" if at[0] == "preview" else "plan"
    assert (
        job.document["strategy"]["matrix"]
        == f"$[ stageDependencies.{stage}.plan.outputs['deal.matrix'] ]"
    )
    env = step.document["env"]
    assert env["CUSTOMERS"] == "$(customers)"
    assert env["SHARD"] == "$(System.JobPositionInPhase)"
    assert env["ATTEMPT"] == "$(System.StageAttempt)-$(System.JobAttempt)"
    assert env["BREAK_GLASS_IDENTITY"] == IDENTITY[at]
    assert env["SYSTEM_ACCESSTOKEN"] == "$(System.AccessToken)"
    which = "preview" if at[0] == "preview" else IDENTITY[at]
    assert env.get("BREAK_GLASS_CONNECTION", IDENTITY[at]) == which
    (named,) = [one.document for one in job.steps if "template" in one.document]
    assert named == {"template": "connections.yml", "parameters": {"which": which}}


def test_connections_of_customers_are_named_and_nobody_signs_in_with_them() -> None:
    document = yaml.safe_load(azure_text("connections"))
    which, customers = document["parameters"]
    assert set(which["values"]) == {*IDENTITY.values(), "preview"}
    # Whoever has customers has them here.
    assert isinstance(customers["default"], list)
    ((each, (task,)),) = document["steps"][0].items()
    assert each == "${{ each customer in parameters.customers }}"
    assert task["condition"] is False
    name = "break-glass-${{ parameters.which }}-${{ customer }}"
    assert task["inputs"]["azureSubscription"] == name


def test_what_a_pull_request_changes_is_told_from_main_as_it_is_now() -> None:
    for jobs, base in ((github("preview"), "HEAD^1"), (azure("preview"), "origin/$(targetBranch)")):
        for job, name in (("sandbox", "Preview"), ("plan", "Deal")):
            (step,) = [s for j in jobs if j.name == job for s in j.steps if s.name == name]
            assert step.document["env"]["BASE"] == base
            assert '--changed-since "$BASE"' in step.run


_LISTENS = """\
#!{python}
import signal, sys
signal.signal(signal.SIGINT, lambda *_: (print("told", flush=True), sys.exit(0)))
print("works", flush=True)
signal.pause()
"""


@EACH_IN_TENANTS
def test_a_cancelled_job_tells_the_command_itself(at: tuple[str, str], tmp_path: Path) -> None:
    """GitHub's runner signals the process that it started, which is the shell, and none below."""
    _, step = working_step(github(at[0]), at[1])
    program = tmp_path / ".venv" / "bin" / "breakglass"
    program.parent.mkdir(parents=True)
    program.write_text(_LISTENS.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    script = tmp_path / "step.sh"
    script.write_text(step.run, encoding="utf-8")
    words = [*github_host.SHELL[:-1], str(script)]
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        env={**os.environ, "SHARD": "1", "CUSTOMERS": "north", "ATTEMPT": "1"},
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "works\n"
        shell.send_signal(signal.SIGINT)
        try:
            assert shell.wait(7.5) == 0, shlex.join(words)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
        assert shell.stdout.read() == "told\n"
