"""GitHub Actions, as far as our workflows use it: jobs, conditions, matrices, outputs, artifacts.

The `run:` texts are run as they stand in the file, in the order of the file. Actions that cannot
run here are played from their own inputs; any other action, and any other key of the file, is an
AssertionError. A job's machine is
new, with the project as it was committed, and nothing of an earlier job but its artifacts.

Source: GitHub, "Workflow syntax for GitHub Actions", "Contexts reference", "Store and share data
with workflow artifacts"; the README of each action.
"""

import fnmatch
import json
import shutil
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.expressions import asks_for_a_status, evaluate, filled, text_of
from tests.ci.machine import GITHUB_TOKEN, Machines, Ran
from tests.ci.pipelines import github_text, known_keys

JSON = dict[str, Any]
WORKFLOW_KEYS = {"name", True, "permissions", "concurrency", "jobs"}  # YAML 1.1: `on` is true
JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "environment", "permissions"),
    *("concurrency", "strategy", "outputs", "steps"),
}
STRATEGY_KEYS = {"fail-fast", "matrix"}
STEP_KEYS = {"name", "id", "if", "env", "run", "uses", "with"}
SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]


@dataclass
class Leg:
    """One machine of a job."""

    job: str
    workspace: Path
    names: JSON
    environment: str
    may_federate: bool
    failed: bool = False
    variables: dict[str, str] = field(default_factory=dict[str, str])
    outputs: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


@dataclass
class GitHubRun:
    """A run of a workflow: what became of each job, and what was kept."""

    results: dict[str, str] = field(default_factory=dict[str, str])
    outputs: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    artifacts: dict[str, Path] = field(default_factory=dict[str, Path])
    asked: list[str] = field(default_factory=list[str])
    """Environments, in the order in which jobs came to them."""
    summary: str = ""


