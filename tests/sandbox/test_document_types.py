"""A tenant document with a value of a wrong type is refused by its key, before it is read."""

import json
import re
from typing import Any

import pytest

from sandbox.tenant.errors import DocumentError
from sandbox.tenant.tenant import World
from tests.sandbox.seed_tenant import StillClock, seed
from tests.support.tenant import small_document

WRONG: list[tuple[str, Any]] = [
    ("tenant", None),
    ("tenant.id", ""),
    ("users", {}),
    ("users.0", "x"),
    ("users.0.accountEnabled", "yes"),
    ("users.0.lastPasswordChangeDateTime", "yesterday"),
    ("users.0.createdDateTime", "2025-03-01T08:00:00"),
    ("groups.0.members", "x"),
    ("groups.0.members.0", 1),
    ("roleAssignments.0.principalId", 1),
    ("conditionalAccessPolicies.0", []),
    ("subscribedSkus.0.servicePlans.0", None),
    ("subscriptions.0.registeredProviders", 1),
    ("domains.0.isInitial", 1),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda item: str(item))
def test_a_wrong_type_is_named_by_its_key(key: str, value: Any) -> None:
    document: Any = small_document()
    *holders, last = [int(part) if part.isdigit() else part for part in key.split(".")]
    holder = document
    for part in holders:
        holder = holder[part]
    holder[last] = value
    named = re.sub(r"\.(\d+)", r"[\1]", key)
    with pytest.raises(DocumentError, match=re.escape(named)):
        World(StillClock()).add(document)


@pytest.mark.parametrize("document", [small_document(), seed()], ids=["small", "seed"])
def test_what_a_tenant_saves_is_a_document(document: dict[str, Any]) -> None:
    saved = World(StillClock()).add(document).to_document()
    again = World(StillClock()).add(json.loads(json.dumps(saved)))
    assert again.to_document() == saved
