"""What must be so in the pipelines of both systems, whoever edits them next."""

import re
from pathlib import Path

import pytest
import yaml

from tests.ci.pipelines import NAMES, Job, azure, github, github_text
from tests.ci.workflow_lint import lint

UNAPPROVED = {"checks", "sandbox", "plan"}
IN_TENANTS = {"tenant", "up", "look", "heal"}
# GitHub gives `vars` to no step by itself; Azure DevOps does. There every plan has approvals.
APPROVALS = {
    ("preview", "plan"): ".venv/bin/breakglass ci approval tenant-preview",
    ("deploy", "plan"): ".venv/bin/breakglass ci approval tenant-approval",
}
GITHUB_ALONE = {".venv/bin/breakglass ci variables", *APPROVALS.values()}
MAY_WRITE = {
    ("preview", "tenant"): {"id-token"},
    ("preview", "comment"): {"pull-requests"},
    ("deploy", "up"): {"id-token"},
    ("drift", "look"): {"id-token"},
    ("drift", "heal"): {"id-token"},
    ("drift", "report"): {"issues"},
}


def everything() -> list[tuple[str, str, Job]]:
    return [
        (system, name, job)
        for name in NAMES
        for system, jobs in (("github", github(name)), ("azure", azure(name)))
        for job in jobs
    ]


@pytest.mark.parametrize("name", NAMES)
def test_both_systems_run_the_same_commands_in_the_same_order(name: str) -> None:
    here = {job.name: [one for step in job.steps for one in step.commands] for job in github(name)}
    there = {job.name: [one for step in job.steps for one in step.commands] for job in azure(name)}
    assert list(here) == list(there)
    for job, commands in here.items():
        assert [one for one in commands if one not in GITHUB_ALONE] == there[job], job
    assert sum(map(len, here.values())) > 7


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(name: str) -> None:
    used = re.findall(r"uses: (.+)", github_text(name))
    assert used
    for one in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)


def test_one_action_has_one_commit_in_all_workflows() -> None:
    pins = {
        tuple(one.split("@")) for n in NAMES for one in re.findall(r"uses: (\S+)", github_text(n))
    }
    assert len({action for action, _ in pins}) == len(pins)


def test_tasks_of_azure_devops_name_their_major_version() -> None:
    tasks = [step.uses for name in NAMES for job in azure(name) for step in job.steps if step.uses]
    assert tasks
    assert all(re.fullmatch(r"[A-Za-z]+@\d+", one) for one in tasks)


@pytest.mark.parametrize("name", NAMES)
def test_each_job_may_write_what_it_is_for_and_nothing_else(name: str) -> None:
    assert yaml.safe_load(github_text(name))["permissions"] == {}
    for job in github(name):
        granted = job.document["permissions"]
        written = {scope for scope, right in granted.items() if right == "write"}
        assert written == MAY_WRITE.get((name, job.name), set()), job.name
        assert set(granted.values()) <= {"read", "write"}


def test_nobody_comes_to_an_environment_that_asks_nobody() -> None:
    """Before any job that names it; one with nothing but the right to read what it asks for."""
    found = {
        (name, job.name): command
        for name in NAMES
        for job in github(name)
        for step in job.steps
        for command in step.commands
        if "ci approval" in command
    }
    assert found == APPROVALS
    for name in NAMES:
        for job in github(name):
            read = {"contents", "actions"} if (name, job.name) in APPROVALS else {"contents"}
            granted = job.document["permissions"].items()
            assert {scope for scope, right in granted if right == "read"} <= read
            asked = {one.rpartition(" ")[2]: at for at, one in APPROVALS.items()}
            if at := asked.get(job.document.get("environment", "")):
                assert at[0] == name
                assert at[1] in job.document["needs"]


def test_nothing_that_opens_a_tenant_is_where_unread_code_runs() -> None:
    for system, name, job in everything():
        if name != "preview" or job.name not in UNAPPROVED:
            continue
        text = job.text
        if (
            job.name == "plan"
        ):  # over how many jobs, and whether the pipelines are set up, opens nothing
            text = text.replace("vars.SHARDS", "")
        for word in ("secrets.", "vars", "environment", "id-token", "ARM_", "AccessToken", "group"):
            assert word not in text, (system, job.name, word)
        assert not [step for step in job.steps if "login" in step.uses or "AzureCLI" in step.uses]


def test_every_job_in_a_tenant_waits_for_its_environment_or_its_approval() -> None:
    seen: set[tuple[str, str, str]] = set()
    for system, name, job in everything():
        if job.name not in IN_TENANTS:
            assert not [one for one in job.steps if "login" in one.uses]
            continue
        seen.add((system, name, job.name))
        if system == "github":
            assert job.document["environment"] in {
                *("tenant-preview", "tenant", "tenant-drift", "tenant-heal")
            }
        else:
            assert job.document["stage"]["variables"]
    assert len(seen) == 8
    assert [job.name for job in azure("deploy")].index("approve") == 1
    assert "approve" in github("deploy")[2].document["needs"]


def test_no_pull_request_runs_with_the_rights_of_its_target() -> None:
    for name in NAMES:
        assert "pull_request_target" not in github_text(name)
        assert "workflow_run" not in github_text(name)
    for _, name, job in everything():
        for step in job.steps:
            if name == "preview" and "checkout" in step.uses:
                assert step.document["with"]["persist-credentials"] is False


def test_no_expression_is_put_into_a_shell() -> None:
    allowed = {"$(pwd)"}
    for system, _, job in everything():
        for step in job.steps:
            assert "${{" not in step.run
            own = "$(.venv/bin/breakglass fleet matrix"
            macros = re.findall(r"\$\([^)]*\)", step.run.replace(own, "("))
            assert set(macros) <= allowed, (system, job.name, step.run)


def test_a_drift_run_deploys_nothing() -> None:
    for system in (github, azure):
        for job in system("drift"):
            for step in job.steps:
                assert "fleet up" not in step.run
                assert ("ci restore" in step.run) <= (job.name == "heal")


def test_what_is_kept_of_a_run_is_its_report_and_nothing_else() -> None:
    kept = [
        step.document["with"]["path"]
        if system == "github"
        else step.document["inputs"]["targetPath"]
        for system, _, job in everything()
        for step in job.steps
        if "upload-artifact" in step.uses or "PublishPipelineArtifact" in step.uses
    ]
    assert len(kept) == 10
    assert all(re.fullmatch(r"(preview|up|look|healed)[^*/]*\.(json|html)", one) for one in kept)


def test_the_linters_find_what_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bad = github_text("drift").replace("needs: plan\n", "needs: plann\n", 1)
    bad = bad.replace('"look-$SHARD-', '"look-${{ github.event.inputs.heal }}-', 1)
    (tmp_path / "bad.yml").write_text(bad)
    assert lint(tmp_path) != 0
    said = capfd.readouterr()
    assert "plann" in said.out + said.err
    assert "template-injection" in said.out + said.err
