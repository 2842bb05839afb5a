"""A tenant, the process of the provider that excludes, and an administrator who edits meanwhile."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sandbox.api.server import TenantServer
from sandbox.tenant.access.policies import ConditionalAccess
from tests.provider.dynamic_server import DynamicServer, Properties, dynamic_server
from tests.support.tenant import http, object_id, running_tenant, small_document

TENANT = object_id("tenant")
MFA, REPORT = object_id("policies/mfa"), object_id("policies/report")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
ADA, BO = object_id("users/ada"), object_id("users/bo")
POLICIES = "/v1.0/identity/conditionalAccess/policies"
BETA = "/beta/identity/conditionalAccess/policies"
Lists = dict[str, list[str]]


@dataclass
class Setting:
    """A tenant, the provider's process, and an administrator at the control face."""

    server: TenantServer
    provider: DynamicServer
    control: httpx.Client
    environment: dict[str, str] = field(repr=False)

    def lists(self, policy_id: str = MFA) -> tuple[list[str], list[str]]:
        """(excludeGroups, excludeUsers) as the tenant has them."""
        found = self.control.get("/sandbox/conditional-access/policies").json()["value"]
        users = next(p for p in found if p["id"] == policy_id)["conditions"]["users"]
        return users["excludeGroups"], users["excludeUsers"]

    def edit(self, policy_id: str = MFA, **users: list[str]) -> None:
        """An administrator's own change."""
        path = f"/sandbox/conditional-access/policies/{policy_id}"
        self.control.patch(path, json={"conditions": {"users": users}}).raise_for_status()

    def delete_policy(self, policy_id: str = MFA) -> None:
        path = f"/sandbox/conditional-access/policies/{policy_id}"
        self.control.delete(path).raise_for_status()

    @property
    def area(self) -> ConditionalAccess:
        """The tenant's policies themselves."""
        return self.server.world.default.conditional_access

    def at_write(
        self, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
    ) -> None:
        """Do something when the next PATCH has arrived, before or after it takes effect."""
        area, update = self.area, self.area.update_policy

        def watched(*arguments: Any, **options: Any) -> None:
            area.update_policy = update
            if before is not None:
                before()
            update(*arguments, **options)
            if after is not None:
                after()

        area.update_policy = watched

    def at_read(self, act: Callable[[], object]) -> None:
        """Do something when the next GET of a single policy has arrived."""
        area, read = self.area, self.area.policy

        def watched(*arguments: Any, **options: Any) -> Any:
            area.policy = read
            act()
            return read(*arguments, **options)

        area.policy = watched

    def turn(self, **knobs: object) -> None:
        """Let the tenant behave otherwise."""
        self.server.world.default.behaviour.turn(knobs)

    @contextmanager
    def another_provider(self) -> Generator[DynamicServer]:
        """A second process on the same machine, as of another stack or of the next run."""
        with dynamic_server(self.environment) as provider:
            yield provider

    def fail(self, **fault: Any) -> None:
        self.control.post("/sandbox/faults", json=fault).raise_for_status()

    def calls(self) -> list[str]:
        """Requests for policies so far, ours only; the log is emptied."""
        found = self.control.get("/sandbox/requests").json()["value"]
        self.control.delete("/sandbox/requests").raise_for_status()
        return [
            f"{entry['method']} {entry['path'].removeprefix(POLICIES)}".strip()
            for entry in found
            if entry["path"].startswith((POLICIES, BETA))
        ]


@contextmanager
def setting_of(
    cache: Path, document: Mapping[str, Any] | None = None, **knobs: object
) -> Generator[Setting]:
    """A tenant of the test's own with the provider's process."""
    with running_tenant(document or small_document(), **knobs) as server, http(server) as control:
        variables = environment(server, cache)
        with dynamic_server(variables) as provider:
            yield Setting(server, provider, control, variables)


def environment(server: TenantServer, cache: Path) -> dict[str, str]:
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0", "BREAK_GLASS_CACHE": str(cache)}
    return {**server.environment(), **pace}


def inputs(
    policy_id: str = MFA,
    wanted: Lists | None = None,
    *,
    pending: tuple[str, ...] = (),
    stack: Lists | None = None,
    key: str = "",
    **more: Any,
) -> Properties:
    chosen = {"groups": [IT], "users": [ADA]} if wanted is None else wanted
    return {
        "tenantId": TENANT,
        "policyId": policy_id,
        "policyName": "Require MFA for all users",
        "wanted": chosen,
        "stackObjects": stack if stack is not None else chosen,
        "labels": {IT: "group BTG Admins", ADA: "account ada"},
        "reason": "",
        "pending": list(pending),
        **({"stack": key} if key else {}),
        **more,
    }


NOTHING: Lists = {"groups": [], "users": []}
