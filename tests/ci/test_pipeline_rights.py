"""Who agrees, as whom a job signs in, and whose code it runs: one table for both systems.

Each row is what keeps a tenant safe in one job. Another identity, environment or branch in a
pipeline has to be another row here, for somebody to read.
"""

from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.ci.pipelines import REPOSITORY, Job, azure, azure_text, github, github_text

POLICY_PACK = "PULUMI_OPTION_POLICY_PACK"
EVERY_FOUR_HOURS = "23 */4 * * *"


@dataclass(frozen=True)
class Right:
    """What one job that works in tenants has, on GitHub and on Azure DevOps."""

    environment: str
    group: str
    tenant: str
    """The connection of Azure DevOps that opens the tenant; on GitHub the environment does."""
    state: str
    pack: bool
    waits_for: set[str]


RIGHTS = {
    ("preview", "tenant"): Right(
        *("tenant-preview", "break-glass-preview", "break-glass-reader"),
        *("break-glass-state-reader", True, {"checks", "sandbox", "plan"}),
    ),
    ("deploy", "up"): Right(
        *("tenant", "break-glass-stacks", "break-glass-deployer", "break-glass-state"),
        *(True, {"plan", "approve"}),
    ),
    ("drift", "look"): Right(
        *("tenant-drift", "break-glass-stacks", "break-glass-drift", "break-glass-state-drift"),
        *(False, {"plan"}),
    ),
    ("drift", "heal"): Right(
        # It writes policies and no state.
        *("tenant-heal", "break-glass-stacks", "break-glass-deployer", "break-glass-state-drift"),
        *(False, {"plan", "look"}),
    ),
}
# Azure DevOps asks at an environment only in a deployment job, which takes no matrix: there the
# connections ask.
ASKS = {
    ("github", "preview", "tenant", "tenant-preview"),
    ("github", "deploy", "approve", "tenant-approval"),
    ("azure", "deploy", "approve", "tenant-approval"),
    ("github", "deploy", "up", "tenant"),
    ("github", "drift", "look", "tenant-drift"),
    ("github", "drift", "heal", "tenant-heal"),
}
TABLE = pytest.mark.parametrize(
    ("at", "right"), RIGHTS.items(), ids=["-".join(at) for at in RIGHTS]
)


def job_of(jobs: list[Job], name: str) -> Job:
    (found,) = [one for one in jobs if one.name == name]
    return found