@dataclass
class GitHubHost:
    """A repository on GitHub.

    `environments` are the variables of each environment; `sign_in` gives what a machine has after
    `azure/login` under an environment, by the action's inputs. The token that a job may ask for
    names its environment, as the subject of GitHub's does.
    """

    machines: Machines
    variables: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    sign_in: Callable[[str, Mapping[str, str]], Mapping[str, str]]
    job_variables: Mapping[str, str]
    """What every machine of GitHub's has in its environment."""
    token: str
    refused: Container[str] = ()
    """Environments whose reviewers say no."""

    def run(
        self,
        name: str,
        github: Mapping[str, Any],
        *,
        reference: str = "main",
        inputs: Mapping[str, str] | None = None,
        earlier: GitHubRun | None = None,
        only: set[str] | None = None,
    ) -> GitHubRun:
        """Run a workflow.

        With `earlier` and `only` some of its jobs again: the others' results and outputs are those
        of the earlier run.
        """
        run = earlier or GitHubRun()
        about = {"token": self.token, "run_attempt": "1", **github}
        document: dict[Any, Any] = yaml.safe_load(github_text(name))
        known_keys(document, WORKFLOW_KEYS)
        for key, job in document["jobs"].items():
            if only is None or key in only:
                self._job(key, job, run, {"github": about, "inputs": inputs or {}}, reference)
        return run

    def _job(self, key: str, job: JSON, run: GitHubRun, names: JSON, reference: str) -> None:
        known_keys(job, JOB_KEYS)
        known_keys(job.get("strategy") or {}, STRATEGY_KEYS)
        needs: Any = job.get("needs") or []
        needed = [needs] if isinstance(needs, str) else list(needs)
        results = [run.results[one] for one in needed]
        environment = str(job.get("environment") or "")
        names = {
            **names,
            "vars": self.variables,
            "needs": {
                one: {"result": run.results[one], "outputs": run.outputs.get(one, {})}
                for one in needed
            },
        }
        if not _goes_on(
            job.get("if"),
            names,
            well=all(one == "success" for one in results),
            failed="failure" in results,
        ):
            run.results[key] = "skipped"
            return
        if environment:
            run.asked.append(environment)
            if environment in self.refused:
                run.results[key] = "failure"
                return
            names["vars"] = {**self.variables, **self.environments[environment]}
        strategy: JSON = job.get("strategy") or {}
        rows: list[JSON] = filled(strategy["matrix"], names)["include"] if strategy else [{}]
        federates = job["permissions"].get("id-token") == "write"
        legs: list[Leg] = []
        for row in rows:
            about = {**names, "matrix": row, "steps": {}}
            leg = Leg(key, self.machines.workspace(), about, environment, federates)
            legs.append(leg)
            for number, step in enumerate(job["steps"]):
                self._step(step, number, leg, run, reference)
        run.results[key] = "failure" if any(leg.failed for leg in legs) else "success"
        asked: JSON = job.get("outputs") or {}
        run.outputs[key] = {
            name: text_of(filled(value, legs[-1].names)) for name, value in asked.items()
        }

    def _step(self, step: JSON, number: int, leg: Leg, run: GitHubRun, reference: str) -> None:
        known_keys(step, STEP_KEYS)
        if not _goes_on(step.get("if"), leg.names, well=not leg.failed, failed=leg.failed):
            return
        given: JSON = {key: filled(value, leg.names) for key, value in step.get("with", {}).items()}
        if "run" in step:
            ran = self._shell(step, number, leg, run)
            leg.failed |= ran.code != 0
            return
        action = step["uses"].partition("@")[0]
        if action == "actions/checkout":
            self.machines.check_out(leg.workspace, given.get("ref") or reference)
        elif action == "actions/setup-python":
            assert given["python-version"]
        elif action == "azure/login":
            assert leg.may_federate, f"{leg.job} may not ask for a token"
            leg.variables |= self.sign_in(leg.environment, given)
        elif action == "actions/upload-artifact":
            _upload(leg, given, run, self.machines.folder)
        elif action == "actions/download-artifact":
            leg.failed |= not _download(leg, given, run)
        else:
            raise AssertionError(f"{leg.job}: nobody plays {action}")

    def _shell(self, step: JSON, number: int, leg: Leg, run: GitHubRun) -> Ran:
        beside = self.machines.folder / f"{leg.workspace.name}-{number}"
        beside.mkdir()
        files = {
            one: beside / one for one in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        for file in files.values():
            file.touch()
        env: JSON = step.get("env") or {}
        asked = {key: text_of(filled(one, leg.names)) for key, one in env.items()}
        variables = {
            **self.job_variables,
            **({GITHUB_TOKEN: f"token of {leg.environment}"} if leg.may_federate else {}),
            "GITHUB_RUN_ATTEMPT": leg.names["github"]["run_attempt"],
            **leg.variables,
            **asked,
            **{name: str(file) for name, file in files.items()},
        }
        ran = self.machines.shell(
            (leg.job, step["name"]), SHELL, step["run"], leg.workspace, variables
        )
        leg.variables |= _pairs(files["GITHUB_ENV"])
        if "id" in step:
            leg.names["steps"][step["id"]] = {"outputs": _pairs(files["GITHUB_OUTPUT"])}
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return ran


def _goes_on(condition: Any, names: JSON, *, well: bool, failed: bool) -> bool:
    if condition is None:
        return well
    text = str(condition).strip()
    text = text.removeprefix("${{").removesuffix("}}")
    status = {
        "always": lambda: True,
        "success": lambda: well,
        "failure": lambda: failed,
        "cancelled": lambda: False,
    }
    found = bool(evaluate(text, names, status))
    return found and (well or asks_for_a_status(text))


def _pairs(file: Path) -> dict[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all("=" in line for line in lines), lines
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _upload(leg: Leg, given: JSON, run: GitHubRun, folder: Path) -> None:
    source = leg.workspace / given["path"]
    if not source.exists():
        return  # the action warns, no more
    assert given["name"] not in run.artifacts, f"a second artifact {given['name']}"
    kept = folder / f"artifact-{len(list(folder.iterdir()))}"
    kept.mkdir()
    shutil.copy2(source, kept)
    run.artifacts[given["name"]] = kept


def _download(leg: Leg, given: JSON, run: GitHubRun) -> bool:
    """Whether it succeeded: one named artifact has to be there, of a pattern none has to."""
    if name := given.get("name"):
        names = [name] if name in run.artifacts else []
    else:
        assert json.dumps(given.get("merge-multiple")) == "true", "each would get its own folder"
        patterns = _alternatives(given["pattern"])
        names = [one for one in run.artifacts if any(fnmatch.fnmatch(one, p) for p in patterns)]
    for one in names:
        shutil.copytree(run.artifacts[one], leg.workspace / given["path"], dirs_exist_ok=True)
    return bool(names) or "pattern" in given


def _alternatives(pattern: str) -> list[str]:
    before, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    inside, _, after = rest.partition("}")
    return [f"{before}{one}{after}" for one in inside.split(",")]
