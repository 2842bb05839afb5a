"""The comparison of a stack's exclusions with the policies that live in the tenant."""

from typing import Any

import pytest

from cli.policy_check import Finding, Result, check
from cli.stack_state import read_state
from components.exclusion_state import properties_of
from entra.exclusion import Entries, Scope, skip_reason
from entra.policy import Policy
from tests.unit.exported_stack import WANTED, child, exported
from tests.unit.graph_stub import policy_document

EXCLUDING = {"excludeGroups": ["g1", "foreign"], "excludeUsers": ["U1"]}
NOBODY = {"includeUsers": ["None"]}
LISTED = skip_reason(Policy.from_document(policy_document()), scope=Scope.ALL, skip=["p1"]) or ""
NO_USERS = "applies to no users (users: None)"
ALL_OF_IT = ("group BTG Admins", "account x1@contoso.com")


def policies(*documents: dict[str, Any]) -> dict[str, Policy]:
    return {document["id"]: Policy.from_document(document) for document in documents}


def found(
    children: list[dict[str, Any]],
    *documents: dict[str, Any],
    scope: str = "all",
    skip: tuple[str, ...] = (),
) -> list[Finding]:
    outputs = {"scope": scope, "skip": list(skip)}
    (group,) = read_state(exported(children, outputs=outputs)).sets
    return check(group, policies(*documents))


def one(
    children: list[dict[str, Any]], *documents: dict[str, Any], scope: str = "all"
) -> tuple[Result, tuple[str, ...], str]:
    (finding,) = found(children, *documents, scope=scope)
    return finding.result, finding.lacking, finding.reason


def test_a_policy_that_excludes_all_of_it_is_right_in_any_spelling_of_an_id() -> None:
    assert one([child("p1")], policy_document(users=EXCLUDING)) == (Result.EXCLUDED, (), "")


@pytest.mark.parametrize(
    ("users", "lacking"),
    [
        ({}, ALL_OF_IT),
        ({"excludeGroups": ["g1"]}, ALL_OF_IT[1:]),
        ({"excludeUsers": ["u1", "x"]}, ALL_OF_IT[:1]),
    ],
)
def test_what_a_policy_lacks_is_told_by_name(
    users: dict[str, Any], lacking: tuple[str, ...]
) -> None:
    assert one([child("p1")], policy_document(users=users)) == (Result.LACKS, lacking, "")


def test_the_tenants_name_and_state_of_a_policy_are_told_not_the_stacks() -> None:
    document = policy_document("p1", "New name", users=EXCLUDING, state="disabled")
    (finding,) = found([child("p1", "Old name")], document)
    assert (finding.name, finding.state) == ("New name", "disabled")


def test_a_policy_that_is_gone_needs_nothing() -> None:
    (finding,) = found([child("p1", "Old")])
    assert (finding.result, finding.name, finding.state) == (Result.GONE, "Old", "")
    assert finding.result.is_right


@pytest.mark.parametrize("document", [policy_document(users=NOBODY), policy_document()])
def test_what_the_user_listed_is_skipped_whatever_it_is(document: dict[str, Any]) -> None:
    assert one([child("p1", reason=LISTED)], document) == (Result.SKIPPED, (), LISTED)


def test_what_is_skipped_for_what_it_is_stays_so_as_long_as_it_is() -> None:
    entry = child("p1", reason=NO_USERS)
    assert one([entry], policy_document(users=NOBODY)) == (Result.SKIPPED, (), NO_USERS)
    assert one([entry], policy_document()) == (Result.LACKS, ALL_OF_IT, "")
    assert one([entry], policy_document(users=EXCLUDING))[0] is Result.EXCLUDED


def test_a_policy_that_came_to_ask_for_mfa_is_wrong_under_mfa_only() -> None:
    entry = child("p1", reason="does not ask for multifactor authentication (mfa-only)")
    assert one([entry], policy_document(grant=("block",)), scope="mfa-only")[0] is Result.SKIPPED
    assert one([entry], policy_document(), scope="mfa-only")[0] is Result.LACKS


def test_a_policy_that_refused_is_wrong_until_somebody_does_it_by_hand() -> None:
    entry = child("p1", refused="only Microsoft may")
    assert one([entry], policy_document()) == (Result.REFUSED, ALL_OF_IT, "only Microsoft may")
    assert one([entry], policy_document(users=EXCLUDING))[0] is Result.EXCLUDED


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (policy_document("new"), (Result.NEW, ALL_OF_IT, "")),
        (policy_document("new", users=EXCLUDING), (Result.EXCLUDED, (), "")),
        (policy_document("new", users=NOBODY), (Result.SKIPPED, (), NO_USERS)),
    ],
    ids=["lacks", "excludes", "nobody"],
)
def test_a_policy_made_since_is_judged_by_what_the_others_want(
    document: dict[str, Any], expected: tuple[Result, tuple[str, ...], str]
) -> None:
    known = policy_document(users=EXCLUDING)
    assert [
        (finding.result, finding.lacking, finding.reason)
        for finding in found([child("p1")], known, document)
        if finding.policy_id == "new"
    ] == [expected]


def test_a_policy_made_since_under_a_name_that_the_last_run_skipped_is_skipped() -> None:
    known, new = policy_document(users=EXCLUDING), policy_document("new", "Pilot")
    by_id = {one.policy_id: one for one in found([child("p1")], known, new, skip=("pilot",))}
    assert (by_id["new"].result, by_id["new"].reason) == (Result.SKIPPED, LISTED)


def test_an_exclusion_that_stays_in_a_skipped_policy_has_to_stand() -> None:
    entry = child("p1", reason=f"{NO_USERS}; the exclusion made earlier stays")
    entry["outputs"]["wanted"] = properties_of(WANTED)
    assert one([entry], policy_document(users={**NOBODY, **EXCLUDING}))[0] is Result.SKIPPED
    assert one([entry], policy_document(users=NOBODY))[0] is Result.LACKS


def test_where_nobody_knows_whom_to_exclude_a_new_policy_is_still_wrong() -> None:
    assert one([], policy_document(users=EXCLUDING)) == (Result.NEW, (), "")


def test_the_wrong_ones_come_first_then_names_decide() -> None:
    documents = [
        policy_document("p1", "b", users=EXCLUDING),
        policy_document("p2", "A", users=EXCLUDING),
        policy_document("p3", "z"),
    ]
    names = [one.name for one in found([child(f"p{n}") for n in (1, 2, 3)], *documents)]
    assert names == ["z", "A", "b"]


def test_an_id_without_a_label_is_told_as_it_is() -> None:
    entry = child("p1", wanted=WANTED | Entries(("g9",), ("u9",)))
    assert one([entry], policy_document(users=EXCLUDING))[1] == ("group g9", "account u9")
