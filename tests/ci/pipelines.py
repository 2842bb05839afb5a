"""The pipelines of both systems, read as YAML: their jobs and what each runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
NAMES = ("preview", "deploy", "drift")
JSON = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A step: what it runs, or the action or task that it uses."""

    name: str
    run: str
    uses: str
    document: JSON

    @property
    def commands(self) -> list[str]:
        """Our own commands in it, without what differs from system to system."""
        found = re.findall(r"(?:exec )?(?:\.venv/bin/\S+|python3 dev\.py|make) [^|)]*", self.run)
        return [_alike(one) for one in found]


@dataclass(frozen=True)
class Job:
    """A job and its steps."""

    name: str
    document: JSON
    steps: list[Step]

    @property
    def text(self) -> str:
        """All of it, to look for words in."""
        return yaml.safe_dump(self.document)


def github_text(name: str) -> str:
    """A workflow as it stands in the repository."""
    return (REPOSITORY / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")


def azure_text(name: str) -> str:
    """A pipeline of Azure DevOps as it stands in the repository."""
    return (REPOSITORY / "azure-pipelines" / f"{name}.yml").read_text(encoding="utf-8")


def github(name: str) -> list[Job]:
    """The jobs of a workflow, in its order."""
    jobs: dict[str, JSON] = yaml.safe_load(github_text(name))["jobs"]
    return [
        Job(
            key,
            job,
            [
                Step(one.get("name", ""), one.get("run", ""), one.get("uses", ""), one)
                for one in job["steps"]
            ],
        )
        for key, job in jobs.items()
    ]


def azure(name: str) -> list[Job]:
    """The jobs of a pipeline, in its order."""
    found: list[Job] = []
    for stage in yaml.safe_load(azure_text(name))["stages"]:
        for job in stage["jobs"]:
            strategy: JSON = job.get("strategy") or {}
            steps = job.get("steps") or strategy["runOnce"]["deploy"]["steps"]
            shared = {
                key: stage.get(key) for key in ("stage", "variables", "condition", "dependsOn")
            }
            whole = {**job, "stage": shared}
            found.append(Job(job.get("job") or job["deployment"], whole, [*map(_azure, steps)]))
    return found


def known_keys(found: Mapping[Any, Any], known: set[Any]) -> None:
    """What a key that is not played would do, nobody knows. Raises AssertionError."""
    assert found.keys() <= known, f"nobody plays {found.keys() - known}"


def _azure(step: JSON) -> Step:
    inputs: JSON = step.get("inputs") or {}
    run = step.get("script") or inputs.get("inlineScript") or ""
    return Step(step.get("displayName", ""), run, step.get("task", ""), step)


def _alike(command: str) -> str:
    command = command.replace("reports/*/", "reports/")
    return re.sub(r"--format (github|azure)", "--format …", command).strip()
