"""Azure Pipelines, as far as our pipelines use it: stages, conditions, variables, artifacts.

The `script:` and `inlineScript:` texts are run as they stand in the file, in the order of the file.
Tasks that cannot run here are played from their own inputs; any other task, and any
other key of the file, is an AssertionError. A
job's machine is new, with the project as it was committed. What a script says is read for logging
commands, as the agent reads it: `task.setvariable` counts unless the step may set none.

Source: Microsoft, "YAML schema reference for Azure Pipelines", "Define variables", "Expressions",
"Logging commands", "Use predefined variables", and the reference of each task.
"""

import json
import re
import shutil
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.expressions import evaluate, filled, text_of
from tests.ci.machine import Machines
from tests.ci.pipelines import azure_text, known_keys

JSON = dict[str, Any]
PIPELINE_KEYS = {
    *("name", "trigger", "pr", "schedules", "parameters", "lockBehavior", "pool", "variables"),
    "stages",
}
STAGE_KEYS = {"stage", "displayName", "dependsOn", "condition", "variables", "jobs"}
JOB_KEYS = {
    *("job", "deployment", "displayName", "condition", "timeoutInMinutes", "environment"),
    *("strategy", "variables", "steps"),
}
STRATEGY_KEYS = {"matrix", "maxParallel", "runOnce"}
STEP_KEYS = {
    *("checkout", "persistCredentials", "fetchDepth", "clean", "download", "template"),
    *("parameters", "script", "task", "name", "displayName", "condition", "target", "inputs"),
    "env",
}
SHELL = ["bash", "--noprofile", "--norc", "-c"]
"""Without `-e`: a script ends as its last command does."""
_SET = re.compile(r"##vso\[task\.setvariable variable=([\w.]+)((?:;\w+=\w+)*);?\](.*)")
_SUMMARY = re.compile(r"##vso\[task\.uploadsummary\](.+)")
FIRST = {"System.StageAttempt": "1", "System.JobAttempt": "1"}
_MACRO = re.compile(r"\$\(([\w.]+)\)")


@dataclass
class AzureRun:
    """A run of a pipeline: what became of each stage, and what was kept."""

    results: dict[str, str] = field(default_factory=dict[str, str])
    outputs: dict[str, dict[str, dict[str, str]]] = field(
        default_factory=dict[str, dict[str, dict[str, str]]]
    )
    """By stage, job and `step.variable`."""
    artifacts: dict[str, Path] = field(default_factory=dict[str, Path])
    asked: list[str] = field(default_factory=list[str])
    """Environments and connections, in the order in which stages came to them."""
    summary: str = ""


