"""A listing that is short, late or refused takes nothing away."""

import pulumi
import pytest

from components.exclusion_listing import list_policies
from components.policy_exclusion import TYPE
from entra.errors import Forbidden
from entra.policy import Policy
from tests.unit.exclusion_program import (
    GROUP,
    NOTHING,
    Reader,
    arguments,
    excluded,
    failure,
    known,
    policy,
    run,
)


def asked_in_a_preview(
    policies: list[Policy], reader: Reader, **state: dict[str, object]
) -> tuple[int, list[str], list[str]]:
    """Listings, single requests, and whose exclusions are pending: no proof among them."""
    remembered = {key: value for entry in state.values() for key, value in entry.items()}
    seen = run(arguments(policies, reader), state=remembered, preview=True)
    pending = [child.inputs["policyId"] for child in seen.of_type(TYPE) if child.inputs["pending"]]
    return reader.listings, reader.asked, pending


def test_a_policy_that_a_short_listing_lacks_is_found_by_a_second_listing() -> None:
    reader = Reader(excluded("p1"), excluded("p2"), excluded("p3"))
    state = {"a": known("p1"), "b": known("p2"), "c": known("p3")}
    assert asked_in_a_preview([excluded("p1")], reader, **state) == (1, [], [])


def test_a_policy_that_both_listings_lack_is_asked_for_by_itself_and_keeps_its_child() -> None:
    reader = Reader(excluded("p1"), excluded("p2"), excluded("p3"))
    reader.hidden = {"p2", "p3"}
    state = {**known("p1"), **known("p2"), **known("p3")}
    seen = run(arguments([excluded("p1")], reader), state=state, preview=True)
    assert len(seen.of_type(TYPE)) == 3
    assert (reader.listings, reader.asked) == (1, ["p2", "p3"])


def test_entries_that_a_lagging_listing_lacks_are_looked_for_a_second_time() -> None:
    reader = Reader(excluded("p1"), excluded("p2"))
    stale = [policy("p1"), excluded("p2")]
    state = {"a": known("p1"), "b": known("p2")}
    assert asked_in_a_preview(stale, reader, **state) == (1, [], [])


def test_entries_that_both_listings_lack_are_pending() -> None:
    reader = Reader(policy("p1"), excluded("p2"))
    assert asked_in_a_preview([policy("p1"), excluded("p2")], reader, a=known("p1")) == (
        1,
        [],
        ["p1"],
    )


def test_a_second_listing_is_believed_only_where_the_first_was_in_doubt() -> None:
    """It can come from a replica that lags where the first did not."""
    reader = Reader(excluded("p1"), policy("p2"))
    first = [policy("p1"), excluded("p2")]
    state = {"a": known("p1"), "b": known("p2")}
    assert asked_in_a_preview(first, reader, **state) == (1, [], [])


def test_a_policy_that_only_the_second_listing_shows_gets_its_child_too() -> None:
    reader = Reader(excluded("p1"), policy("p9", "New"))
    seen = run(arguments([policy("p1")], reader), state=known("p1"), preview=True)
    assert [child.name for child in seen.of_type(TYPE)] == ["exclusion-p1", "exclusion-p9"]


def test_a_listing_without_a_doubt_is_the_only_request() -> None:
    reader = Reader()
    listed = [excluded("p1"), policy("p2", "New")]
    never_ours = known("p2", added=NOTHING)
    assert asked_in_a_preview(listed, reader, a=known("p1"), b=never_ours) == (0, [], ["p2"])


def test_policies_that_are_right_need_the_proof_and_nothing_else() -> None:
    policies = [excluded(f"p{number}") for number in range(40)]
    reader = Reader(*policies)
    state = {name: child for p in policies for name, child in known(p.id).items()}
    seen = run(arguments(policies, reader), state=state)
    assert (reader.listings, reader.asked) == (1, [])
    assert not [child for child in seen.of_type(TYPE) if child.inputs["pending"]]


def test_a_policy_that_its_owner_deleted_leaves_the_stack() -> None:
    reader = Reader(excluded("p1"))
    seen = run(arguments([excluded("p1")], reader), state={**known("p1"), **known("p2")})
    assert [child.name for child in seen.of_type(TYPE)] == ["exclusion-p1"]
    assert seen.said("info") == ["policy 'MFA' (p2) was deleted by its owner"]
    assert seen.named("exclusion").outputs["gone"] == ["p2"]


def test_a_doubt_about_a_known_policy_stops_before_anything_is_registered() -> None:
    reader = Reader(excluded("p1"), failure())
    seen = run(arguments([excluded("p1")], reader), state=known("p2"), expect_error=True)
    assert "policy 'MFA' (p2) is in this stack but not in the listing" in str(seen.error)
    assert seen.of_type(TYPE) == []


def test_a_second_listing_that_fails_stops_before_anything_is_registered() -> None:
    reader = Reader(excluded("p1"))
    reader.listing_error = failure()
    seen = run(arguments([policy("p1")], reader), state=known("p1"), expect_error=True)
    assert "the Conditional Access policies cannot be listed" in str(seen.error)
    assert seen.of_type(TYPE) == []


@pytest.mark.parametrize(("status", "granting"), [(403, True), (401, False)])
def test_a_refused_listing_says_which_permission_is_missing_and_how_to_grant_it(
    status: int, granting: bool
) -> None:
    reader = Reader()
    reader.listing_error = Forbidden(status, "AccessDenied", "no", "GET", "/v1.0/policies")
    with pytest.raises(pulumi.RunError) as caught:
        list_policies(reader)
    told = str(caught.value)
    assert "\n" not in told
    assert ("grant the application permission Policy.Read.All" in told) is granting


def test_an_object_that_is_gone_from_the_settings_is_no_doubt() -> None:
    """An account that was retired is taken out by the run that retires it."""
    ours = {"groups": [GROUP], "users": ["u-1", "u-2"]}
    reader = Reader()
    listed = [excluded("p1", users={"excludeUsers": ["u-1", "u-2"]})]
    state = known("p1", wanted=ours, added=ours)
    assert asked_in_a_preview(listed, reader, a=state)[0] == 0
