"""The proof at the end of a run: every policy, whoever made it and whenever."""

from dataclasses import replace

import pulumi
import pytest

from components.exclusion_proof import Claim, prove_exclusions
from entra.exclusion import Entries
from entra.policy import Policy
from tests.unit.exclusion_program import ACCOUNT, GROUP, Reader, excluded, failure, policy

CLAIM = Claim(
    wanted=Entries((GROUP,), (ACCOUNT,)),
    labels={GROUP: "group BTG"},
    expected=["p1", "p2"],
    known=["p1", "p2"],
    needs=lambda _: True,
)


def refusal(reader: Reader, claim: Claim = CLAIM) -> tuple[str, list[float]]:
    """What the proof says, and how long it waited in between."""
    pauses: list[float] = []
    with pytest.raises(pulumi.RunError) as caught:
        prove_exclusions(reader, claim, sleep=pauses.append)
    assert "\n" not in str(caught.value)
    return str(caught.value), pauses


def prove(reader: Reader, claim: Claim = CLAIM) -> None:
    prove_exclusions(reader, claim, sleep=lambda _: None)


def test_one_listing_proves_any_number_of_policies() -> None:
    policies = [excluded(f"p{number}") for number in range(195)]
    reader = Reader(*policies)
    ids = [policy.id for policy in policies]
    prove(reader, replace(CLAIM, expected=ids, known=ids))
    assert (reader.listings, reader.asked) == (1, [])


def test_each_policy_that_still_stops_the_accounts_is_named_with_what_it_lacks() -> None:
    reader = Reader(policy("p1", "Block"), excluded("p2"))
    told, pauses = refusal(reader)
    assert told.startswith("1 Conditional Access policy would still stop the break-glass accounts")
    assert "changed by somebody meanwhile: Block (p1) lacks: exclude group BTG, exclude" in told
    assert "p2" not in told
    assert "Run `pulumi up` again" in told
    assert reader.asked == ["p1"] * 4
    assert pauses == [0.0, 1.0, 2.0, 4.0]


def test_a_policy_made_while_the_run_was_under_way_is_found_and_not_waited_for() -> None:
    reader = Reader(excluded("p1"), excluded("p2"), policy("p3", "New\n\x1b[31mpolicy"))
    told, pauses = refusal(reader)
    assert r"made while this ran: New\n\x1b[31mpolicy (p3) lacks: exclude group BTG" in told
    assert "meanwhile" not in told
    assert "\x1b" not in told
    assert (reader.asked, pauses) == (["p3"], [])


def test_a_policy_made_meanwhile_that_excludes_already_is_fine() -> None:
    reader = Reader(excluded("p1"), excluded("p2"), excluded("p3"))
    prove(reader)
    assert reader.asked == []


def test_policies_that_need_no_exclusion_are_left_out() -> None:
    def needs(found: Policy) -> bool:
        return found.id != "p3"

    reader = Reader(excluded("p1"), excluded("p2"), policy("p3"))
    prove(reader, replace(CLAIM, needs=needs))
    assert reader.asked == []


def test_a_listing_that_lags_is_settled_by_the_policys_own_answer() -> None:
    reader = Reader(excluded("p1"), excluded("p2"))
    reader.hidden = {"p2"}
    prove(reader)
    assert (reader.listings, reader.asked) == (1, ["p2"])


def test_a_policy_that_the_listing_hides_and_that_is_wrong_is_found() -> None:
    reader = Reader(excluded("p1"), policy("p2", "Block"))
    reader.hidden = {"p2"}
    assert "Block (p2) lacks" in refusal(reader)[0]


def test_a_write_that_a_replica_does_not_know_yet_is_waited_for() -> None:
    class Late(Reader):
        def get_policy(self, policy_id: str) -> Policy | None:
            found = super().get_policy(policy_id)
            return excluded("p1") if len(self.asked) == 3 else found

    reader = Late(policy("p1"), excluded("p2"))
    prove(reader)
    assert reader.asked == ["p1"] * 3


def test_many_doubts_are_settled_by_a_second_listing_before_each_is_asked_for() -> None:
    class Short(Reader):
        def list_policies(self) -> list[Policy]:
            found = super().list_policies()
            return found if self.listings > 1 else found[:100]

    policies = [excluded(f"p{number}") for number in range(195)]
    reader = Short(*policies)
    ids = [policy.id for policy in policies]
    prove(reader, replace(CLAIM, expected=ids, known=ids))
    assert (reader.listings, reader.asked) == (2, [])


def test_a_policy_deleted_meanwhile_needs_no_exclusion() -> None:
    reader = Reader(excluded("p1"))
    prove(reader)
    assert reader.asked == ["p2"]


@pytest.mark.parametrize("at_the_listing", [True, False])
def test_a_proof_that_cannot_be_made_is_no_proof(at_the_listing: bool) -> None:
    reader = Reader() if at_the_listing else Reader(failure())
    reader.listing_error = failure() if at_the_listing else None
    told, _ = refusal(reader)
    assert "could not be checked" in told
    assert "503" in told
