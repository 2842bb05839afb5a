"""Policies without the exclusion in a preview or a look, and when all is proved to be in place."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fleet import looks
from fleet.events import EXCLUSION
from fleet.job import run_job
from fleet.standing import Standing
from tests.fleet.stub import NO_CHANGES, StubProject, job, stub_project

ENVIRON = {"PATH": os.environ["PATH"]}
EXPORTED = json.loads(Path(__file__).with_name("exported_stack.json").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "north")


def preview_of(*steps: tuple[str, str], kind: str = EXCLUSION, same: int = 38) -> dict[str, Any]:
    """A preview with these steps: operation, and what is pending of the policy."""
    events: list[Any] = []
    for number, (op, pending) in enumerate(steps):
        state: dict[str, Any] = {"type": kind, "urn": "u", "id": "1", "parent": "", "provider": ""}
        inputs = {"pending": [pending] if pending else [], "policyName": f"Policy {number}"}
        new = {**state, "outputs": {}, "inputs": inputs}
        step = {"op": op, "urn": "u", "type": kind, "provider": "", "new": new, "old": None}
        events.append({"resourcePreEvent": {"metadata": step}})
    return {"events": events, "changes": {"same": same, "create": len(events)}}


def test_a_preview_counts_policies_that_lost_the_exclusion(project: StubProject) -> None:
    lost = preview_of(("update", "exclude group BTG Admins"), ("update", "x"), ("update", ""))
    project.plan(north={"preview": lost, "up": NO_CHANGES, "export": EXPORTED})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.excluded, report.policies.drifted) == (0, 2)
    assert report.problems[0].what == "2 policies have lost the exclusion"
    assert report.last_verified is None
    healed = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert healed.policies.drifted == 0
    assert "exclude again" in healed.problems[0].what
    assert healed.last_verified is not None


def test_a_preview_tells_new_policies_without_the_exclusion(project: StubProject) -> None:
    made = preview_of(("create", "exclude group BTG Admins"), ("create", ""), ("same", ""))
    project.plan(north={"preview": made, "up": NO_CHANGES, "export": EXPORTED})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.policies.excluded, report.policies.drifted) == ("done", 2, 1)
    (problem,) = report.problems
    words = "1 new policy does not leave the emergency accounts out yet: Policy 0"
    assert problem.what == words
    assert "fleet up --only north" in problem.todo
    assert report.last_verified is None
    written = run_job(job("north", "up"), project.folder, project.options(ENVIRON))
    assert (written.policies.drifted, written.problems) == (0, ())
    assert written.last_verified is not None


def test_the_first_preview_of_a_customer_is_neither_drift_nor_proof(project: StubProject) -> None:
    project.plan(north={"preview": preview_of(("create", "exclude group"), same=0)})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.drifted, report.problems, report.last_verified) == (0, (), None)


def test_other_resources_with_something_pending_are_no_policies(project: StubProject) -> None:
    project.plan(north={"preview": preview_of(("create", "x"), ("update", "x"), kind="pkg:a:B")})
    report = run_job(job("north"), project.folder, project.options(ENVIRON))
    assert (report.policies.drifted, report.problems) == (0, ())
    assert report.last_verified is not None


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_what_does_not_look_at_policies_proves_nothing(
    project: StubProject, operation: Any
) -> None:
    report = run_job(job("north", operation), project.folder, project.options(ENVIRON))
    assert (report.outcome, report.last_verified) == ("done", None)


@pytest.mark.parametrize(
    ("said", "verified", "drifted"),
    [
        ({"right": True, "policies": [{"name": "MFA", "result": "excluded"}]}, True, 0),
        ({"right": False, "policies": [{"name": "MFA", "result": "new"}]}, False, 1),
        ({"right": False, "unfinished": True}, False, 0),
        (None, False, None),
    ],
)
def test_only_a_look_that_finds_all_right_is_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any] | None, verified: bool, drifted: int | None,
) -> None:  # fmt: skip
    answers = {"verify": json.dumps(said) if said else "", "status": "[]"}
    python = f"import sys; print({answers!r}[sys.argv[1]])"
    monkeypatch.setattr(looks, "BREAKGLASS", (sys.executable, "-c", python))
    found = looks.look("north", tmp_path, Standing(), print)
    assert (found.verified, found.policies.drifted) == (verified, drifted)
    assert bool(found.problems) is not verified
