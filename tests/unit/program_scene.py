"""The whole program on the recording monitor, in a tenant that answers from memory."""

import json
import runpy
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

import accounts_survey
import survey
from components import ca_exclusion_patch
from entra import preflight
from entra.client import GraphClient
from entra.conditional_access import ConditionalAccessClient
from entra.directory import Domain, Group, Member
from entra.errors import NotFound
from entra.identity import Identity
from entra.obstacles import Found, KnownAccount
from entra.policy import Policy
from entra.preflight import TenantFacts
from entra.resource_manager import ResourceManager
from tests.unit.directories import MemoryDirectory
from tests.unit.harness import Recording, Registration, run_program

T = TypeVar("T")
PROGRAM = Path(__file__).parents[2] / "__main__.py"
TENANT = "5f8e6c1a-6c0f-4b0e-9d5b-2f9b8a7c4e10"
SUBSCRIPTION = "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
ENVIRONMENT = {
    "ARM_TENANT_ID": TENANT,
    "ARM_CLIENT_ID": "bb82a430-2486-40fc-9d44-8248e2ad5e7f",
    "ARM_CLIENT_SECRET": "hunter2",
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
}
EMAILS = [{"name": "Desk", "address": "it@contoso.com"}]
CONFIG = {
    "azuread:tenantId": TENANT,
    "azure-native:subscriptionId": SUBSCRIPTION,
    "azure-native:location": "westeurope",
    "break-glass:monitoring": json.dumps({"notify": {"emails": EMAILS}}),
}
FACTS = TenantFacts(
    id=TENANT,
    display_name="Contoso Ltd",
    initial_domain="contoso.onmicrosoft.com",
    domains=(Domain("contoso.onmicrosoft.com", True, True, True, True),),
    has_premium=True,
    security_defaults=False,
    own_object_id="6a7b8c9d-0e1f-4a2b-8c3d-4e5f6a7b8c9d",
)


class ProgramDirectory(MemoryDirectory):
    """Whatever group is asked for by its id exists once `groups` has a name for it."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[str] = []
        self.foreign: list[Group] = []

    def groups_named(self, display_name: str) -> tuple[Group, ...]:
        """None has the name of the stack's group, but for what is in `foreign`."""
        self._ask(display_name)
        return tuple(one for one in self.foreign if one.display_name == display_name)

    def group(self, object_id: str) -> Group:
        """A role-assignable group; raises NotFound."""
        self._ask(object_id)
        if self.groups:
            return Group(object_id, self.groups[0], assignable_to_role=True)
        raise NotFound(404, "Request_ResourceNotFound", "", "GET", f"/v1.0/groups/{object_id}")

    def members(self, group_id: str) -> tuple[Member, ...]:
        """Nobody but us is in it."""
        self._ask(group_id)
        return ()

    def owners(self, group_id: str) -> tuple[Member, ...]:
        """Nobody but us owns it."""
        self._ask(group_id)
        return ()


class Tenant:
    """Stands in for the identity's checks and the listing of policies."""

    def __init__(self) -> None:
        self.facts: TenantFacts | Exception = FACTS
        self.policies: list[Policy] | Exception = [policy("Require MFA"), policy("Block legacy")]
        self.proof: Exception | None = None
        self.azure: dict[str, dict[str, Any]] = {}
        self.checks: list[dict[str, Any]] = []
        self.directory = ProgramDirectory()
        self.obstacles = Found()
        self.known: list[KnownAccount] = []

    def check(self, _identity: Identity, **wanted: Any) -> TenantFacts:
        self.checks.append(wanted)
        return answer(self.facts)

    def list_policies(self) -> list[Policy]:
        return answer(self.policies)

    def find(self, resource_id: str, **_: object) -> dict[str, Any] | None:
        return self.azure.get(resource_id)

    def connect(self, _: GraphClient) -> ProgramDirectory:
        return self.directory

    def look_for_obstacles(self, *asked: Any) -> Found:
        self.known += asked[2]
        return self.obstacles

    def prove(self, *_: object) -> None:
        answer(self.proof)


def answer(value: T | Exception) -> T:
    if isinstance(value, Exception):
        raise value
    return value


def policy(name: str, control: str = "mfa") -> Policy:
    return Policy.from_document(
        {
            "id": f"id-of-{name.lower().replace(' ', '-')}",
            "displayName": name,
            "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": [control]},
        }
    )


def _always(reply: object) -> Callable[..., object]:
    def asked(*_: object, **__: object) -> object:
        return reply

    return asked


def _no_pause(seconds: float) -> None:
    """Instead of `time.sleep`."""
    del seconds


def tenant_in(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """What the program asks, until the test ends."""
    found = Tenant()
    monkeypatch.setattr(preflight, "check_tenant", found.check)
    monkeypatch.setattr(ConditionalAccessClient, "list_policies", found.list_policies)
    monkeypatch.setattr(ResourceManager, "find", found.find)
    answers = {"diagnostic_settings": (), "may": True, "is_registered": True, "listing": ()}
    for question, reply in answers.items():
        monkeypatch.setattr(ResourceManager, question, _always(reply))
    monkeypatch.setattr(survey, "Directory", found.connect)
    monkeypatch.setattr(accounts_survey, "look_for_obstacles", found.look_for_obstacles)
    # The proof at the end asks the tenant; what it does is tested where it is written.
    monkeypatch.setattr(ca_exclusion_patch, "prove_exclusions", found.prove)
    for module, waits in (
        (accounts_survey, "AccountTools"),
        (accounts_survey, "find_adopted"),
        (survey, "find_group"),
    ):
        at_once = partial(getattr(module, waits), sleep=_no_pause)
        monkeypatch.setattr(module, waits, at_once)
    return found


def run(
    config: dict[str, str] | None = None,
    *,
    preview: bool = False,
    expect_error: bool = False,
    calls: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] | None = None,
    **environment: str,
) -> Recording:
    return run_program(
        lambda: runpy.run_path(str(PROGRAM), run_name="__main__") and None,
        preview=preview,
        config={**CONFIG, **(config or {})},
        environment={**ENVIRONMENT, **environment},
        expect_error=expect_error,
        calls=calls,
    )


def roles(recording: Recording) -> list[Registration]:
    return recording.of_type("DirectoryRoleAssignment")


def stopped_before_anything(made: Recording) -> bool:
    """With the exit code to which the engine adds no line of its own."""
    stopped = isinstance(made.error, SystemExit) and made.error.code == 32
    return stopped and made.registrations == []
