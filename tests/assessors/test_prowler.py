"""prowler's own checks, run by prowler, on the tenant before, with and after the stack.

prowler calls an account an emergency access account when every policy that is not disabled excludes
it by its id, so the exclusion of accounts besides their group is what makes it see them.
"""

import copy
import json
from collections.abc import Callable

import pytest

from tests.assessors.chronicle import Chronicle
from tests.assessors.prowler_verdict import (
    DELETED,
    EXCLUSION,
    GAPS,
    GROUPS,
    PASSKEYS,
    Prowler,
    Verdict,
)
from tests.support.tenant import JSON, object_id

GROUP_NAME = "BTG Admins"


@pytest.fixture(scope="module")
def standing(prowler: Prowler, chronicle: Chronicle) -> Verdict:
    return prowler.verdict_on(chronicle.standing)


@pytest.fixture(scope="module")
def after(prowler: Prowler, chronicle: Chronicle) -> Verdict:
    return prowler.verdict_on(chronicle.after)


def test_prowler_finds_no_emergency_access_before_the_stack(
    prowler: Prowler, chronicle: Chronicle
) -> None:
    before = prowler.verdict_on(chronicle.before)
    assert before.statuses(EXCLUSION) == {"FAIL": 1}
    [finding] = before.of(PASSKEYS)
    assert finding.status == "MANUAL"
    assert "No break glass accounts identified" in finding.says


def test_prowler_reads_the_whole_tenant(standing: Verdict, chronicle: Chronicle) -> None:
    document = chronicle.standing
    assert standing.read["entra"] == {
        "policies": len(document["conditionalAccessPolicies"]),
        "users": len(document["users"]),
        "groups": len(document["groups"]),
        "errors": [],
    }


def test_prowler_sees_the_group_and_the_accounts_out_of_every_blocking_policy(
    standing: Verdict, chronicle: Chronicle
) -> None:
    [finding] = standing.of(EXCLUSION)
    assert finding.status == "PASS"
    assert f"group(s): {GROUP_NAME}" in finding.says
    names = {u["displayName"] for u in chronicle.standing["users"] if u["id"] in chronicle.users}
    assert all(name in finding.says for name in names)


def test_prowler_finds_no_gap_and_nothing_deleted(standing: Verdict) -> None:
    assert standing.statuses(GAPS) == {"PASS": 1}
    assert standing.statuses(DELETED) == {"PASS": 9}


def test_prowler_takes_our_group_as_protected_and_leaves_others_as_they_were(
    standing: Verdict,
) -> None:
    statuses = {finding.resource: finding.status for finding in standing.of(GROUPS)}
    assert statuses == {GROUP_NAME: "PASS", "IT": "FAIL"}


def test_prowler_asks_for_the_passkeys_that_nobody_has_registered_yet(
    standing: Verdict, chronicle: Chronicle
) -> None:
    assert {finding.id for finding in standing.of(PASSKEYS)} == set(chronicle.users)
    assert standing.statuses(PASSKEYS) == {"FAIL": 2}


def test_prowler_has_a_registered_passkey_looked_at_by_hand(
    prowler: Prowler, chronicle: Chronicle
) -> None:
    """Microsoft's report calls it `passKeyDeviceBound`, which prowler does not take for FIDO2."""
    ready = prowler.verdict_on(chronicle.ready)
    assert {finding.id for finding in ready.of(PASSKEYS)} == set(chronicle.users)
    assert ready.statuses(PASSKEYS) == {"MANUAL": 2}
    assert all("device-bound passkey registered" in found.says for found in ready.of(PASSKEYS))


def test_after_destroy_prowler_finds_no_reference_to_anything_deleted(
    after: Verdict, chronicle: Chronicle
) -> None:
    assert after.statuses(DELETED) == {"PASS": 9}
    assert after.statuses(EXCLUSION) == {"FAIL": 1}
    assert [found for found in after.of(PASSKEYS) if found.id in chronicle.users] == []
    told = json.dumps([found.says for found in after.findings])
    assert not [name for name in (*chronicle.users, chronicle.group) if name in told]


def _policies(document: JSON) -> list[JSON]:
    return document["conditionalAccessPolicies"]


def _blocks_the_group_and_the_accounts(document: JSON, chronicle: Chronicle) -> None:
    for policy in _policies(document):
        if policy["displayName"] == "Block legacy authentication":
            policy["conditions"]["users"] |= {"excludeUsers": [], "excludeGroups": []}


def _lets_somebody_out_of_everything_but_the_block(document: JSON, chronicle: Chronicle) -> None:
    for policy in _policies(document):
        users = policy["conditions"]["users"]
        if policy["state"] == "enabled" and users.get("includeUsers") == ["All"]:
            users["excludeGroups"] = [
                *users.get("excludeGroups", []), object_id("groups/it")
            ]  # fmt: skip
    _blocks_the_group_and_the_accounts(document, chronicle)


def _forgets_an_account_in_a_report_only_policy(document: JSON, chronicle: Chronicle) -> None:
    for policy in _policies(document):
        if policy["displayName"] == "Report only: compliant devices":
            policy["conditions"]["users"]["excludeUsers"] = [chronicle.users[0]]


def _makes_the_group_an_ordinary_one(document: JSON, chronicle: Chronicle) -> None:
    for group in document["groups"]:
        if group["id"] == chronicle.group:
            group["isAssignableToRole"] = False


def _deletes_the_group_first(document: JSON, chronicle: Chronicle) -> None:
    gone = next(group for group in document["groups"] if group["id"] == chronicle.group)
    document["groups"].remove(gone)
    document["deletedGroups"] = [gone]


@pytest.mark.parametrize(
    ("check", "change", "statuses"),
    [
        (EXCLUSION, _blocks_the_group_and_the_accounts, {"FAIL": 1}),
        (GAPS, _lets_somebody_out_of_everything_but_the_block, {"FAIL": 1}),
        (PASSKEYS, _forgets_an_account_in_a_report_only_policy, {"FAIL": 1}),
        (GROUPS, _makes_the_group_an_ordinary_one, {"FAIL": 2}),
        (DELETED, _deletes_the_group_first, {"FAIL": 8, "PASS": 1}),
    ],
)
def test_prowler_sees_a_tenant_that_breaks_its_check(
    check: str,
    change: Callable[[JSON, Chronicle], None],
    statuses: dict[str, int],
    prowler: Prowler,
    chronicle: Chronicle,
) -> None:
    document = copy.deepcopy(chronicle.standing)
    change(document, chronicle)
    assert prowler.verdict_on(document).statuses(check) == statuses


def test_a_policy_for_workloads_hides_the_accounts_from_prowler(
    prowler: Prowler, chronicle: Chronicle
) -> None:
    """A false alarm of prowler's: such a policy is counted although it cannot exclude users."""
    document = copy.deepcopy(chronicle.standing)
    for policy in _policies(document):
        policy["state"] = "enabled"
    found = prowler.verdict_on(document)
    assert found.statuses(EXCLUSION) == {"FAIL": 1}
    assert found.statuses(PASSKEYS) == {"MANUAL": 1}
