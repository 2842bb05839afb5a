"""What anybody who looks finds of the accounts and the group that the stack made by default."""

import copy
from collections.abc import Iterator

import pytest

from tests.assessors import violations
from tests.assessors.audited_tenant import audited
from tests.assessors.chronicle import Chronicle
from tests.assessors.evidence import Evidence, read_evidence
from tests.assessors.violations import Change
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, object_id


def evidence_of(document: JSON) -> Evidence:
    with audited(document) as served:
        return read_evidence(served)


def deviations(evidence: Evidence, chronicle: Chronicle) -> Iterator[str]:
    """Each way in which the tenant is not as the stack promises; one word each."""
    before = {user["id"] for user in chronicle.before["users"]}
    made = [evidence.users[user] for user in evidence.users if user not in before]
    if {user["id"] for user in made} != set(chronicle.users) or len(made) != 2:
        yield "number"
    if evidence.administrators != frozenset(chronicle.users):
        yield "administrators"
    (initial,) = [one["id"] for one in evidence.domains if one["isInitial"]]
    for user in made:
        if user["onPremisesSyncEnabled"] or user["onPremisesImmutableId"] is not None:
            yield "synced"
        if user["userPrincipalName"].partition("@")[2] != initial or "onmicrosoft" not in initial:
            yield "domain"
        if user["assignedLicenses"] or evidence.licences.get(user["id"]):
            yield "licence"
        if user["passwordPolicies"] != "DisablePasswordExpiration" or not user["accountEnabled"]:
            yield "sign-in"
        yield from _role(evidence, user["id"])
    yield from _group(evidence, chronicle)
    if {*chronicle.users, chronicle.group} & evidence.missing:
        yield "deleted"


def _role(evidence: Evidence, user: str) -> Iterator[str]:
    active = [role for role in evidence.active if role["principalId"] == user]
    shown = [(r["roleDefinitionId"], r["memberType"], r["endDateTime"]) for r in active]
    if shown != [(GLOBAL_ADMINISTRATOR, "Direct", None)]:
        yield "role"
    if any(role["principalId"] == user for role in evidence.eligible):
        yield "eligible"


def _group(evidence: Evidence, chronicle: Chronicle) -> Iterator[str]:
    group = evidence.groups[chronicle.group]
    kind = (group["isAssignableToRole"], group["securityEnabled"], group["mailEnabled"])
    if kind != (True, True, False) or group["groupTypes"]:
        yield "group"
    if evidence.members[chronicle.group] != frozenset(chronicle.users):
        yield "members"
    if evidence.owners[chronicle.group] - {object_id("app/object")}:
        yield "owners"


def test_the_stack_makes_two_cloud_only_unlicensed_permanent_administrators_and_their_group(
    chronicle: Chronicle,
) -> None:
    before = evidence_of(chronicle.before)
    assert before.administrators == frozenset[str]()
    assert list(deviations(evidence_of(chronicle.standing), chronicle)) == []


def test_a_prefix_changes_the_names_and_nothing_else(chronicle: Chronicle) -> None:
    assert list(deviations(evidence_of(chronicle.prefixed), chronicle)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (violations.licensed, {"licence"}),
        (violations.synced, {"synced"}),
        (violations.on_another_domain, {"domain"}),
        (violations.made_eligible, {"administrators", "role", "eligible"}),
        (violations.given_an_end, {"administrators", "role"}),
        (violations.role_removed, {"administrators", "role"}),
        (violations.another_administrator, {"administrators"}),
        (violations.not_assignable, {"group"}),
        (violations.a_stranger_in_the_group, {"members"}),
        (violations.owned_by_a_stranger, {"owners"}),
        (violations.disabled, {"sign-in"}),
        (violations.deleted, {"number", "administrators", "members", "deleted"}),
    ],
)
def test_the_look_at_the_tenant_sees_what_was_done_to_it(
    change: Change, expected: set[str], chronicle: Chronicle
) -> None:
    document = copy.deepcopy(chronicle.standing)
    change(document, chronicle)
    assert set(deviations(evidence_of(document), chronicle)) == expected
