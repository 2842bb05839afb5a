"""New ids of one tenant: they look random, and are the same for the same seed and the same calls.

How far it has come is kept with the tenant, so that no id comes twice after a restart. What has to
stay a secret (client secrets, tokens, passcodes, salts) never comes from here.
"""

from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

from sandbox.tenant.behaviour import Behaviour


class Ids:
    """Version 4 UUIDs that follow from the tenant's seed, its id, and how many it has made."""

    def __init__(self, behaviour: Behaviour, tenant_id: str = "", made: int = 0) -> None:
        self._behaviour = behaviour
        self._tenant_id = tenant_id
        self._made = made

    @classmethod
    def from_document(cls, document: Mapping[str, Any], behaviour: Behaviour) -> "Ids":
        """Go on after the key `idsMade`, the number of ids that the tenant has made."""
        tenant: Mapping[str, Any] = document.get("tenant") or {}
        return cls(behaviour, str(tenant.get("id", "")).lower(), int(document.get("idsMade", 0)))

    def to_document(self) -> dict[str, Any]:
        """The key `idsMade`."""
        return {"idsMade": self._made}

    def new(self) -> str:
        """The next id."""
        self._made += 1
        seed = f"{self._behaviour.random_seed}/ids/{self._tenant_id}/{self._made}"
        chance = Random(seed)  # noqa: S311 - no secret
        return str(UUID(int=chance.getrandbits(128), version=4))