@dataclass
class Leg:
    """One machine of a job."""

    job: str
    workspace: Path
    variables: dict[str, str]
    secret: set[str] = field(default_factory=set[str])
    failed: bool = False
    outputs: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class AzureHost:
    """A project on Azure DevOps.

    `groups` are its variable groups; `sign_in` gives what a script of `AzureCLI@2` has in its
    environment, by the task's inputs.
    """

    machines: Machines
    variables: Mapping[str, str]
    """Of the pipeline, and what the service says of this run."""
    groups: Mapping[str, Mapping[str, str]]
    sign_in: Callable[[Mapping[str, Any]], Mapping[str, str]]
    job_variables: Mapping[str, str]
    token: str
    refused: Container[str] = ()
    """Environments and connections whose approvers say no."""

    def run(
        self,
        name: str,
        *,
        about: Mapping[str, str] | None = None,
        reference: str = "main",
        parameters: Mapping[str, str] | None = None,
        earlier: AzureRun | None = None,
        only: set[str] | None = None,
    ) -> AzureRun:
        """Run a pipeline; `about` are more variables of this run.

        With `earlier` and `only` some of its stages again, as a person may.
        """
        document: JSON = yaml.safe_load(azure_text(name))
        known_keys(document, PIPELINE_KEYS)
        run = earlier or AzureRun()
        chosen = {one["name"]: one["default"] for one in document.get("parameters", [])}
        names = {"parameters": {**chosen, **(parameters or {})}}
        given = {**self.variables, **FIRST, **(about or {})}
        computed: JSON = document.get("variables") or {}
        given |= {
            key: text_of(_runtime(filled(value, names), {"variables": given}))
            for key, value in computed.items()
        }
        before: list[str] = []
        for stage in document["stages"]:
            if only is None or stage["stage"] in only:
                self._stage(stage, before, run, names, given, reference)
            before = [stage["stage"]]
        return run

    def _stage(
        self,
        stage: JSON,
        before: list[str],
        run: AzureRun,
        names: JSON,
        given: dict[str, str],
        reference: str,
    ) -> None:
        known_keys(stage, STAGE_KEYS)
        asked: Any = stage.get("dependsOn", before)
        needed = [asked] if isinstance(asked, str) else list(asked)
        known = {**names, "variables": given}
        known["dependencies"] = {
            one: {"result": run.results[one], "outputs": _of_stage(run, one)} for one in needed
        }
        known["stageDependencies"] = {
            one: {job: {"outputs": found} for job, found in run.outputs.get(one, {}).items()}
            for one in needed
        }
        condition = text_of(filled(stage.get("condition", "succeeded()"), names))
        well = all(run.results[one] in ("Succeeded", "SucceededWithIssues") for one in needed)
        failed = any(run.results[one] == "Failed" for one in needed)
        if not evaluate(condition, known, _status(well, failed)):
            run.results[stage["stage"]] = "Skipped"
            return
        protected = _protected(stage)
        run.asked += protected
        if any(one in self.refused for one in protected):
            run.results[stage["stage"]] = "Failed"
            return
        variables = dict(given)
        groups: list[JSON] = stage.get("variables") or []
        for group in groups:
            variables |= self.groups[group["group"]]
        legs = [
            leg
            for job in stage["jobs"]
            for leg in self._job(job, stage["stage"], run, known, variables, reference)
        ]
        run.results[stage["stage"]] = "Failed" if any(leg.failed for leg in legs) else "Succeeded"

    def _job(
        self,
        job: JSON,
        stage: str,
        run: AzureRun,
        known: JSON,
        variables: Mapping[str, str],
        reference: str,
    ) -> list[Leg]:
        known_keys(job, JOB_KEYS)
        strategy: JSON = job.get("strategy") or {}
        known_keys(strategy, STRATEGY_KEYS)
        if not evaluate(job.get("condition", "succeeded()"), known, _status(True, False)):
            return []
        rows: dict[str, JSON] = {"": {}}
        if "matrix" in strategy:
            rows = json.loads(text_of(_runtime(strategy["matrix"], known)))
        computed: JSON = job.get("variables") or {}
        own = {key: text_of(_runtime(value, known)) for key, value in computed.items()}
        steps = job.get("steps") or strategy["runOnce"]["deploy"]["steps"]
        name = job.get("job") or job["deployment"]
        legs: list[Leg] = []
        for position, row in enumerate(rows.values(), 1):
            mine = {**variables, **own, **row, "System.JobPositionInPhase": str(position)}
            legs.append(Leg(name, self.machines.workspace(), mine))
            for step in steps:
                self._step(step, legs[-1], run, known, reference)
        run.outputs.setdefault(stage, {})[name] = legs[-1].outputs
        return legs

    def _step(self, step: JSON, leg: Leg, run: AzureRun, known: JSON, reference: str) -> None:
        known_keys(step, STEP_KEYS)
        condition = step.get("condition", "succeeded()")
        known = {**known, "variables": leg.variables}
        if not evaluate(condition, known, _status(not leg.failed, leg.failed)):
            return
        inputs = {key: self._expanded(value, leg) for key, value in step.get("inputs", {}).items()}
        task = step.get("task", "")
        if "checkout" in step:
            assert step["checkout"] == "self"
            self.machines.check_out(leg.workspace, reference)
        elif "template" in step:
            _template(step)
        elif "download" in step:
            assert step["download"] == "none"
        elif "script" in step:
            self._shell(step, self._expanded(step["script"], leg), {}, leg, run)
        elif task == "AzureCLI@2":
            assert (inputs["scriptType"], inputs["scriptLocation"]) == ("bash", "inlineScript")
            self._shell(step, inputs["inlineScript"], self.sign_in(inputs), leg, run)
        elif task == "UsePythonVersion@0":
            assert inputs["versionSpec"]
        elif task == "PublishPipelineArtifact@1":
            leg.failed |= not _publish(leg, inputs, run, self.machines.folder)
        elif task == "DownloadPipelineArtifact@2":
            leg.failed |= not _download(leg, inputs, run)
        else:
            raise AssertionError(f"{leg.job}: nobody plays {task or step}")

    def _expanded(self, value: Any, leg: Leg) -> str:
        known = {**leg.variables, "System.AccessToken": self.token}
        return _MACRO.sub(lambda found: known.get(found[1], found[0]), text_of(value))

    def _shell(
        self, step: JSON, script: str, more: Mapping[str, str], leg: Leg, run: AzureRun
    ) -> None:
        # Every variable is in the environment, but not what is secret.
        mapped = {
            key.upper().replace(".", "_"): value
            for key, value in leg.variables.items()
            if key not in leg.secret
        }
        asked = {key: self._expanded(value, leg) for key, value in step.get("env", {}).items()}
        variables = {**self.job_variables, **mapped, **more, **asked}
        ran = self.machines.shell(
            (leg.job, step["displayName"]), SHELL, script, leg.workspace, variables
        )
        leg.failed |= ran.code != 0
        target: JSON = step.get("target") or {}
        allowed: Any = target.get("settableVariables")
        for line in ran.said.splitlines():
            if found := _SET.search(line):
                name, options, value = found.groups()
                if allowed == "none" or (allowed and name not in allowed):
                    continue
                leg.variables[name] = value
                if "issecret=true" in options:
                    leg.secret.add(name)
                if "isOutput=true" in options:
                    leg.outputs[f"{step['name']}.{name}"] = value
            if (found := _SUMMARY.search(line)) and Path(found[1]).is_file():
                run.summary += Path(found[1]).read_text(encoding="utf-8")


