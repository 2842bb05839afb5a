"""A project with customers in tenants of their own: each stands as one real `up` left the first.

What one `up` made is copied under other names and ids, tenant and state alike: fifty runs of it
would measure nothing more.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import yaml

from sandbox.benchmark.process_family import Taken, run_family
from sandbox.benchmark.served import Served, serving
from sandbox.engine import Engine, install_stand_ins, sandbox_environment

REPOSITORY = Path(__file__).parents[2]
PROJECT, FIRST = "break-glass", "customer-1"
AT_SPEED = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0"}
"""Conditional Access requests without a pause."""
AT_ONCE = (
    *("--ca-rate", "0", "--lag", "0"),
    *("--knob", "operationSeconds=0", "--knob", "diagnosticSettingLagSeconds=0"),
    *("--knob", "providerRegistrationSeconds=0"),
)
"""Options of `serve` for tenants that answer at once and without limits."""
_SEED = REPOSITORY / "sandbox" / "tenants" / "contoso.json"


@dataclass(frozen=True)
class Project:
    """A folder with Pulumi.yaml and customers; their states and plugins lie beside it."""

    folder: Path
    engine: Engine
    environment: Mapping[str, str]

    @property
    def states(self) -> Path:
        """Where the file backend keeps them."""
        return self.folder.parent / "work" / "state" / ".pulumi" / "stacks" / PROJECT

    def fleet(self, *arguments: str, memory: bool = False) -> Taken:
        """Run `breakglass fleet …`. Raises RuntimeError when it fails."""
        command = [sys.executable, "-m", "cli.main", "fleet", *arguments]
        environment = {**self.environment, "PYTHONPATH": str(REPOSITORY)}
        return run_family(command, self.folder, environment, memory=memory)

    def pulumi(self, *arguments: str, **variables: str) -> str:
        """Run `pulumi …` here; what it printed. Raises RuntimeError when it fails."""
        command = [str(self.engine.executable), *arguments, "--non-interactive", "--color=never"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"pulumi {arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def write_settings(self, customer: str, text: str) -> None:
        """Make `Pulumi.<customer>.yaml`."""
        (self.folder / f"Pulumi.{customer}.yaml").write_text(text, "utf-8")


def new_project(engine: Engine, folder: Path, tenant: Mapping[str, str]) -> Project:
    """A project of the product's own program; `tenant`: the variables that reach tenants."""
    project, work = folder / "project", folder / "work"
    project.mkdir(parents=True, exist_ok=True)
    install_stand_ins(work / "pulumi")
    written = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text("utf-8"))
    written["main"] = str(REPOSITORY)
    written["runtime"]["options"]["virtualenv"] = sys.prefix
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(written), "utf-8")
    return Project(project, engine, sandbox_environment(engine, work, tenant))


def with_program(project: Project, program: str, **variables: str) -> Project:
    """The same stacks with a program beside this file, `bare` or `watched`."""
    folder = project.folder.with_name(program)
    folder.mkdir()
    written = yaml.safe_load((project.folder / "Pulumi.yaml").read_text("utf-8"))
    written["main"] = str(Path(__file__).parent / program)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(written), "utf-8")
    for settings in project.folder.glob("Pulumi.*.yaml"):
        (folder / settings.name).write_bytes(settings.read_bytes())
    return Project(folder, project.engine, {**project.environment, **variables})


@contextmanager
def first_customer(engine: Engine, folder: Path) -> Generator[tuple[Project, Served]]:
    """A tenant that answers at once, and a customer in it whose stack is still empty."""
    folder.mkdir(parents=True)
    with serving(folder, "--seed", str(_SEED), *AT_ONCE) as served:
        project = new_project(engine, folder, served.environment | AT_SPEED)
        project.write_settings(FIRST, (REPOSITORY / "Pulumi.sandbox.yaml").read_text("utf-8"))
        project.pulumi("stack", "init", FIRST, "--no-select")
        yield project, served


@dataclass(frozen=True)
class Original:
    """What one `up` left: the tenant, the state, the settings, and the key of its secrets."""

    document: Mapping[str, Any]
    state: str
    settings: str
    passphrase: bytes

    @classmethod
    def of(cls, project: Project, served: Served) -> "Original":
        """Taken from the first customer."""
        return cls(
            served.call("GET", "/sandbox/tenant"),
            (project.states / f"{FIRST}.json").read_text("utf-8"),
            (project.folder / f"Pulumi.{FIRST}.yaml").read_text("utf-8"),
            (project.folder.parent / "work" / "passphrase").read_bytes(),
        )

    def renamed(self, text: str, customer: str) -> str:
        """A text about the first customer made into one about another."""
        ids = [self.document["tenant"]["id"], self.document["subscriptions"][0]["subscriptionId"]]
        ids += [app["appId"] for app in self.document["apps"]]
        for old in ids:
            text = text.replace(old, str(uuid5(NAMESPACE_DNS, f"{customer}/{old}")))
        for mark in (f"urn:pulumi:{{}}::{PROJECT}", f"{PROJECT}/{{}}", f"{PROJECT}-{{}}"):
            text = text.replace(mark.format(FIRST), mark.format(customer))
        return text


@contextmanager
def many_customers(
    engine: Engine, folder: Path, original: Original, names: Sequence[str], *options: str
) -> Generator[tuple[Project, Served]]:
    """So many tenants in one server, and a customer in each. `options`: of `serve`, for all."""
    folder.mkdir(parents=True)
    seeds: list[str] = []
    tenants: dict[str, str] = {}
    for name in names:
        document = json.loads(original.renamed(json.dumps(original.document), name))
        tenants[name] = document["tenant"]["id"]
        seed = folder / f"seed-{name}.json"
        seed.write_text(json.dumps(document), "utf-8")
        seeds += ("--seed", str(seed))
    with serving(folder, *seeds, *options) as served:
        work = folder / "work"
        work.mkdir()
        (work / "passphrase").write_bytes(original.passphrase)
        project = new_project(engine, folder, _variables(folder, tenants))
        project.states.mkdir(parents=True)
        for name in names:
            project.write_settings(name, original.renamed(original.settings, name))
            state = project.states / f"{name}.json"
            state.write_text(original.renamed(original.state, name), "utf-8")
        yield project, served


def _variables(folder: Path, tenants: Mapping[str, str]) -> dict[str, str]:
    """How each customer reaches its tenant: a variable named `X__CUSTOMER_1` is its own `X`."""
    found: dict[str, str] = {}
    for number, (name, tenant_id) in enumerate(tenants.items()):
        file = "environment.json" if number == 0 else f"environment-{tenant_id}.json"
        suffix = re.sub(r"[^A-Z0-9]+", "_", name.upper())
        for key, value in json.loads((folder / file).read_text("utf-8")).items():
            found[f"{key}__{suffix}"] = value
    return found


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
