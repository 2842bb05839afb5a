"""The example program, which watches somebody's own accounts and nothing else, on the engine."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.engine.test_example import lacking_modules, requirements
from tests.support.pulumi_stack import REPOSITORY, PulumiStack
from tests.support.tenant import AT_ONCE, http, object_id, small_document

PROGRAM = REPOSITORY / "examples" / "watch-only"
README = (PROGRAM / "README.md").read_text(encoding="utf-8")
EVE = {"objectId": object_id("users/eve"), "userPrincipalName": "eve@fabrikam.onmicrosoft.com"}
MAILS = ["desk@fabrikam.example", "alarm@example.org"]


@contextmanager
def example(folder: Path, **changes: Any) -> Generator[Scene]:
    """A tenant of somebody else's whose application may do nothing in Graph, and an empty stack."""
    folder.mkdir()
    document = small_document()
    document["apps"][0].update(graphPermissions=[], directoryRoles=[])
    settings: dict[str, Any] = {
        "accounts": [EVE],
        "emails": MAILS,
        "location": "westeurope",
        **changes,
    }
    config = {
        **settings_of(document),
        **{f"watch-only:{key}": value for key, value in settings.items()},
    }
    with TenantServer([document], knobs=AT_ONCE) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder, environment, config, program=PROGRAM, name="customer")
        yield Scene(server, stack, document["tenant"]["id"])


def mails(scene: Scene) -> list[tuple[str, str]]:
    """(recipient, subject) of every message so far."""
    with http(scene.server) as control:
        found = control.get("/sandbox/outbox").json()["value"]
    return [(one["recipient"], one["subject"]) for one in found]


def azure(scene: Scene) -> set[str]:
    """Paths of everything that is in Azure."""
    return set(scene.tenant.to_document()["azureResources"])


def workspaces(scene: Scene) -> list[str]:
    """Ids that no workspace has that is made anew."""
    resources = scene.tenant.to_document()["azureResources"].values()
    return [
        resource["properties"]["customerId"]
        for resource in resources
        if resource["type"].endswith("/workspaces")
    ]


def sign_in(scene: Scene, user: str) -> None:
    with http(scene.server) as control:
        control.post("/sandbox/sign-ins", json={"user": user}).raise_for_status()
        control.post("/sandbox/clock", json={"advanceSeconds": 1800}).raise_for_status()


def test_the_example_watches_rings_and_is_undone_but_for_the_evidence(
    engine: Engine, tmp_path: Path
) -> None:
    with example(tmp_path / "stack", customer="Fabrikam") as scene:
        before = scene.tenant.to_document()
        right = {"path": "microsoft.aadiam/diagnosticSettings", "method": "GET"}
        scene.fault(**right, status=403, times=1)
        hindered = scene.stack.up("--skip-preview", check=False)
        assert hindered.returncode != 0
        line = " ".join(hindered.output.split())
        assert "may not manage the tenant's diagnostic settings: give it the role" in line
        assert "Traceback" not in line
        assert scene.writes() == []
        scene.server.world.faults.clear()
        assert scene.stack.preview().returncode == 0
        assert scene.writes() == []
        scene.stack.up()
        assert all("/providers/" in write or "resourcegroups" in write for write in scene.writes())
        outputs = scene.stack.outputs()
        assert EVE["objectId"] in outputs["query"]
        assert set(outputs["links"]) == {"query", "rule", "workspace"}
        assert "Break-glass account used" in outputs["alerts"]

        sign_in(scene, "ada@fabrikam.onmicrosoft.com")
        assert mails(scene) == []
        sign_in(scene, EVE["userPrincipalName"])
        assert {recipient for recipient, _ in mails(scene)} == set(MAILS)
        assert all(subject.startswith("[Fabrikam] ") for _, subject in mails(scene))

        scene.forget()
        scene.stack.preview("--expect-no-changes")
        assert scene.stack.destroy("--skip-preview", check=False).returncode != 0
        assert scene.writes() == []

        scene.stack.set_config({"watch-only:protect": False})
        scene.stack.up("--skip-preview")
        assert scene.writes() == []
        scene.stack.destroy("--skip-preview")
        after = scene.tenant.to_document()
        kept = {path.rpartition("/")[2] for path in after["azureResources"]}
        assert kept == {"rg-break-glass", "log-break-glass"}
        for key in ("users", "groups", "roleAssignments", "conditionalAccessPolicies"):
            assert after[key] == before[key], key


def test_the_example_takes_in_again_what_destroy_or_a_refresh_left_in_azure(
    engine: Engine, tmp_path: Path
) -> None:
    with example(tmp_path / "stack") as scene:
        scene.stack.up("--skip-preview")
        scene.stack.set_config({"watch-only:protect": False})
        scene.stack.up("--skip-preview")
        scene.stack.destroy("--skip-preview")
        (workspace,) = workspaces(scene)

        scene.stack.set_config({"watch-only:protect": True})
        scene.stack.up("--skip-preview")
        assert workspaces(scene) == [workspace]
        scene.stack.preview("--expect-no-changes")
        standing = azure(scene)

        # One replica does not know the alarm for a moment: the refresh drops it from the state.
        rule = "scheduledQueryRules/Break-glass(%20| )account(%20| )used"
        scene.fault(method="GET", path=rule, status=404, times=1)
        dropped = scene.stack.up("--skip-preview", check=False)
        assert dropped.returncode != 0
        assert "run pulumi up again" in " ".join(dropped.output.split())
        scene.forget()
        scene.stack.up("--skip-preview")
        assert not [write for write in scene.writes() if write.startswith("DELETE")]
        scene.stack.preview("--expect-no-changes")
        assert azure(scene) == standing


def test_the_example_asks_for_the_versions_that_the_repository_was_tested_with() -> None:
    ours = requirements(REPOSITORY / "requirements.txt")
    assert requirements(PROGRAM / "requirements.txt") - ours == {"-e ../.."}


def test_the_example_installs_what_it_imports() -> None:
    assert lacking_modules(PROGRAM) == set()


@pytest.mark.parametrize("key", ["accounts", "emails", "location", "customer", "protect"])
def test_the_examples_settings_are_described_with_their_defaults(key: str) -> None:
    schema = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    needed = {name for name, entry in schema.items() if "default" not in entry}
    assert needed == {"accounts", "emails", "location"}
    assert schema[key]["description"]
    assert f"`{key}`" in README
