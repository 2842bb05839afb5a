"""docs/accounts.md: every command is run, in order, by the real engine in a simulated tenant."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from sandbox.tenant.directory.users import delete_user
from settings import load_settings
from tests.docs.fences import fences
from tests.docs.pulumi_session import pulumi_session
from tests.engine.standing import AT_SPEED, Scene, settings_of
from tests.support.pulumi_stack import PulumiStack, session_engine
from tests.support.tenant import AT_ONCE, small_document

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "accounts.md"
COMMANDS = [fence for fence in fences(PAGE) if fence.language == "bash"]
SETTINGS = [fence for fence in fences(PAGE) if fence.language == "yaml"]
RESCUE = "5e3c0000-0000-4000-8000-000000000001"


def tenant_with_an_account_to_take_in() -> dict[str, Any]:
    document = small_document("Contoso", "contoso.onmicrosoft.com")
    name = "rescue@contoso.onmicrosoft.com"
    user = {"id": RESCUE, "userPrincipalName": name, "displayName": "Rescue"}
    document["users"].append(user)
    return document


class Walk:
    """The page's commands, in order, each with what must be true after it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.accounts = scene.accounts()
        self.passwords = self._passwords()
        self.steps: list[tuple[str, Callable[[str], None]]] = [
            ("output passwords", self._shows_the_passwords),
            ("output obstacles", self._shows_the_obstacles),
            ("passwordRotation", self._has_new_passwords),
            ("named.account-3.namePrefix", self._has_a_third),
            ("account-1.retire", self._has_taken_the_role),
            ('config rm --path "break-glass:accounts.named.account-1"', self._has_let_it_go),
            ("adopt[0].account", self._has_taken_one_in),
            ("adopt[0].retire", self._has_taken_its_role),
            ('config rm --path "break-glass:accounts.adopt[0]"', self._has_let_it_be),
            ("account restore", self._has_it_back),
        ]

    def before(self, word: str) -> None:
        """What somebody else does before a command."""
        if word == "account restore":
            self.accounts = self.scene.accounts()
            delete_user(self.scene.tenant.directory, self._account("account-2"), None)

    def _shows_the_passwords(self, said: str) -> None:
        assert json.loads(said) == self.passwords

    def _shows_the_obstacles(self, said: str) -> None:
        assert "passkey" in said
        for name in ("account-1", "account-2"):
            assert name in said

    def _has_new_passwords(self, said: str) -> None:
        assert self.scene.accounts() == self.accounts
        new = self._passwords()
        assert set(new.values()).isdisjoint(self.passwords.values())
        assert json.dumps(new[min(new)])[1:-1] in said

    def _has_a_third(self, said: str) -> None:
        del said
        accounts = self.scene.accounts()
        assert len(accounts) == 3
        assert self.accounts.items() <= accounts.items()
        assert any(name.startswith("rescue-") for name in accounts)
        assert set(accounts.values()) <= self.scene.global_administrators()
        self.accounts = accounts
        self.first = self._account("account-1")

    def _has_taken_the_role(self, said: str) -> None:
        del said
        assert self.first not in self.scene.global_administrators()
        assert all(self.first in users for _, users in self.scene.excluded().values())

    def _has_let_it_go(self, said: str) -> None:
        del said
        assert self.first not in self.scene.users()
        assert not any(self.first in users for _, users in self.scene.excluded().values())
        assert len(self.scene.accounts()) == 2

    def _has_taken_one_in(self, said: str) -> None:
        del said
        assert RESCUE in self.scene.global_administrators()
        assert all(RESCUE in users for _, users in self.scene.excluded().values())

    def _has_taken_its_role(self, said: str) -> None:
        del said
        assert RESCUE not in self.scene.global_administrators()
        assert all(RESCUE in users for _, users in self.scene.excluded().values())

    def _has_let_it_be(self, said: str) -> None:
        del said
        assert RESCUE in self.scene.users()
        assert not any(RESCUE in users for _, users in self.scene.excluded().values())

    def _has_it_back(self, said: str) -> None:
        del said
        assert self.scene.accounts() == self.accounts
        assert set(self.accounts.values()) <= self.scene.global_administrators()
        self.scene.stack.preview("--expect-no-changes")

    def _account(self, name: str) -> str:
        ending = f"::{name}-user"
        (found,) = [one for one in self.scene.stack.resources() if one["urn"].endswith(ending)]
        return found["id"].removeprefix("/users/")

    def _passwords(self) -> dict[str, str]:
        return self.scene.stack.outputs(show_secrets=True)["passwords"]


@pytest.fixture(scope="module")
def _engine() -> Engine:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the test's own time starts."""
    return session_engine()


@pytest.mark.usefixtures("_engine")
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    document = tenant_with_an_account_to_take_in()
    folder = tmp_path / "stack"
    folder.mkdir()
    with TenantServer([document], knobs=AT_ONCE) as server:
        environment = server.environment() | AT_SPEED
        settings = settings_of(document) | {"break-glass:accounts": {"count": 2}}
        stack = PulumiStack(folder, environment, settings, name="prod")
        stack.up("--skip-preview")
        walk = Walk(Scene(server, stack, document["tenant"]["id"]))
        assert len(COMMANDS) == len(walk.steps)
        with pulumi_session(stack, tmp_path / "shell") as session:
            for fence, (word, holds) in zip(COMMANDS, walk.steps, strict=True):
                assert word in fence.text
                walk.before(word)
                holds(session.run(fence.text))


@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_every_piece_of_settings_is_taken(number: int) -> None:
    prod = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))["config"]
    piece = yaml.safe_load(SETTINGS[number].text)["config"]
    config = {**prod, **piece}
    texts = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    load_settings(texts)
