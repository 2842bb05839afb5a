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
    skip_before: tuple[str, ...] = (),
    earlier: Entries = EARLIER,
    **document: Any,
) -> Choice:
    policy = Policy.from_document(policy_document("P1", "MFA", **document))
    return choose(
        policy,
        scope=scope,
        same_scope=same_scope,
        skip=skip,
        skip_before=skip_before,
        earlier=earlier,
    )


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
    anew = choice(scope=scope, earlier=Entries(), **document)
    assert kept.reason == f"{anew.reason}; the exclusion made earlier stays"


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


def test_a_policy_turned_back_is_included_again() -> None:
    assert choice(scope=Scope.MFA_ONLY, grant=("mfa",)) == Choice(choice().policy, None, Entries())


def test_a_policy_that_never_asked_for_mfa_gets_nothing_under_mfa_only() -> None:
    skipped = choice(scope=Scope.MFA_ONLY, earlier=Entries(), grant=("block",))
    assert skipped.stays == Entries()
    assert str(skipped.reason).endswith("(exclusion scope: mfa-only)")


def test_a_policy_renamed_to_a_listed_name_keeps_its_exclusion_and_says_so() -> None:
    renamed = choice(skip=("mfa", "other"), skip_before=("mfa",))
    assert renamed.stays == EARLIER
    assert renamed.reason == (
        "renamed to what is listed under skip; the exclusion made earlier stays"
        " (to end it, list the id)"
    )


@pytest.mark.parametrize(
    ("skip", "before"),
    [
        (("MFA",), ("other",)),
        (("p1",), ("MFA",)),
        (("MFA", "P1 "), ("MFA",)),
        (("P1 ",), ("P1 ",)),
        (("MFA", "mfa "), ("MFA",)),
    ],
)
def test_what_is_listed_anew_takes_the_exclusion_away(
    skip: tuple[str, ...], before: tuple[str, ...]
) -> None:
    listed = choice(skip=skip, skip_before=before)
    assert (listed.stays, listed.reason) == (Entries(), "listed under skip")


def test_a_listed_policy_that_never_had_the_exclusion_stays_without() -> None:
    listed = choice(skip=("MFA",), skip_before=("MFA",), earlier=Entries())
    assert (listed.stays, listed.reason) == (Entries(), "listed under skip")
