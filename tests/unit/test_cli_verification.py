"""`breakglass verify`: what is asked of the tenant, and what is found of each policy."""

import pytest

from cli import verification_text as text
from cli.failure import CommandFailed
from cli.verification import MOST_ASKED_ALONE
from entra.errors import Forbidden, GraphError
from entra.exclusion import Entries
from tests.unit.exported_stack import WANTED, child
from tests.unit.graph_stub import TENANT, policy_document
from tests.unit.verification_scene import STACK, StubPolicies, lines, report, right


def test_where_all_is_right_one_listing_is_all_that_is_asked() -> None:
    policies = StubPolicies([right(), right("p2", "Second")])
    found = report(policies, [child("p1"), child("p2")])
    assert policies.asked == ["list"]
    assert (found.is_right, found.stack, found.tenant_id) == (True, "prod", TENANT)
    assert lines(found) == ["✓ MFA for everybody: excluded", "✓ Second: excluded"]
    assert text.closing_line(found) == "Every Conditional Access policy is right: 2 exclude."
    assert text.to_do(found, STACK) == []


def test_a_listing_that_lags_condemns_nobody() -> None:
    policies = StubPolicies([policy_document()], alone=[right()])
    found = report(policies, [child("p1")])
    assert found.is_right
    assert policies.asked == ["list", "p1"]


def test_a_listing_that_is_short_makes_no_policy_gone() -> None:
    policies = StubPolicies([], alone=[right()])
    assert lines(report(policies)) == ["✓ MFA for everybody: excluded"]
    gone = report(StubPolicies([]))
    assert lines(gone) == ["– MFA for everybody: deleted by its owner"]
    assert gone.is_right


@pytest.mark.parametrize("more", [0, 1])
def test_many_that_seem_wrong_are_listed_once_more_instead(more: int) -> None:
    ids = [f"p{number}" for number in range(MOST_ASKED_ALONE + more)]
    lagging = [policy_document(policy_id) for policy_id in ids]
    policies = StubPolicies(lagging, [right(policy_id) for policy_id in ids])
    found = report(policies, [child(policy_id) for policy_id in ids])
    assert found.is_right
    assert sorted(policies.asked) == (["list", "list"] if more else ["list", *ids])


def test_a_policy_that_was_made_since_is_named() -> None:
    found = report(StubPolicies([right(), policy_document("p2", "Brand new")]))
    assert lines(found)[-1] == (
        "✗ Brand new: not in the stack, lacks group BTG Admins, account x1@contoso.com"
    )
    assert text.closing_line(found) == "1 of 2 policies not right."
    assert text.to_do(found, STACK) == [
        "Run `pulumi up --stack prod`: it excludes what is lacking."
    ]


def test_a_skipped_policy_says_why_and_is_counted() -> None:
    document = policy_document("p2", "Robots", users={"includeUsers": ["None"]})
    entry = child("p2", reason="applies to no users (users: None)")
    found = report(StubPolicies([right(), document]), [child("p1"), entry])
    assert "– Robots: skipped: applies to no users (users: None)" in lines(found)
    assert text.closing_line(found).endswith("right: 1 exclude, 1 skipped.")


def test_a_refusal_says_what_to_do_by_hand() -> None:
    found = report(StubPolicies([policy_document()]), [child("p1", refused="Microsoft's own")])
    assert lines(found)[0].endswith("; the service refused: Microsoft's own")
    (sentence,) = text.to_do(found, STACK)
    assert "by hand" in sentence
    assert "skip" in sentence


@pytest.mark.parametrize("how", ["killed", "halves"])
def test_a_run_that_ended_midway_is_never_right(how: str) -> None:
    pending = [{"type": "updating"}] if how == "killed" else []
    second = child("p2", wanted=WANTED | Entries(("g2",)) if how == "halves" else WANTED)
    both = policy_document("p2", users={"excludeGroups": ["g1", "g2"], "excludeUsers": ["u1"]})
    policies = StubPolicies([right(), both])
    found = report(policies, [child("p1"), second], pending_operations=pending)
    assert not found.is_right
    assert found.wrong == []
    assert "the last run ended midway" in text.closing_line(found)
    assert text.to_do(found, STACK) == [
        "The last run ended midway: run `pulumi up --stack prod` again."
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Forbidden(403, "AccessDenied", "", "GET", "x"), "grant the application permission Pol"),
        (GraphError(503, "busy", "", "GET", "x"), "cannot be looked at: GET x answered 503 busy"),
    ],
)
def test_policies_that_cannot_be_looked_at_are_an_error(error: GraphError, words: str) -> None:
    with pytest.raises(CommandFailed, match=words):
        report(StubPolicies(error))


def test_another_tenants_policies_are_not_compared() -> None:
    policies = StubPolicies([right()])
    with pytest.raises(CommandFailed, match=f"in tenant {TENANT}, but .* tenant other"):
        report(policies, tenant_id="other")
    assert policies.asked == []


def test_the_case_of_a_tenants_id_makes_no_difference() -> None:
    entry = child("p1")
    entry["outputs"]["tenantId"] = "ABCDEF"
    assert report(StubPolicies([right()]), [entry], tenant_id="abcdef", outputs=None).is_right


def test_a_stack_without_policies_keeps_its_tenant_too() -> None:
    outputs = {"scope": "all", "tenantId": TENANT}
    with pytest.raises(CommandFailed, match=f"in tenant {TENANT}, but .* tenant other"):
        report(StubPolicies([]), [], tenant_id="other", outputs=outputs)
    assert report(StubPolicies([]), [], outputs=outputs).is_right


def test_a_first_run_that_made_nothing_is_not_right() -> None:
    found = report(StubPolicies([]), [], outputs=None)
    assert not found.is_right
    assert text.to_do(found, STACK)[0].startswith("The last run ended midway")


def test_where_every_policy_was_deleted_there_is_none() -> None:
    found = report(StubPolicies([]), [child("p1"), child("p2")])
    assert lines(found) == ["– MFA for everybody: deleted by its owner"] * 2
    assert text.closing_line(found).startswith("The tenant has no Conditional Access policy")


def test_a_tenant_without_policies_is_said_to_have_none() -> None:
    found = report(StubPolicies([]), [])
    assert found.is_right
    assert text.closing_line(found) == (
        "The tenant has no Conditional Access policy to be excluded from."
    )
