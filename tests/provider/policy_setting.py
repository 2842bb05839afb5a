"""A tenant, the process of the provider that excludes, and an administrator who edits meanwhile."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sandbox.api.server import TenantServer
from tests.provider.dynamic_server import DynamicServer, Properties
from tests.support.tenant import object_id

TENANT = object_id("tenant")
MFA, REPORT = object_id("policies/mfa"), object_id("policies/report")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
ADA, BO = object_id("users/ada"), object_id("users/bo")
POLICIES = "/v1.0/identity/conditionalAccess/policies"
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

    def fail(self, **fault: Any) -> None:
        self.control.post("/sandbox/faults", json=fault).raise_for_status()

    def calls(self) -> list[str]:
        """Requests for policies so far, ours only; the log is emptied."""
        found = self.control.get("/sandbox/requests").json()["value"]
        self.control.delete("/sandbox/requests").raise_for_status()
        return [
            f"{entry['method']} {entry['path'].removeprefix(POLICIES)}".strip()
            for entry in found
            if entry["path"].startswith(POLICIES)
        ]


def environment(server: TenantServer, cache: Path) -> dict[str, str]:
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0", "BREAK_GLASS_CACHE": str(cache)}
    return {**server.environment(), **pace}


def inputs(
    policy_id: str = MFA,
    wanted: Lists | None = None,
    *,
    pending: tuple[str, ...] = (),
    stack: Lists | None = None,
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
        **more,
    }


NOTHING: Lists = {"groups": [], "users": []}