def many(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def github_trigger(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the word `on` as true.
    return yaml.safe_load(github_text(name))[True]


def connections(job: Job) -> list[str]:
    used = [step.document["inputs"] for step in job.steps if "AzureCLI" in step.uses]
    return [one["azureSubscription"] for one in used]


def environment_of(job: Job) -> dict[str, Any]:
    """Of the step that asks the engine."""
    (found,) = [one for one in job.steps if one.name in {"Preview", "Up", "Look", "Put back"}]
    return found.document["env"]


def test_each_environment_is_asked_by_the_one_job_that_it_is_for() -> None:
    asked = {
        (system, name, job.name, job.document["environment"])
        for name in ("preview", "deploy", "drift")
        for system, jobs in (("github", github(name)), ("azure", azure(name)))
        for job in jobs
        if "environment" in job.document
    }
    assert asked == ASKS
    for name in ("preview", "deploy"):
        for job in azure(name):
            assert ("deployment" in job.document) == ("environment" in job.document)


@TABLE
def test_on_azure_devops_a_job_signs_in_as_its_own_and_nobody_else(
    at: tuple[str, str], right: Right
) -> None:
    job = job_of(azure(at[0]), at[1])
    assert connections(job) == [right.tenant, right.state]
    assert job.document["stage"]["variables"] == [{"group": right.group}]


@pytest.mark.parametrize("name", ["preview", "deploy", "drift"])
def test_nobody_else_has_a_connection_or_a_login(name: str) -> None:
    for job in (*github(name), *azure(name)):
        if (name, job.name) in RIGHTS:
            continue
        assert connections(job) == []
        assert not [step for step in job.steps if "login" in step.uses]
        assert not (job.document.get("stage") or {}).get("variables")


def test_what_a_pull_request_may_use_is_used_by_nothing_that_runs_alone() -> None:
    of = {at: {right.tenant, right.state} for at, right in RIGHTS.items()}
    previews = of.pop(("preview", "tenant"))
    assert not previews & set[str]().union(*of.values())
    # Nor does the look have what may write, and what heals may write no state.
    assert not of["drift", "look"] & of["deploy", "up"]
    assert of["drift", "look"] & of["drift", "heal"] == {"break-glass-state-drift"}
    assert of["drift", "heal"] & of["deploy", "up"] == {"break-glass-deployer"}


@TABLE
def test_the_policy_pack_holds_wherever_settings_are_planned(
    at: tuple[str, str], right: Right
) -> None:
    for jobs in (github(at[0]), azure(at[0])):
        found = environment_of(job_of(jobs, at[1]))
        assert found.get(POLICY_PACK) == ("policies" if right.pack else None)
        assert found["ARM_USE_OIDC"] == "true"


@TABLE
def test_a_job_in_tenants_waits_for_those_before_it(at: tuple[str, str], right: Right) -> None:
    here = job_of(github(at[0]), at[1]).document
    assert many(here["needs"]) == right.waits_for
    there = job_of(azure(at[0]), at[1]).document["stage"]
    # Both jobs without any secret are one stage there.
    stages = {"checks"} if at[0] == "preview" else right.waits_for
    assert many(there["dependsOn"]) == stages


def test_the_comment_is_written_by_the_code_of_the_base() -> None:
    here = job_of(github("preview"), "comment").steps
    base = "${{ github.event.pull_request.base.sha }}"
    assert here[0].document["with"] == {"persist-credentials": False, "ref": base}
    there = job_of(azure("preview"), "comment").steps
    runs = [step.run for step in there if step.run]
    assert runs[0] == 'git checkout --quiet --detach "$BASE"'
    (step,) = [step for step in there if step.name == "Base"]
    assert step.document["env"] == {"BASE": "origin/$(targetBranch)"}
    assert [one.name for one in there].index("Base") < [one.name for one in there].index("Set up")


def test_the_comment_is_renewed_whatever_became_of_the_rest_but_a_newer_commit() -> None:
    here = job_of(github("preview"), "comment").document
    assert many(here["needs"]) == {"checks", "sandbox", "plan", "tenant"}
    there = job_of(azure("preview"), "comment").document["stage"]
    assert many(there["dependsOn"]) == {"checks", "tenant"}


def test_on_azure_devops_no_step_that_looks_into_a_tenant_sets_a_variable() -> None:
    dealt = ["matrix", "customers"]
    may_set = {"Deal": dealt, "Identity": ["ARM_OIDC_TOKEN", "ARM_CLIENT_ID"]}
    seen: set[str] = set()
    for name in ("preview", "deploy", "drift"):
        for job in azure(name):
            for step in job.steps:
                if "breakglass" in step.run or step.name in may_set:
                    seen.add(step.name)
                    allowed = step.document["target"]["settableVariables"]
                    expected = may_set.get(step.name, "none")
                    if (name, step.name) == ("preview", "Deal"):
                        expected = [*dealt, "changed"]
                    assert allowed == expected, (name, job.name, step.name)
    assert seen == {*may_set, *("Preview", "Render", "Comment", "Up", "Look", "Merge", "Tell")} | {
        "Put back"
    }


def test_a_machine_that_others_used_keeps_none_of_their_reports() -> None:
    for name in ("preview", "deploy", "drift"):
        last = azure(name)[-1]
        assert last.steps[0].document["clean"] is True, name
        assert last.name in ("comment", "report")


def test_what_a_branch_made_is_unpacked_beside_the_code_and_not_over_it() -> None:
    found = [
        step.document["with"].get("path")
        if "download-artifact" in step.uses
        else step.document["inputs"].get("path")
        for name in ("preview", "deploy", "drift")
        for job in (*github(name), *azure(name))
        for step in job.steps
        if "download-artifact" in step.uses or "DownloadPipelineArtifact" in step.uses
    ]
    assert sorted(map(str, found)) == ["reports"] * 6


def test_main_alone_is_deployed_and_drift_is_looked_for_every_four_hours() -> None:
    assert github_trigger("deploy")["push"]["branches"] == ["main"]
    assert set(github_trigger("deploy")) == {"push", "workflow_dispatch"}
    there = yaml.safe_load(azure_text("deploy"))
    assert there["trigger"]["branches"] == {"include": ["main"]}
    assert there["pr"] == "none"
    assert github_trigger("drift")["schedule"] == [{"cron": EVERY_FOUR_HOURS}]
    assert set(github_trigger("drift")) == {"schedule", "workflow_dispatch"}
    there = yaml.safe_load(azure_text("drift"))
    (schedule,) = there["schedules"]
    assert (schedule["cron"], schedule["always"]) == (EVERY_FOUR_HOURS, True)
    assert schedule["branches"] == {"include": ["main"]}
    assert (there["trigger"], there["pr"]) == ("none", "none")
    assert github_trigger("preview") == {"pull_request": {"branches": ["main"]}}


def test_the_drifts_report_is_made_whatever_became_of_the_rest() -> None:
    here = job_of(github("drift"), "report").document
    assert many(here["needs"]) == {"plan", "look", "heal"}
    there = job_of(azure("drift"), "report").document["stage"]
    assert many(there["dependsOn"]) == {"plan", "look", "heal"}


@pytest.mark.parametrize("name", ["deploy", "drift"])
def test_the_report_gets_the_plans_names(name: str) -> None:
    (merge,) = [s for s in job_of(github(name), "report").steps if s.name == "Merge"]
    assert merge.document["env"] == {"CUSTOMERS": "${{ needs.plan.outputs.customers }}"}
    outputs = job_of(github(name), "plan").document["outputs"]
    assert outputs["customers"] == "${{ steps.deal.outputs.customers }}"
    there = job_of(azure(name), "report")
    (merge,) = [s for s in there.steps if s.name == "Merge"]
    assert merge.document["env"] == {"CUSTOMERS": "$(customers)"}
    expected = "$[ stageDependencies.plan.plan.outputs['deal.customers'] ]"
    assert there.document["variables"] == {"customers": expected}
    assert "plan" in there.document["stage"]["dependsOn"]


@pytest.mark.parametrize(
    "connection", sorted({one for right in RIGHTS.values() for one in (right.tenant, right.state)})
)
def test_the_guide_says_of_each_connection_who_agrees_and_from_where(connection: str) -> None:
    guide = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
    (row,) = [line for line in guide.splitlines() if line.startswith(f"| `{connection}` |")]
    of_pull_requests = connection in {"break-glass-reader", "break-glass-state-reader"}
    assert ("refs/pull/*" in row) == of_pull_requests
    assert ("**required**" in row) == of_pull_requests
