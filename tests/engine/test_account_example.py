"""The example program, which makes one account and nothing else, on the engine."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from tests.docs.fences import fences
from tests.engine.standing import AT_SPEED, Scene
from tests.engine.test_example import OPTIONAL, lacking_modules, requirements
from tests.support.pulumi_stack import REPOSITORY, PulumiStack
from tests.support.tenant import AT_ONCE, JSON, small_document

PROGRAM = REPOSITORY / "examples" / "account-only"
PAGE = PROGRAM / "README.md"
README = PAGE.read_text(encoding="utf-8")
PERMISSIONS = re.findall(r"`((?:User|RoleManagement)\.[A-Za-z.]+)`", README)
"""What the page says that the identity needs: it has nothing else here."""
DOMAIN = "fabrikam.onmicrosoft.com"


@contextmanager
def example(
    folder: Path, program: Path = PROGRAM, config: dict[str, Any] | None = None
) -> Generator[Scene]:
    """A tenant of somebody else's, and a program's empty stack."""
    folder.mkdir()
    document = small_document()
    document["apps"][0].update(graphPermissions=PERMISSIONS, directoryRoles=[], azureRoles=[])
    with TenantServer([document], knobs=AT_ONCE) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder, environment, config, program=program, name="customer")
        yield Scene(server, stack, document["tenant"]["id"])


def settings(**changes: Any) -> dict[str, Any]:
    return {f"account-only:{key}": value for key, value in ({"domain": DOMAIN} | changes).items()}


def without_the_account(scene: Scene, object_id: str) -> JSON:
    """The tenant's users, groups and roles as others have them."""
    document = scene.tenant.to_document()
    users = [user for user in document["users"] if user["id"] != object_id]
    roles = [role for role in document["roleAssignments"] if role["principalId"] != object_id]
    return {"users": users, "groups": document["groups"], "roles": roles}


def test_the_example_makes_an_account_keeps_it_and_takes_it_away(
    engine: Engine, tmp_path: Path
) -> None:
    with example(tmp_path / "stack", config=settings()) as scene:
        others = without_the_account(scene, "")
        assert scene.stack.preview().returncode == 0
        assert scene.writes() == []

        shown = scene.stack.up().output
        writes = scene.writes()
        account = scene.stack.outputs(show_secrets=True)
        object_id, password = account["objectId"], account["password"]
        assert [writes[0].split("/")[-1], writes[-1].split("/")[-1]] == ["users", "roleAssignments"]
        assert all(write.endswith(f"users/{object_id}") for write in writes[1:-1])
        assert scene.users()[object_id] == account["userPrincipalName"]
        assert account["userPrincipalName"].endswith(f"@{DOMAIN}")
        assert object_id in scene.global_administrators()
        assert len(password) == 64
        assert password not in shown
        assert password not in json.dumps(scene.stack.export())
        assert without_the_account(scene, object_id) == others

        scene.forget()
        scene.stack.preview("--expect-no-changes")
        assert scene.stack.destroy("--skip-preview", check=False).returncode != 0
        assert scene.writes() == []
        assert object_id in scene.global_administrators()

        scene.stack.set_config(settings(protect=False))
        scene.stack.up()
        assert scene.writes() == []
        scene.stack.destroy()
        assert [write.split("/")[-2] for write in scene.writes()] == ["roleAssignments", "users"]
        assert object_id not in scene.users()
        assert without_the_account(scene, object_id) == others
        assert scene.stack.resources() == []


def test_two_arguments_in_a_program_of_somebodys_own_make_an_account(
    engine: Engine, tmp_path: Path
) -> None:
    (snippet,) = [fence.text for fence in fences(PAGE) if fence.language == "python"]
    program = tmp_path / "program"
    program.mkdir()
    text = snippet.replace("contoso.onmicrosoft.com", DOMAIN)
    (program / "__main__.py").write_text(text, encoding="utf-8")
    (program / "Pulumi.yaml").write_text("name: own\nruntime: python\n", encoding="utf-8")
    with example(tmp_path / "stack", program) as scene:
        before = scene.global_administrators()
        scene.stack.up("--skip-preview")
        (made,) = scene.global_administrators() - before
        assert scene.users()[made].endswith(f"@{DOMAIN}")
        scene.stack.preview("--expect-no-changes")


@pytest.mark.parametrize(
    ("domain", "told"),
    [(None, "missing configuration value 'domain'"), ("new.fabrikam.example", "verified domain")],
)
def test_a_domain_that_does_not_do_is_told_and_makes_nothing(
    engine: Engine, tmp_path: Path, domain: str | None, told: str
) -> None:
    with example(tmp_path / "stack", config=settings(domain=domain)) as scene:
        before = scene.users()
        run = scene.stack.up(check=False)
        assert run.returncode != 0
        assert told in run.output
        assert "Traceback" not in run.output
        assert scene.users() == before


def test_an_identity_that_lacks_a_permission_is_told_in_one_line_and_makes_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    with example(tmp_path / "stack", config=settings()) as scene:
        scene.server.world.default.apps.all()[0].graph_permissions = []
        before = scene.users()
        run = scene.stack.up(check=False)
        assert run.returncode != 0
        assert "403 Authorization_RequestDenied" in run.output
        assert "Traceback" not in run.output
        assert scene.users() == before


def test_the_example_asks_for_the_versions_that_the_repository_was_tested_with() -> None:
    ours = requirements(REPOSITORY / "requirements.txt")
    assert requirements(PROGRAM / "requirements.txt") - ours == {"-e ../.."}


def test_the_example_installs_what_it_and_the_command_import() -> None:
    lacking = lacking_modules(PROGRAM, REPOSITORY / "cli" / "main.py")
    assert lacking == OPTIONAL


@pytest.mark.parametrize("key", ["domain", "protect"])
def test_the_examples_settings_are_described_with_their_defaults(key: str) -> None:
    schema = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert {name for name, entry in schema.items() if "default" not in entry} == {"domain"}
    assert schema[key]["description"]
    assert f"`{key}`" in README
