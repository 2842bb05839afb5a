"""What the directory is asked about the group, by the program or by a component that stands alone.

Errors: `EntraError` (see `entra.errors`).
"""

from typing import Protocol

from entra.client import GraphClient
from entra.directory import Directory, Group, Member
from entra.identity import Identity


class GroupDirectory(Protocol):
    """What the checks ask of `entra.directory.Directory`."""

    def group(self, object_id: str) -> Group:
        """A live group by object id; raises NotFound."""
        ...

    def groups_named(self, display_name: str) -> tuple[Group, ...]:
        """Live groups of this display name."""
        ...

    def deleted_groups(self, name_or_id: str) -> tuple[Group, ...]:
        """Groups in the deleted items, by display name or object id."""
        ...

    def members(self, group_id: str) -> tuple[Member, ...]:
        """The direct members; raises NotFound."""
        ...

    def owners(self, group_id: str) -> tuple[Member, ...]:
        """The owners; raises NotFound."""
        ...


class EnvironmentGroups:
    """The groups of the `ARM_*` environment's tenant, connected to when it is first asked."""

    def __init__(self) -> None:
        self._identity: Identity | None = None
        self._directory: Directory | None = None

    @property
    def own_object_id(self) -> str:
        """Object id of the service principal that we run as."""
        return str(self._connect()[0].graph_claims().get("oid") or "")

    def group(self, object_id: str) -> Group:
        """See `GroupDirectory`."""
        return self._connect()[1].group(object_id)

    def groups_named(self, display_name: str) -> tuple[Group, ...]:
        """See `GroupDirectory`."""
        return self._connect()[1].groups_named(display_name)

    def deleted_groups(self, name_or_id: str) -> tuple[Group, ...]:
        """See `GroupDirectory`."""
        return self._connect()[1].deleted_groups(name_or_id)

    def members(self, group_id: str) -> tuple[Member, ...]:
        """See `GroupDirectory`."""
        return self._connect()[1].members(group_id)

    def owners(self, group_id: str) -> tuple[Member, ...]:
        """See `GroupDirectory`."""
        return self._connect()[1].owners(group_id)

    def _connect(self) -> tuple[Identity, Directory]:
        if self._identity is None or self._directory is None:
            self._identity = Identity.from_environment()
            self._directory = Directory(GraphClient(self._identity))
        return self._identity, self._directory
