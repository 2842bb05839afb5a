"""Puts the stub named `pulumi` and a project with customers into a folder of the test's own."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.job import Job, Options
from fleet.report import Operation

SETTINGS = """\
# A comment that stays.
config:
  azuread:tenantId: {tenant}
  azure-native:subscriptionId: 9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d
"""
NO_CHANGES = {"changes": {"same": 40}}


def tenant_of(number: int) -> str:
    """A tenant id for the customer of that number."""
    return f"00000000-0000-4000-8000-{number:012d}"


@dataclass(frozen=True)
class StubProject:
    """A project folder, a stub beside it, and what the stub was called with."""

    folder: Path
    bin: Path

    @property
    def pulumi(self) -> Path:
        """The stub."""
        return self.bin / "pulumi"

    def plan(self, **customers: Any) -> None:
        """What the stub does; `_` in a customer's name stands for a hyphen."""
        plan = {name.replace("_", "-"): steps for name, steps in customers.items()}
        (self.bin / "plan.json").write_text(json.dumps(plan), encoding="utf-8")

    def calls(self) -> list[dict[str, Any]]:
        """How it was called, in order."""
        file = self.bin / "calls.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def operations(self, customer: str) -> list[str]:
        """What it was called to do for a customer."""
        return [call["operation"] for call in self.calls() if call["customer"] == customer]

    def steps(self, customer: str) -> list[str]:
        """So without the looks at the state."""
        return [one for one in self.operations(customer) if one != "export"]

    def options(self, environ: dict[str, str], timeout: float = 60) -> Options:
        """Options of a job here."""
        run_folder = self.folder / "run"
        run_folder.mkdir(exist_ok=True)
        return Options(self.pulumi, "3.200.0", run_folder, timeout, environ)


def job(customer: str, operation: Operation = "preview") -> Job:
    """A job at no commit."""
    return Job(customer, operation, None)


def stub_project(folder: Path, *customers: str) -> StubProject:
    """A project with these customers, for all of whom the stub finds nothing to change."""
    project, binaries = folder / "project", folder / "bin"
    project.mkdir()
    binaries.mkdir()
    (project / "Pulumi.yaml").write_text("name: break-glass\nruntime: python\n", encoding="utf-8")
    for number, name in enumerate(customers):
        text = SETTINGS.format(tenant=tenant_of(number))
        (project / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    source = Path(__file__).with_name("stub_pulumi.py").read_text(encoding="utf-8")
    stub = binaries / "pulumi"
    stub.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
    stub.chmod(0o755)
    made = StubProject(project, binaries)
    steps = ("preview", "up", "refresh", "destroy", "preview-refresh", "preview-destroy")
    made.plan(**{name: dict.fromkeys(steps, NO_CHANGES) for name in customers})
    return made
