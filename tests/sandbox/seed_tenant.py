"""The seed tenant's document, and parts of it, for the tests of the simulated tenant's rules."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import sandbox
from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.clock import Clock

SEED = Path(sandbox.__file__).parent / "tenants" / "contoso.json"


@cache
def _document() -> dict[str, Any]:
    return json.loads(SEED.read_text(encoding="utf-8"))


def seed() -> dict[str, Any]:
    """A copy of the seed document that a test may change."""
    return copy.deepcopy(_document())


def policy_named(start: str) -> dict[str, Any]:
    """The seed's only policy whose display name starts so."""
    (found,) = (
        p for p in seed()["conditionalAccessPolicies"] if p["displayName"].startswith(start)
    )
    return found


class StillClock(Clock):
    """A clock that moves only when it is advanced."""

    def __init__(self) -> None:
        super().__init__(source=lambda: 1_800_000_000.0)


def conditional_access(clock: Clock | None = None, rate: float = 0) -> ConditionalAccess:
    """The seed's Conditional Access; by default without the request limit."""
    return ConditionalAccess.from_document(
        seed(),
        clock or StillClock(),
        Behaviour(conditional_access_requests_per_second=rate),
    )
