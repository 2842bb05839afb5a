"""The `run:` steps of the workflow for pull requests, out of its file, run in their order.

They run in a copy of the project with the simulated tenant in place of the real one. Replaced are:

- `make` (`make check`, `make test`): a stub that writes down its call. They are this very test run.
- `python3` (`python3 dev.py setup`): a stub likewise. The copy has this environment already.
- what is no `run:` step: checking out, Python, opening the state (the state here is a folder) and
  handing on the report between jobs (all jobs run in one folder here).
- the token of GitHub's identity provider: the reviewing application signs in with a secret.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.ci.fake_hosts import TOKEN, FakeGitHub
from tests.ci.pipelines import Job, Step, github
from tests.ci.project_copy import copy_project, stub
from tests.engine.conftest import engine, standing
from tests.engine.standing import Scene, Snapshot, standing_scene
from tests.engine.test_ci_identities import SECRET, drifted
from tests.support.tenant import object_id

__all__ = ["engine", "standing"]
EXPRESSION = re.compile(r"\$\{\{ *([\w.()-]+) *\}\}")


@dataclass
class Runner:
    """A machine of GitHub's, as far as these steps know it."""

    project: Path
    folder: Path
    expressions: dict[str, str]
    environment: dict[str, str]
    override: dict[str, str] = field(default_factory=dict[str, str])
    ran: list[str] = field(default_factory=list[str])

    def job(self, job: Job) -> str:
        """Every step of it; what they printed."""
        handed_on = self.folder / f"env-{job.name}"
        handed_on.touch()
        output = ""
        for step in job.steps:
            if step.run:
                output += self._step(step, handed_on)
        return output

    def _step(self, step: Step, handed_on: Path) -> str:
        asked: dict[str, Any] = step.document.get("env") or {}
        lines = [line.partition("=") for line in handed_on.read_text().splitlines()]
        environment = {
            **self.environment,
            **{name: value for name, _, value in lines},
            **{name: self._filled(str(value)) for name, value in asked.items()},
            **{name: value for name, value in self.override.items() if name in asked},
            "GITHUB_ENV": str(handed_on),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        # The shell of a step as GitHub starts it.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.run],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{step.run}\n{done.stdout}"
        self.ran.append(step.run)
        return done.stdout

    def _filled(self, value: str) -> str:
        return EXPRESSION.sub(lambda found: self.expressions[found[1]], value)


def git(project: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(project), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def pull_request(scene: Scene, project: Path) -> str:
    """A branch that changes one customer's settings; the commit that it began at."""
    settings = project / f"Pulumi.{scene.stack.name}.yaml"
    for value in (None, {"passwordRotation": "next"}):
        if value is None:
            git(project, "init", "--quiet")
        else:
            scene.stack.set_config({"break-glass:accounts": value})
        settings.write_text(scene.stack.config_file.read_text(encoding="utf-8"), encoding="utf-8")
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "settings")
    return git(project, "rev-parse", "HEAD~1")


@pytest.fixture
def runner(standing: Snapshot, tmp_path: Path):
    """The copy, its pull request, and the stack in a tenant where something has drifted."""
    project, folder = copy_project(tmp_path / "project"), tmp_path / "runner"
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("make", "python3"):
        stub(programs / name, folder / "stubs")
    with standing_scene(drifted(standing), tmp_path / "stack") as scene:
        base = pull_request(scene, project)
        variables = {
            name: value
            for name, value in scene.stack.environment.items()
            if name.startswith("ARM_") and name != "ARM_CLIENT_SECRET"
        }
        variables["ARM_CLIENT_ID"] = object_id("reviewer")
        yield (
            scene,
            Runner(
                project,
                folder,
                {
                    "github.event.pull_request.base.sha": base,
                    "toJSON(vars)": json.dumps({**variables, "PATH": "/nowhere", "SHARDS": "1"}),
                    "github.token": TOKEN,
                },
                {
                    "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                    "HOME": os.environ["HOME"],
                    "PYTHONPATH": str(project),
                    "BREAK_GLASS_SANDBOX_FOLDER": str(folder / "sandbox"),
                },
            ),
        )


def without_identity(scene: Scene) -> dict[str, str]:
    """What a machine has of the state: where it lies and its key, and nobody's name."""
    return {
        name: value
        for name, value in scene.stack.environment.items()
        if not name.startswith("ARM_")
    }


def test_a_pull_requests_steps_run_in_order_from_the_checks_to_the_comment(
    runner: tuple[Scene, Runner],
) -> None:
    scene, machine = runner
    checks, sandbox, tenant, comment = github("preview")
    scene.forget()

    machine.job(checks)
    shown = machine.job(sandbox)

    # Nobody's name, key or state was there; what the branch changes is seen all the same.
    assert scene.server.world.requests.entries() == []
    assert "account-1-password" in shown
    assert "break-glass@v1.0.0 (local: policies)" in shown
    assert scene.stack.name in (machine.project / "sandbox.md").read_text(encoding="utf-8")

    # Approved: the state, its key, and the reviewing application.
    machine.environment = {**without_identity(scene), **machine.environment}
    machine.environment["PATH"] += os.pathsep + scene.stack.environment["PATH"]
    machine.environment["ARM_CLIENT_SECRET"] = SECRET
    machine.override = {"ARM_USE_OIDC": "false"}
    machine.job(tenant)
    entries = scene.server.world.requests.entries()
    assert [one for one in entries if one["status"] in (401, 403)] == []
    assert len(entries) > 20
    assert scene.writes() == []

    # The artifact, where the comment's job unpacks it.
    (got,) = [step.document["with"] for step in comment.steps if "download-artifact" in step.uses]
    (machine.project / got["path"]).mkdir()
    shutil.copy(machine.project / "preview.json", machine.project / got["path"])

    fake = FakeGitHub()
    with fake.served() as url:
        event = machine.folder / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}))
        machine.environment |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "contoso/break-glass",
        }
        machine.job(comment)
        machine.job(comment)
    (made,) = fake.comments
    assert f"<code>{scene.stack.name}</code>" in made["body"]
    assert "1 policy has lost the exclusion" in made["body"]
    (log,) = machine.project.glob(f".fleet/*/{scene.stack.name}.log")
    assert "break-glass@v1.0.0 (local: policies)" in log.read_text(encoding="utf-8")
    assert "can only read: this preview shows" in log.read_text(encoding="utf-8")

    stubs = (machine.folder / "stubs").read_text().splitlines()
    setup = "python3 dev.py setup"
    assert stubs == ["make check", "make test", setup, setup, setup, setup]
    assert len(machine.ran) == sum(bool(s.run) for job in github("preview") for s in job.steps) + 3
    kept = [*machine.project.glob("*.md"), *machine.project.glob("preview.json")]
    for path in (*kept, machine.folder / "summary.md", *machine.project.rglob(".fleet/**/*.log")):
        text = path.read_text(encoding="utf-8")
        assert SECRET not in text
        assert TOKEN not in text
        for password in scene.stack.outputs(show_secrets=True)["passwords"].values():
            assert password not in text
