"""Workspaces that were deleted and can be brought back for 14 days with the data they had.

Source: Microsoft Learn, "Delete and recover an Azure Log Analytics workspace"; Azure REST API,
"Deleted Workspaces". A PUT with the same subscription, group, name and region recovers one.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.clock import Clock

RECOVERABLE_SECONDS = 14 * 86_400.0

Resource = dict[str, Any]


class DeletedWorkspaces:
    """Deleted workspaces by id in lower case."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[str, tuple[float, Resource]] = {}

    @classmethod
    def from_document(cls, doc: Mapping[str, Any], clock: Clock) -> "DeletedWorkspaces":
        """Read the key `azureDeletedWorkspaces`."""
        deleted = cls(clock)
        for item in doc.get("azureDeletedWorkspaces", []):
            resource = dict(item["workspace"])
            deleted._found[resource["id"].lower()] = (float(item["deletedAt"]), resource)
        return deleted

    def to_document(self) -> dict[str, Any]:
        """The key `azureDeletedWorkspaces`: `deletedAt` (epoch seconds) and the workspace."""
        self._forget_old()
        found = self._found.values()
        listed = [{"deletedAt": time, "workspace": resource} for time, resource in found]
        return {"azureDeletedWorkspaces": listed}

    def add(self, workspace: Resource) -> None:
        """Keep a workspace that was deleted now."""
        self._found[workspace["id"].lower()] = (self._clock.now(), workspace)

    def find(self, key: str) -> Resource | None:
        """The deleted workspace with this id in lower case, or None."""
        self._forget_old()
        found = self._found.get(key)
        return found[1] if found else None

    def take(self, key: str) -> None:
        """Forget a workspace: it exists again, or was deleted for good."""
        self._found.pop(key, None)

    def below(self, scope: str) -> list[Resource]:
        """The deleted workspaces of a subscription or resource group."""
        self._forget_old()
        prefix = scope.lower() + "/"
        return [resource for key, (_, resource) in self._found.items() if key.startswith(prefix)]

    def _forget_old(self) -> None:
        oldest = self._clock.now() - RECOVERABLE_SECONDS
        self._found = {key: item for key, item in self._found.items() if item[0] > oldest}
