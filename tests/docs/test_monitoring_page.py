"""docs/monitoring.md: every command is run, in order, by the real engine in a simulated tenant."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from settings import load_settings
from tests.docs.fences import fences
from tests.docs.pulumi_session import pulumi_session
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.support.pulumi_stack import PulumiStack, session_engine
from tests.support.tenant import AT_ONCE, JSON, arm, small_document

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "monitoring.md"
COMMANDS = [fence for fence in fences(PAGE) if fence.language == "bash"]
SETTINGS = [fence for fence in fences(PAGE) if fence.language == "yaml"]
WEBHOOK = "https://teams.example/workflow?sig=b1c2d3e4"
CENTRAL = "log-central"


class Walk:
    """The page's commands, in order, each with what must be true after it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.steps: list[tuple[str, Callable[[str], None]]] = [
            ("webhooks[0].uri", self._has_a_webhook),
            ("breakglass status", self._shows_the_status),
            ("portalLinks", self._shows_the_links),
            ("breakglass cost --stack", self._shows_the_cost),
            ("cost --live", self._falls_back_on_the_table),
            ("workspace.existing", self._has_moved),
            ("config rm", self._is_back),
        ]

    def _has_a_webhook(self, said: str) -> None:
        (group,) = self._resources("actiongroups", "ag-break-glass")
        (receiver,) = group["properties"]["webhookReceivers"]
        assert receiver["serviceUri"] == WEBHOOK
        assert WEBHOOK not in said
        assert "b1c2d3e4" not in json.dumps(self.scene.stack.export())
        assert "b1c2d3e4" not in self.scene.stack.config_file.read_text(encoding="utf-8")

    def _shows_the_status(self, said: str) -> None:
        for name in ("log-break-glass, SigninLogs", "Break-glass account used", "no row yet"):
            assert name in said
        assert "✗" not in said

    def _shows_the_links(self, said: str) -> None:
        assert set(json.loads(said)) == {"query", "rule", "workspace"}

    def _shows_the_cost(self, said: str) -> None:
        assert "USD a month" in said
        assert "webhook" in said

    def _falls_back_on_the_table(self, said: str) -> None:
        assert "the program's own table" in said

    def _has_moved(self, said: str) -> None:
        assert "the alarms read both" in " ".join(said.split())
        assert self._exported_to() == CENTRAL
        assert len(self.scene.stack.outputs()["watchedWorkspaces"]) == 2
        assert self._resources("workspaces", "log-break-glass")

    def _is_back(self, said: str) -> None:
        del said
        assert self._exported_to() == "log-break-glass"
        self.scene.stack.preview("--expect-no-changes")

    def _exported_to(self) -> str:
        (setting,) = self._resources("diagnosticsettings", "break-glass")
        return setting["properties"]["workspaceId"].rpartition("/")[2]

    def _resources(self, type_: str, name: str) -> list[JSON]:
        found = self.scene.tenant.to_document()["azureResources"].items()
        return [one for path, one in found if path.lower().endswith(f"/{type_}/{name}")]


def make_central_workspace(server: TenantServer, document: JSON) -> str:
    """Somebody else's workspace; its Azure resource id."""
    subscription = document["subscriptions"][0]["subscriptionId"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-logs"
    path = f"{group}/providers/Microsoft.OperationalInsights/workspaces/{CENTRAL}"
    with arm(server) as azure:
        for resource_id, version in ((group, "2024-03-01"), (path, "2023-09-01")):
            body = {"location": "westeurope"}
            made = azure.put(resource_id, json=body, params={"api-version": version})
            made.raise_for_status()
    return path


@pytest.fixture(scope="module")
def _engine() -> Engine:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the test's own time starts."""
    return session_engine()


@pytest.mark.usefixtures("_engine")
@pytest.mark.timeout(600)
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    document = small_document("Contoso", "contoso.onmicrosoft.com")
    folder = tmp_path / "stack"
    folder.mkdir()
    with TenantServer([document], knobs=AT_ONCE) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder, environment, settings_of(document), name="prod")
        central = make_central_workspace(server, document)
        stack.up("--skip-preview")
        walk = Walk(Scene(server, stack, document["tenant"]["id"]))
        assert len(COMMANDS) == len(walk.steps)
        with pulumi_session(stack, tmp_path / "shell", typed=WEBHOOK) as session:
            for fence, (word, holds) in zip(COMMANDS, walk.steps, strict=True):
                assert word in fence.text
                words = (
                    central if one.endswith(f"/{CENTRAL}") else one for one in fence.text.split(" ")
                )
                holds(session.run(" ".join(words)))


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_every_piece_of_settings_is_taken(number: int) -> None:
    prod = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))["config"]
    piece = yaml.safe_load(SETTINGS[number].text)["config"]
    config = {**prod, **piece}
    texts = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    load_settings(texts)
