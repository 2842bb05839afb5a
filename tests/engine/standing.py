"""The whole stack on the real engine in a small tenant: made once, copied for each test."""

import copy
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.api.server import TenantServer
from sandbox.tenant.tenant import Tenant
from tests.support.pulumi_stack import PulumiStack
from tests.support.tenant import AT_ONCE, small_document

WRITES = ("POST", "PUT", "PATCH", "DELETE")
AT_SPEED = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0"}
"""Conditional Access requests without a pause: these tenants do not throttle."""


@dataclass(frozen=True)
class Snapshot:
    """A tenant and the stack that stands in it."""

    document: dict[str, Any]
    folder: Path


class CopiedStack(PulumiStack):
    """A stack whose state is a copy of another's."""

    def __init__(self, original: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self._original = original
        super().__init__(folder, environment)

    def _create(self) -> None:
        for name in ("state", "passphrase", self.config_file.name):
            source, target = self._original / name, self.folder / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)


class Scene:
    """A served tenant and a stack in it."""

    def __init__(self, server: TenantServer, stack: PulumiStack, tenant_id: str) -> None:
        self.server = server
        self.stack = stack
        self.tenant_id = tenant_id

    @property
    def tenant(self) -> Tenant:
        """The tenant itself, to look at and to change as somebody else would."""
        return self.server.world.tenants[self.tenant_id]

    def writes(self) -> list[str]:
        """What applications wrote since `forget`, as `METHOD path`."""
        return [
            f"{entry['method']} {entry['path']}"
            for entry in self.server.world.requests.entries()
            if entry["method"] in WRITES and entry["actor"] == "app"
        ]

    def forget(self) -> None:
        """Start to count writes anew."""
        self.server.world.requests.clear()

    def fault(self, **order: Any) -> None:
        """Order a fault: see `sandbox.tenant.faults.Fault`."""
        self.server.world.faults.order(order)

    def policies(self) -> dict[str, dict[str, Any]]:
        """Conditional Access policies by display name."""
        found = self.tenant.to_document()["conditionalAccessPolicies"]
        return {policy["displayName"]: policy for policy in found}

    def excluded(self) -> dict[str, tuple[list[str], list[str]]]:
        """Excluded groups and users by policy."""
        return {
            name: (
                list(policy["conditions"]["users"].get("excludeGroups") or []),
                list(policy["conditions"]["users"].get("excludeUsers") or []),
            )
            for name, policy in self.policies().items()
        }

    def accounts(self) -> dict[str, str]:
        """The stack's accounts: object id by user principal name."""
        return {
            account["userPrincipalName"]: account["objectId"]
            for account in self.stack.outputs()["accounts"]
        }

    def global_administrators(self) -> set[str]:
        """Object ids of those who hold the role."""
        return {
            assignment["principalId"]
            for assignment in self.tenant.to_document()["roleAssignments"]
            if assignment["roleDefinitionId"] == "62e90394-69f5-4237-9190-012177145e10"
        }

    def users(self) -> dict[str, str]:
        """Every live user: user principal name by object id."""
        users = self.tenant.to_document()["users"]
        return {user["id"]: user["userPrincipalName"] for user in users}


def settings_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that belong to a tenant's document."""
    return {
        "azuread:tenantId": document["tenant"]["id"],
        "azure-native:subscriptionId": document["subscriptions"][0]["subscriptionId"],
    }


@contextmanager
def new_scene(
    folder: Path, document: Mapping[str, Any] | None = None, **config: Any
) -> Generator[Scene]:
    """A tenant with nothing of ours in it, and an empty stack."""
    document = document or small_document()
    settings = {**settings_of(document), **config}
    with TenantServer([dict(document)], knobs=AT_ONCE) as server:
        folder.mkdir()
        stack = PulumiStack(folder, server.environment() | AT_SPEED, settings)
        yield Scene(server, stack, document["tenant"]["id"])


@contextmanager
def standing_scene(snapshot: Snapshot, folder: Path) -> Generator[Scene]:
    """A copy of a snapshot, on a server of its own."""
    document = copy.deepcopy(snapshot.document)
    with TenantServer([document], knobs=AT_ONCE) as server:
        folder.mkdir()
        stack = CopiedStack(snapshot.folder, folder, server.environment() | AT_SPEED)
        yield Scene(server, stack, document["tenant"]["id"])


def stand_up(folder: Path) -> Snapshot:
    """Run `pulumi up` in a small tenant and keep both."""
    with new_scene(folder) as scene:
        scene.stack.up("--skip-preview")
        return Snapshot(scene.tenant.to_document(), folder)