def _of_stage(run: AzureRun, stage: str) -> dict[str, str]:
    """Its outputs, by `job.step.variable`."""
    jobs = run.outputs.get(stage, {})
    return {f"{job}.{name}": value for job, found in jobs.items() for name, value in found.items()}


def _protected(stage: JSON) -> list[str]:
    """What is asked before a stage starts: environments and connections that its jobs name."""
    found: list[str] = []
    for job in stage["jobs"]:
        found += [job["environment"]] if "environment" in job else []
        for step in job.get("steps", ()):
            inputs: JSON = step.get("inputs") or {}
            found += [inputs["azureSubscription"]] if "azureSubscription" in inputs else []
    return found


def _template(step: JSON) -> None:
    """A step for each customer in its list, if any, and none of them ever runs."""
    (given,) = step["parameters"].items()
    document = yaml.safe_load(azure_text("connections"))
    asked = {one["name"]: one for one in document["parameters"]}
    assert step["template"] == "connections.yml"
    assert given[1] in asked[given[0]]["values"]
    ((_, steps),) = document["steps"][0].items()
    assert [one["condition"] for one in steps] == [False]


def _status(well: bool, failed: bool) -> Mapping[str, Callable[..., Any]]:
    return {
        "always": lambda: True,
        "succeeded": lambda: well,
        "failed": lambda: failed,
        "canceled": lambda: False,
    }


def _runtime(value: Any, known: Mapping[str, Any]) -> Any:
    text = text_of(value)
    if not text.startswith("$["):
        return value
    return evaluate(text.removeprefix("$[").removesuffix("]"), known)


def _publish(leg: Leg, inputs: Mapping[str, str], run: AzureRun, folder: Path) -> bool:
    source = leg.workspace / inputs["targetPath"]
    if not source.exists():
        return False
    assert inputs["artifact"] not in run.artifacts, f"a second artifact {inputs['artifact']}"
    kept = folder / f"artifact-{len(list(folder.iterdir()))}"
    kept.mkdir()
    shutil.copy2(source, kept)
    run.artifacts[inputs["artifact"]] = kept
    return True


def _download(leg: Leg, inputs: Mapping[str, str], run: AzureRun) -> bool:
    """Named: its files, in the folder. By patterns: of every artifact, in a folder of its name."""
    target = leg.workspace / inputs["path"]
    if name := inputs.get("artifact"):
        if name not in run.artifacts:
            return False
        shutil.copytree(run.artifacts[name], target, dirs_exist_ok=True)
        return True
    for name, kept in run.artifacts.items():
        for file in kept.iterdir():
            if any((Path(name) / file.name).match(one) for one in inputs["patterns"].split()):
                (target / name).mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target / name)
    return bool(run.artifacts)
