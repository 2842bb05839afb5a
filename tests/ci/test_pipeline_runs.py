"""Drift and deployment on both systems: the texts of the files, in order, on the real engine.

Two customers stand. Somebody empties a policy's exclusions in one tenant and makes a new policy
there. The look is red and heals; a commit is deployed, which takes the new policy in; the next look
closes the issue. What is played, and how, say `github_host`, `azure_host` and `machine`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from fleet.report_json import read_json
from tests.ci.company import Company, company
from tests.ci.machine import SETUP
from tests.ci.services import Service, Told, on_azure, on_github
from tests.engine.conftest import engine, standing
from tests.engine.standing import Snapshot

__all__ = ["engine", "standing"]
MFA = "Require MFA for all users"
NEW = "New since yesterday"
SERVICES = pytest.mark.parametrize("serve", [on_github, on_azure], ids=["github", "azure"])
ALL_WELL = dict.fromkeys(("plan", "look", "report"), "well") | {"heal": "skipped"}


def somebody_changes_policies(there: Company) -> None:
    """In the tenant of `north`, behind our back."""
    access = there.tenant("north").conditional_access
    nobody: dict[str, list[str]] = {"excludeGroups": [], "excludeUsers": []}
    lost = there.policies("north")[MFA]["id"]
    access.update_policy(lost, {"conditions": {"users": nobody}})
    access.create_policy(
        {
            "displayName": NEW,
            "state": "enabled",
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
            "conditions": {
                "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]},
            },
        }
    )


def excludes(there: Company, policy: str) -> bool:
    return bool(there.policies("north")[policy]["conditions"]["users"].get("excludeGroups"))


def look_backs(there: Company, customer: str) -> set[str]:
    """For how long back each alarm looks, of one customer."""
    resources: dict[str, Any] = there.tenant(customer).to_document()["azureResources"]
    rules = [one for one in resources.values() if "queryrules" in one["type"].lower()]
    return {one["properties"]["windowSize"] for one in rules}


def refused(there: Company) -> list[dict[str, Any]]:
    return [one for one in there.requests() if one["status"] in (401, 403)]


def drift_is_told_and_healed(there: Company, service: Service) -> None:
    somebody_changes_policies(there)
    state = there.state()
    there.forget()

    run = service.run("drift", 2)

    expected = {"plan": "well", "look": "failed", "heal": "well", "report": "failed"}
    assert run.outcomes == expected, service.machines.said()
    assert {"-".join(one.split("-")[:2]) for one in run.artifacts} == {
        "look-1",
        "look-2",
        "healed-1",
        "healed-2",
    }
    lost = there.policies("north")[MFA]["id"]
    path = f"/v1.0/identity/conditionalAccess/policies/{lost}"
    assert there.writes() == [f"PATCH {path}"]
    assert excludes(there, MFA)
    assert not excludes(there, NEW)
    # The look's identity may read and no more; nobody takes a lock of the state or writes to it.
    assert refused(there) == []
    assert there.state() == state
    ((is_open, text),) = service.issues()
    assert is_open
    assert "1 policy has lost the exclusion" in text
    assert NEW in text
    assert "excludes again" in text


def a_commit_is_deployed(there: Company, service: Service) -> Told:
    key = "break-glass:monitoring"
    there.change("north", "Another look back", {key: {"alert": {"lookbackMinutes": 360}}})
    before = {name: look_backs(there, name) for name in ("east", "north")}
    there.forget()

    run = service.run("deploy", 1)

    expected = dict.fromkeys(("plan", "approve", "up", "report"), "well")
    assert run.outcomes == expected, service.machines.said()
    assert excludes(there, NEW)
    assert look_backs(there, "east") == before["east"]
    assert look_backs(there, "north") != before["north"]
    assert refused(there) == []
    folders = {one.partition("-")[0]: folder for one, folder in run.artifacts.items()}
    assert set(folders) == {"up", "report"}
    (report,) = folders["up"].iterdir()
    east, north = read_json(report).customers
    assert (east.outcome, set(east.changes)) == ("done", {"same"})
    assert (north.outcome, north.changes["create"]) == ("done", 1)
    assert (north.policies.excluded, north.policies.drifted) == (5, 0)
    assert "monitoring-use-alert" in run.summary
    page = (folders["report"] / "up.html").read_text(encoding="utf-8")
    for customer in ("east", "north"):
        assert customer in run.summary
        assert customer in page
    return run


def nobody_was_asked_again(there: Company, deployed: Told) -> None:
    there.forget()
    assert deployed.again("up").outcomes["up"] == "failed"
    assert there.requests() == []


def all_is_well_again(there: Company, service: Service) -> None:
    there.forget()
    run = service.run("drift", 1)
    assert run.outcomes == ALL_WELL, service.machines.said()
    assert there.writes() == []
    ((is_open, _),) = service.issues()
    assert not is_open


@SERVICES
@pytest.mark.timeout(600)
def test_drift_is_healed_a_commit_deployed_and_the_issue_closed(
    standing: Snapshot,
    tmp_path: Path,
    serve: Callable[[Company, Path], AbstractContextManager[Service]],
) -> None:
    with company(standing, tmp_path) as there, serve(there, tmp_path) as service:
        drift_is_told_and_healed(there, service)
        deployed = a_commit_is_deployed(there, service)
        all_is_well_again(there, service)
        nobody_was_asked_again(there, deployed)

        setups = [one for one in service.machines.ran if one.step == "Set up"]
        assert len(setups) == 12
        assert {one.script for one in setups} == {SETUP}
