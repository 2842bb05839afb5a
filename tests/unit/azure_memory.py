"""Azure Resource Manager from memory, for the look-ups before a run."""

from collections.abc import Iterator
from typing import Any

from entra.errors import IdentityError


class MemoryAzure:
    """Resources by id; `refused`: ids and paths about which Azure says 403."""

    def __init__(self, *resources: dict[str, Any], refused: tuple[str, ...] = ()) -> None:
        self.resources = {str(one["id"]).casefold(): one for one in resources}
        self.refused = refused
        self.asked: list[str] = []
        self.late: dict[str, int] = {}
        """How often an id is answered with 404 although it is there."""

    def find(self, resource_id: str, *, api_version: str) -> dict[str, Any] | None:
        """A resource; None for 404."""
        self._ask(resource_id, api_version)
        if self.late.get(resource_id, 0) > 0:
            self.late[resource_id] -= 1
            return None
        return self.resources.get(resource_id.casefold())

    def listing(self, path: str, *, api_version: str) -> Iterator[dict[str, Any]]:
        """Every resource of the type in the subscription."""
        self._ask(path, api_version)
        kind = "/" + path.rpartition("/")[2].casefold() + "/"
        yield from (one for key, one in self.resources.items() if kind in key)

    def _ask(self, what: str, api_version: str) -> None:
        assert api_version
        self.asked.append(what)
        if what in self.refused:
            raise IdentityError("Azure Resource Manager answered 403")
