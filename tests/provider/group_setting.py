"""A tenant with our group, the process of the provider that guards it, and an administrator."""

import copy
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from pulumi.dynamic import dynamic

from components.group_guard import GroupGuardProvider
from sandbox.api.server import TenantServer
from tests.provider.dynamic_server import DynamicServer, Properties, dynamic_server
from tests.support.tenant import http, object_id, running_tenant, small_document

GROUP = object_id("groups/it")
ADA, BO = object_id("users/ada"), object_id("users/bo")
"""One of ours, and a stranger."""


@dataclass
class GroupSetting:
    """A tenant, the provider's process, and what the tenant was asked."""

    server: TenantServer
    provider: DynamicServer
    control: httpx.Client
    environment: dict[str, str] = field(repr=False)

    @property
    def application(self) -> str:
        """Object id of the service principal that the provider runs as."""
        apps = self.server.world.default.to_document()["apps"]
        client_id = self.environment["ARM_CLIENT_ID"]
        return str(next(one["objectId"] for one in apps if one["appId"] == client_id))

    def people(self) -> tuple[set[str], set[str]]:
        """(members, owners) as the tenant has them."""
        group = self.server.world.default.directory.groups[GROUP]
        return set(group["members"]), set(group["owners"])

    def put(self, *, members: Iterable[str] = (), owners: Iterable[str] = ()) -> None:
        """An administrator fills the group by hand."""
        self.server.world.default.directory.groups[GROUP].update(
            members=list(members), owners=list(owners)
        )

    def fail(self, **fault: object) -> None:
        """Order a fault: see `sandbox.tenant.faults.Fault`."""
        self.control.post("/sandbox/faults", json=fault).raise_for_status()

    def calls(self) -> list[str]:
        """Requests for groups so far."""
        found = self.control.get("/sandbox/requests").json()["value"]
        paths = [(entry["method"], entry["path"]) for entry in found]
        return [f"{m} {p.removeprefix('/v1.0/groups/')}" for m, p in paths if "/groups/" in p]


@contextmanager
def group_setting() -> Generator[GroupSetting]:
    """A tenant of the test's own with the provider's process."""
    with (
        running_tenant(copy.deepcopy(small_document())) as server,
        http(server) as control,
        dynamic_server(server.environment()) as provider,
    ):
        provider.pickled = cast("Any", dynamic).serialize_provider(GroupGuardProvider())
        yield GroupSetting(server, provider, control, dict(server.environment()))


def inputs(*pending: str, owners: Iterable[str] = ()) -> Properties:
    """What the program hands over."""
    return {
        "groupId": GROUP,
        "members": [ADA],
        "owners": list(owners),
        "pending": list(pending),
        "refused": None,
    }
