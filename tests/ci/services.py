"""Both services under one face, for tests that tell one story: GitHub, and Azure DevOps.

Who signs in where stands here once more: a job that asks for another application or connection than
docs/ci.md gives it gets nothing.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.ci.azure_host import AzureHost, AzureRun
from tests.ci.company import DEPLOYER, DEPLOYER_SECRET, REVIEWER
from tests.ci.fake_hosts import TOKEN, FakeAzureDevOps, FakeGitHub
from tests.ci.github_host import GitHubHost, GitHubRun
from tests.ci.machine import Machines, git
from tests.ci.served import served
from tests.engine.test_ci_identities import SECRET

WELL = {"success": "well", "Succeeded": "well"}
FAILED = {"failure": "failed", "Failed": "failed"}
SKIPPED = {"skipped": "skipped", "Skipped": "skipped"}
NAMES = {**WELL, **FAILED, **SKIPPED}


@dataclass
class Told:
    """What people see of a run."""

    outcomes: Mapping[str, str]
    """Of each job (GitHub) or stage: well, failed or skipped."""
    artifacts: Mapping[str, Path]
    summary: str
    asked: list[str]
    """Who was asked, or would have been: environments, and connections of Azure DevOps."""
    again: Callable[..., "Told"]
    """Run some jobs or stages again, as a person may."""


class Place(Protocol):
    """Where the state is, what opens it, and the machines that work on it."""

    @property
    def backend(self) -> str:
        """The address of the state."""
        ...

    @property
    def key(self) -> Mapping[str, str]:
        """The variable that opens it."""
        ...

    def machines(self, secrets: Mapping[str, str]) -> Machines:
        """Clean machines; `secrets` by token of a job."""
        ...


class Service(Protocol):
    """GitHub or Azure DevOps."""

    machines: Machines

    def refuse(self, pipeline: str) -> None:
        """From now on whoever is asked for an approval in this pipeline says no."""
        ...

    def run(self, name: str, shards: int, *, reference: str = "main") -> Told:
        """Run one of our pipelines; `reference` is what is checked out: see `would_merge`."""
        ...

    def issues(self) -> list[tuple[bool, str]]:
        """Whether each is open, and its text."""
        ...

    def comments(self) -> list[str]:
        """Those of the pull request."""
        ...


@dataclass
class OnGitHub:
    """The repository contoso/break-glass and its pull request 7."""

    machines: Machines
    host: GitHubHost
    fake: FakeGitHub

    def refuse(self, pipeline: str) -> None:
        """See ``Service``."""
        self.host.refused = {{"preview": "tenant-preview", "deploy": "tenant-approval"}[pipeline]}

    def run(self, name: str, shards: int, *, reference: str = "main") -> Told:
        """See ``Service``."""
        self.host.variables = {"SHARDS": str(shards), "HEAL": "exclusions"}
        repository = "contoso/break-glass"
        base = git(self.machines.origin, "rev-list", "--max-parents=0", "main")
        # What GitHub says of the base is as old as the newest push to the branch.
        pull_request = {"base": {"sha": base}, "head": {"repo": {"full_name": repository}}}
        about = {"repository": repository, "event": {"pull_request": pull_request}}
        found = self.host.run(name, about, reference=reference)

        def again(*jobs: str) -> Told:
            second = {**about, "run_attempt": "2"}
            return told(
                self.host.run(name, second, reference=reference, earlier=found, only={*jobs})
            )

        def told(run: GitHubRun) -> Told:
            outcomes = {job: NAMES[result] for job, result in run.results.items()}
            return Told(outcomes, run.artifacts, run.summary, run.asked, again)

        return told(found)

    def issues(self) -> list[tuple[bool, str]]:
        """See ``Service``."""
        return [(one["state"] == "open", one["body"]) for one in self.fake.issues]

    def comments(self) -> list[str]:
        """See ``Service``."""
        return [one["body"] for one in self.fake.comments]


@dataclass
class OnAzure:
    """The project p1 and its pull request 7."""

    machines: Machines
    host: AzureHost
    fake: FakeAzureDevOps

    def refuse(self, pipeline: str) -> None:
        """See ``Service``."""
        self.host.refused = {
            {"preview": "break-glass-reader", "deploy": "tenant-approval"}[pipeline]
        }

    def run(self, name: str, shards: int, *, reference: str = "main") -> Told:
        """See ``Service``."""
        self.host.variables = {
            "SHARDS": str(shards),
            "HEAL": "exclusions",
            "Build.Reason": "PullRequest" if name == "preview" else "Schedule",
            "System.PullRequest.IsFork": "False",
            "System.PullRequest.TargetBranch": "refs/heads/main",
        }
        found = self.host.run(name, reference=reference)

        def again(*stages: str) -> Told:
            about = {"System.StageAttempt": "2"}
            return told(
                self.host.run(name, about=about, reference=reference, earlier=found, only={*stages})
            )

        def told(run: AzureRun) -> Told:
            outcomes = {stage: NAMES[result] for stage, result in run.results.items()}
            return Told(outcomes, run.artifacts, run.summary, run.asked, again)

        return told(found)

    def issues(self) -> list[tuple[bool, str]]:
        """See ``Service``; an item that lost its tag is over."""
        fields = [one["fields"] for one in self.fake.items]
        return [
            (bool(one["/fields/System.Tags"]), one["/fields/System.Description"]) for one in fields
        ]

    def comments(self) -> list[str]:
        """See ``Service``."""
        return [thread["comments"][0]["content"] for thread in self.fake.threads]


def would_merge(project: Path, branch: str) -> str:
    """The commit that both services make of a pull request and main, and check out."""
    git(project, "checkout", "--quiet", "--detach", "main")
    git(project, "merge", "--quiet", "--no-ff", "--message", "Merge", branch)
    found = git(project, "rev-parse", "HEAD")
    git(project, "checkout", "--quiet", "main")
    return found


@contextmanager
def on_github(there: Place, folder: Path) -> Generator[Service]:
    """GitHub, set up as docs/ci.md says."""
    fake = FakeGitHub()
    handle: Any = fake.transport().handler
    event = folder / "event.json"
    event.write_text('{"pull_request": {"number": 7, "head": {"sha": "0123456789abcdef"}}}')
    shared = {"PULUMI_BACKEND_URL": there.backend, "STATE_TENANT_ID": "state-tenant"}
    reads = {**shared, "ARM_CLIENT_ID": REVIEWER, "STATE_CLIENT_ID": "reads the state"}
    writes = {**shared, "ARM_CLIENT_ID": DEPLOYER, "STATE_CLIENT_ID": "writes the state"}
    environments: dict[str, dict[str, str]] = {
        "tenant-preview": reads,
        "tenant-drift": reads,
        "tenant": writes,
        "tenant-heal": {**writes, "STATE_CLIENT_ID": reads["STATE_CLIENT_ID"]},
        "tenant-approval": {},
    }

    def sign_in(environment: str, given: Mapping[str, str]) -> Mapping[str, str]:
        variables = environments[environment]
        assert given["client-id"] == variables["STATE_CLIENT_ID"]
        assert given["tenant-id"] == variables["STATE_TENANT_ID"]
        return there.key

    secrets = {
        f"token of {name}": SECRET if variables is reads else DEPLOYER_SECRET
        for name, variables in environments.items()
    }
    with served(handle) as url:
        about = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "contoso/break-glass",
            "GITHUB_RUN_ID": "12",
            "GITHUB_SERVER_URL": "https://github.example",
        }
        machines = there.machines(secrets)
        yield OnGitHub(
            machines, GitHubHost(machines, {}, environments, sign_in, about, TOKEN), fake
        )


READERS = ("break-glass-reader", "break-glass-drift")
STATES = ("break-glass-state-reader", "break-glass-state-drift", "break-glass-state")


@contextmanager
def on_azure(there: Place, folder: Path) -> Generator[Service]:
    """Azure DevOps, set up as docs/ci.md says."""
    del folder
    fake = FakeAzureDevOps()
    group = {"PULUMI_BACKEND_URL": there.backend}

    def sign_in(inputs: Mapping[str, Any]) -> Mapping[str, str]:
        connection = inputs["azureSubscription"]
        if connection in STATES:
            return there.key
        assert inputs["addSpnToEnvironment"] == "true"
        application = REVIEWER if connection in READERS else DEPLOYER
        return {"idToken": f"token of {connection}", "servicePrincipalId": application}

    secrets = {f"token of {name}": SECRET for name in READERS}
    secrets["token of break-glass-deployer"] = DEPLOYER_SECRET
    with served(fake.handle) as url:
        about = {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{url}/org/",
            "SYSTEM_TEAMPROJECTID": "p1",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": "0123456789abcdef",
            "BUILD_BUILDID": "5",
            "BUILD_REPOSITORY_ID": "r1",
        }
        machines = there.machines(secrets)
        groups = {f"break-glass-{name}": group for name in ("preview", "stacks")}
        yield OnAzure(machines, AzureHost(machines, {}, groups, sign_in, about, TOKEN), fake)
