"""Settings alone take an exclusion away; what a policy says may only add one."""

from typing import Any

import pytest

from components.exclusion_choice import Choice, choose
from components.exclusion_settings import ExclusionSettings
from entra.exclusion import Entries, Scope
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

EARLIER = Entries(("g-1",), ("u-1",))
PARKED: dict[str, Any] = {"users": {"includeUsers": ["None"]}}


def choice(
    *,
    scope: Scope = Scope.ALL,
    scope_before: Scope | None = None,
    skip: tuple[str, ...] = (),
    skip_before: tuple[str, ...] = (),
    earlier: Entries = EARLIER,
    **document: Any,
) -> Choice:
    policy = Policy.from_document(policy_document("P1", "MFA", **document))
    before = ExclusionSettings(scope_before or scope, skip_before)
    return choose(policy, ExclusionSettings(scope, skip), before=before, earlier=earlier)


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
    narrowed = choice(scope=Scope.MFA_ONLY, scope_before=Scope.ALL, grant=("block",))
    assert narrowed.stays == Entries()
    assert "mfa-only" in str(narrowed.reason)
    parked = choice(scope=Scope.MFA_ONLY, scope_before=Scope.ALL, **PARKED)
    assert parked.stays == EARLIER


def test_another_scope_takes_it_away_from_a_parked_policy_that_it_leaves_out() -> None:
    """It would never be taken away when the policy is turned back: the scope is the same then."""
    document: dict[str, Any] = {"grant": ("block",), **PARKED}
    narrowed = choice(scope=Scope.MFA_ONLY, scope_before=Scope.ALL, **document)
    assert narrowed.stays == Entries()
    widened = choice(scope=Scope.ALL, scope_before=Scope.MFA_ONLY, **document)
    assert widened.stays == EARLIER


def test_another_scope_counts_for_a_policy_that_was_renamed_too() -> None:
    renamed: dict[str, Any] = {"skip": ("MFA",), "skip_before": ("MFA",), "grant": ("block",)}
    assert choice(**renamed).stays == EARLIER
    narrowed = choice(scope=Scope.MFA_ONLY, scope_before=Scope.ALL, **renamed)
    assert narrowed.stays == Entries()


def test_without_a_memory_a_policys_content_takes_nothing_away_and_the_skip_list_does() -> None:
    policy = Policy.from_document(policy_document("P1", "MFA", grant=("block",)))
    narrow = ExclusionSettings(Scope.MFA_ONLY, ())
    assert choose(policy, narrow, before=None, earlier=EARLIER).stays == EARLIER
    listed = ExclusionSettings(Scope.ALL, ("MFA",))
    assert choose(policy, listed, before=None, earlier=EARLIER).stays == Entries()


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
