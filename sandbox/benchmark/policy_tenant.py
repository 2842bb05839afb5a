"""A tenant process with Conditional Access policies, one request a second, and its own count."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from sandbox.benchmark.documents import document, identity
from sandbox.benchmark.served import Served, serving
from sandbox.tenant.directory.passwords import hash_secret

POLICIES: Final = "/identity/conditionalAccess/policies"
GROUP: Final = identity("groups/emergency")
"""The group to be excluded; no policy excludes it yet."""

_OTHER_SECRET = "other-application-of-the-benchmark"  # noqa: S105  (of a tenant on loopback)
_OTHER_PERIOD_SECONDS = 2.0
_OTHER_RETRY_SECONDS = 0.25


def policy_document(policies: int) -> dict[str, Any]:
    """A tenant with so many policies, a group, and two applications that may write policies."""
    found = document(users=20, policies=policies)
    permissions = ["Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "Application.Read.All"]
    found["apps"] = [
        {
            "appId": identity("app"),
            "objectId": identity("app/object"),
            "displayName": "Exclusion",
            "graphPermissions": permissions,
        },
        {
            "appId": identity("other"),
            "objectId": identity("other/object"),
            "displayName": "Somebody else's",
            "graphPermissions": permissions,
            "secretHash": hash_secret(_OTHER_SECRET),
        },
    ]
    members = [identity("users/0"), identity("users/1")]
    name = "Emergency access"
    group = {"id": GROUP, "displayName": name, "mailNickname": "emergency", "members": members}
    found["groups"].append(group)
    plan = {"servicePlanName": "AAD_PREMIUM", "servicePlanId": identity("plan")}
    sku = {"id": identity("sku"), "skuPartNumber": "AAD_PREMIUM", "servicePlans": [plan]}
    found["subscribedSkus"] = [sku]
    return found


@dataclass(frozen=True)
class Count:
    """Conditional Access requests as the tenant counted them; every page of a listing is one."""

    requests: int
    throttled: int
    writes: int
    """Those that changed a policy."""


class PolicyTenant:
    """A served tenant, asked by its control face, which has no limit."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.graph = f"https://{served.environment['ARM_METADATA_HOSTNAME']}/v1.0"

    def count(self, app: str = "app") -> Count:
        """What an application (default: ours) asked since `forget`."""
        asked = [
            entry
            for entry in self.served.call("GET", "/sandbox/requests")["value"]
            if entry["app"] == identity(app) and "/identity/conditionalAccess/" in entry["path"]
        ]
        throttled = sum(entry["throttled"] for entry in asked)
        writes = sum(entry["method"] == "PATCH" and entry["status"] < 300 for entry in asked)
        return Count(len(asked), throttled, writes)

    def forget(self) -> None:
        """Count anew."""
        self.served.call("DELETE", "/sandbox/requests")

    def excluded(self) -> int:
        """How many policies exclude the group."""
        policies = self._policies()
        return sum(GROUP in policy["conditions"]["users"]["excludeGroups"] for policy in policies)

    def lose_one(self) -> None:
        """An administrator takes the group out of one policy."""
        policy = self._policies()[0]
        change = {"conditions": {"users": {"excludeGroups": [identity("groups/tenth")]}}}
        path = f"/sandbox/conditional-access/policies/{policy['id']}"
        self.served.call("PATCH", path, json.dumps(change).encode(), "application/json")

    def client(self, token: str) -> httpx.Client:
        """A client of Graph that keeps its connection."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(verify=self.served.context, headers=headers, timeout=60)

    @contextmanager
    def half_used(self) -> Generator[None]:
        """Meanwhile another application has a request of its own answered every two seconds."""
        ended = threading.Event()
        thread = threading.Thread(target=self._use_half, args=(ended,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _use_half(self, ended: threading.Event) -> None:
        token = self.served.graph_token(identity("other"), _OTHER_SECRET)
        with self.client(token) as client:
            while not ended.is_set():
                taken = client.get(f"{self.graph}{POLICIES}/{identity('policies/0')}").is_success
                ended.wait(_OTHER_PERIOD_SECONDS if taken else _OTHER_RETRY_SECONDS)

    def _policies(self) -> list[Any]:
        return self.served.call("GET", "/sandbox/conditional-access/policies")["value"]


@contextmanager
def policy_tenant(folder: Path, policies: int) -> Generator[PolicyTenant]:
    """Start one with the service's own limit and lag; end it at the end."""
    folder.mkdir()
    seed = folder / "seed.json"
    seed.write_text(json.dumps(policy_document(policies)), "utf-8")
    with serving(folder, "--seed", str(seed)) as served:
        yield PolicyTenant(served)
