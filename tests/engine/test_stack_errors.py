"""Bad input on the real engine: one clear line each, nothing half made."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.api.server import TenantServer
from tests.engine.standing import AT_SPEED, Scene, new_scene, settings_of
from tests.support.pulumi_stack import PulumiStack, Run
from tests.support.tenant import AT_ONCE, small_document, without_permission


def told(run: Run) -> list[str]:
    """The lines of the error that ended the program, as its summary shows them."""
    assert run.returncode != 0
    assert "Traceback" not in run.output
    summary = run.output.split("Diagnostics:")[-1].splitlines()
    return [line.strip().removeprefix("error: ") for line in summary if "error: " in line]


def the_line(run: Run) -> str:
    """The one line that tells of the error; the engine adds none."""
    (line,) = told(run)
    return line


def in_state(stack: PulumiStack) -> list[str]:
    """URNs in state besides the stack's own and the engine's entries for providers."""
    return [r["urn"] for r in stack.resources() if not r["type"].startswith("pulumi:p")]


def nothing_was_made(scene: Scene) -> bool:
    return scene.writes() == [] and in_state(scene.stack) == []


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"break-glass:acounts": {"count": 2}},
            "break-glass:acounts is no setting of this stack: did you mean accounts?",
        ),
        (
            {"break-glass:accounts": {"domain": "fabricam.example"}},
            "break-glass:accounts.domain holds 'fabricam.example', which the tenant does not have",
        ),
        (
            {"break-glass:accounts": {"domain": "new.fabrikam.example"}},
            "break-glass:accounts.domain holds 'new.fabrikam.example', which is not verified",
        ),
        (
            {"break-glass:monitoring": {"notify": {"recievers": []}}},
            "break-glass:monitoring.notify.recievers is no setting of this stack: known here:",
        ),
    ],
)
@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_wrong_setting_is_one_line(
    tmp_path: Path, config: dict[str, Any], expected: str, command: str
) -> None:
    with new_scene(tmp_path / "stack") as scene:
        scene.stack.set_config(config)
        arguments = [] if command == "preview" else ["--skip-preview"]
        run = getattr(scene.stack, command)(*arguments, check=False)
        assert any(line.startswith(expected) for line in told(run)), run.output
        assert nothing_was_made(scene)


def test_a_wrong_client_secret_is_one_line_that_does_not_show_it(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack") as scene:
        scene.stack.environment["ARM_CLIENT_SECRET"] = "wrong-and-hidden"
        run = scene.stack.up("--skip-preview", check=False)
        assert "ARM_CLIENT_SECRET is not the secret of application" in the_line(run)
        assert "wrong-and-hidden" not in run.output
        assert nothing_was_made(scene)


def test_a_secret_in_the_configuration_is_one_line_that_does_not_show_it(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack") as scene:
        scene.stack.set_config({"azuread:clientSecret": "seen-by-mistake"})
        run = scene.stack.up("--skip-preview", check=False)
        assert the_line(run).startswith("azuread:clientSecret looks like a credential")
        assert "seen-by-mistake" not in run.output
        assert nothing_was_made(scene)


def test_a_missing_permission_is_one_line_with_its_name(tmp_path: Path) -> None:
    document = without_permission(small_document(), "Policy.ReadWrite.ConditionalAccess")
    with new_scene(tmp_path / "stack", document) as scene:
        run = scene.stack.up("--skip-preview", check=False)
        assert "Policy.ReadWrite.ConditionalAccess" in the_line(run)
        assert nothing_was_made(scene)


def test_somebody_elses_resource_group_of_that_name_is_one_line(tmp_path: Path) -> None:
    with new_scene(tmp_path / "stack") as scene:
        subscription = settings_of(small_document())["azure-native:subscriptionId"]
        theirs = {"location": "westeurope", "tags": {"owner": "finance"}}
        scene.tenant.azure.put_group(subscription, "rg-break-glass", theirs)
        run = scene.stack.up("--skip-preview", check=False)
        line = the_line(run)
        assert line.startswith("break-glass:monitoring.resourceGroup.name holds 'rg-break-glass'")
        assert "this stack did not make" in line
        assert "choose another name" in line
        assert nothing_was_made(scene)


def test_a_tenant_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    document = small_document()
    (tmp_path / "stack").mkdir()
    certificates = tmp_path / "certificates"
    with TenantServer([document], knobs=AT_ONCE, certificate_folder=certificates) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(tmp_path / "stack", environment, settings_of(document))
        address = server.url.removeprefix("https://")
    run = stack.up("--skip-preview", check=False)
    assert address in the_line(run)
    assert run.seconds < 30
    assert in_state(stack) == []
