"""Settings alone take an exclusion away; what a policy says may only add one."""

from typing import Any

import pytest

from components.exclusion_choice import Choice, choose
from entra.exclusion import Entries, Scope
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

EARLIER = Entries(("g-1",), ("u-1",))
PARKED: dict[str, Any] = {"users": {"includeUsers": ["None"]}}


def choice(
    *,
    scope: Scope = Scope.ALL,
    same_scope: bool = True,
    skip: tuple[str, ...] = (),
    earlier: Entries = EARLIER,
    **document: Any,
) -> Choice:
    policy = Policy.from_document(policy_document("p1", "MFA", **document))
    return choose(policy, scope=scope, same_scope=same_scope, skip=skip, earlier=earlier)


def test_a_policy_that_fits_is_included() -> None:
    assert choice() == Choice(choice().policy, None, Entries())


@pytest.mark.parametrize(
    ("scope", "document"),
    [
        (Scope.ALL, PARKED),
        (Scope.ALL, {"conditions": {"users": None}}),
        (Scope.MFA_ONLY, {"grant": ("block",)}),
    ],
)
def test_a_parked_policy_keeps_the_exclusion_it_has(scope: Scope, document: Any) -> None:
    """It once lost the exclusion, and came back armed."""
    kept = choice(scope=scope, **document)
    assert kept.stays == EARLIER
    assert str(kept.reason).endswith("; the exclusion made earlier stays")


def test_a_policy_that_never_had_it_gets_none() -> None:
    skipped = choice(earlier=Entries(), **PARKED)
    assert skipped.stays == Entries()
    assert skipped.reason == "applies to no users (users: None)"


def test_the_skip_list_takes_the_exclusion_away_also_from_a_parked_policy() -> None:
    assert choice(skip=("MFA",)).stays == Entries()
    assert choice(skip=("p1",), **PARKED).stays == Entries()


def test_another_scope_takes_the_exclusion_away_where_it_no_longer_applies() -> None:
    narrowed = choice(scope=Scope.MFA_ONLY, same_scope=False, grant=("block",))
    assert narrowed.stays == Entries()
    assert "mfa-only" in str(narrowed.reason)
    assert choice(scope=Scope.MFA_ONLY, same_scope=False, **PARKED).stays == EARLIER
