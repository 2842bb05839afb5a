"""The assessors' rules on the policies that the stack leaves, and on tenants that break them."""

import copy
import json
from collections.abc import Callable

import pytest

from tests.assessors.audited_tenant import audited
from tests.assessors.chronicle import Chronicle
from tests.assessors.evidence import Evidence, read_evidence
from tests.assessors.rules import RULES, excluded
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, object_id

Change = Callable[[JSON, Chronicle], None]


@pytest.fixture(scope="module")
def ready(chronicle: Chronicle) -> Evidence:
    """The tenant with the stack, a passkey registered for each account."""
    return evidence_of(chronicle.ready)


@pytest.fixture(scope="module")
def after(chronicle: Chronicle) -> Evidence:
    """The tenant after `destroy`."""
    return evidence_of(chronicle.after)


def evidence_of(document: JSON) -> Evidence:
    with audited(document) as served:
        return read_evidence(served)


def policy(document: JSON, name: str) -> JSON:
    """The users of a policy, by its name."""
    found = document["conditionalAccessPolicies"]
    return next(p for p in found if p["displayName"] == name)["conditions"]["users"]


def test_every_policy_that_can_excludes_the_group_and_each_account_in_any_state(
    ready: Evidence, chronicle: Chronicle
) -> None:
    able = [p for p in ready.policies if not p["conditions"].get("clientApplications")]
    assert {p["state"] for p in able} == {
        *("enabled", "disabled", "enabledForReportingButNotEnforced")
    }
    assert len(able) == len(ready.policies) - 1 == 8
    for found in able:
        assert chronicle.group in excluded(found, "Groups"), found["displayName"]
        assert set(chronicle.users) <= set(excluded(found, "Users")), found["displayName"]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_passes_on_the_stack(name: str, ready: Evidence, chronicle: Chronicle) -> None:
    assert RULES[name](ready, chronicle.told) == []


@pytest.mark.parametrize("name", ["Zero Trust Assessment 21835", "CIS 1.1.2", "Maester MT.1005"])
def test_a_rule_fails_before_the_stack(name: str, chronicle: Chronicle) -> None:
    assert RULES[name](evidence_of(chronicle.before), chronicle.told) != []


def _without_the_group(document: JSON, chronicle: Chronicle) -> None:
    policy(document, "Switched off")["excludeGroups"].remove(chronicle.group)


def _without_an_account(document: JSON, chronicle: Chronicle) -> None:
    for found in document["conditionalAccessPolicies"]:
        kept = [user for user in excluded(found, "Users") if user != chronicle.users[0]]
        found["conditions"]["users"]["excludeUsers"] = kept


def _one_policy_without_an_account(document: JSON, chronicle: Chronicle) -> None:
    policy(document, "Report only: compliant devices")["excludeUsers"].remove(chronicle.users[1])


def _without_accounts(document: JSON, chronicle: Chronicle) -> None:
    for found in document["conditionalAccessPolicies"]:
        found["conditions"]["users"]["excludeUsers"] = []


def _an_ordinary_group(document: JSON, chronicle: Chronicle) -> None:
    group = next(g for g in document["groups"] if g["id"] == chronicle.group)
    group["isAssignableToRole"] = False


def _a_stale_id(document: JSON, chronicle: Chronicle) -> None:
    policy(document, "Switched off")["excludeGroups"].append(object_id("nobody"))


def _a_deleted_account(document: JSON, chronicle: Chronicle) -> None:
    gone = next(user for user in document["users"] if user["id"] == chronicle.users[0])
    document["users"].remove(gone)
    document["deletedUsers"] = [gone]


def _no_passkey(document: JSON, chronicle: Chronicle) -> None:
    document["authenticationMethods"].pop()


def _somebody_else(document: JSON, chronicle: Chronicle) -> None:
    policy(document, "Require MFA for all users")["excludeUsers"].append(object_id("users/eve"))


def _no_administrator(document: JSON, chronicle: Chronicle) -> None:
    document["roleAssignments"] = [
        role for role in document["roleAssignments"] if role["principalId"] not in chronicle.users
    ]


def _a_licence(document: JSON, chronicle: Chronicle) -> None:
    account = next(user for user in document["users"] if user["id"] == chronicle.users[0])
    account["assignedLicenses"] = [{"skuId": object_id("skus/p1"), "disabledPlans": []}]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Maester MT.1005", _without_the_group),
        ("Maester MT.1005", _one_policy_without_an_account),
        ("Maester MT.1035", _an_ordinary_group),
        ("Maester MT.1066", _a_stale_id),
        ("Maester MT.1066", _a_deleted_account),
        ("Zero Trust Assessment 21835", _no_passkey),
        ("Zero Trust Assessment 21835", _without_an_account),
        ("Zero Trust Assessment 21835", _no_administrator),
        ("CIPP E8_Admin_07", _without_accounts),
        ("CISA SCuBA", _somebody_else),
        ("CIS 1.1.2", _without_accounts),
        ("CIS 1.1.2", _an_ordinary_group),
        ("CIS 1.1.2", _a_licence),
        ("CIS 1.1.2", _a_deleted_account),
    ],
)
def test_a_rule_sees_a_tenant_that_breaks_it(
    name: str, change: Change, chronicle: Chronicle
) -> None:
    document = copy.deepcopy(chronicle.ready)
    change(document, chronicle)
    assert RULES[name](evidence_of(document), chronicle.told) != []


def test_zero_trust_assessment_counts_a_policy_for_the_role_although_it_excludes_the_accounts(
    chronicle: Chronicle,
) -> None:
    """A false alarm of the assessor, to be explained to an auditor and not to be cured here."""
    document = copy.deepcopy(chronicle.ready)
    policy(document, "For admins")["includeRoles"].append(GLOBAL_ADMINISTRATOR)
    evidence = evidence_of(document)
    assert RULES["Zero Trust Assessment 21835"](evidence, chronicle.told) != []
    assert RULES["Maester MT.1005"](evidence, chronicle.told) == []
    assert RULES["CIS 1.1.2"](evidence, chronicle.told) == []


def test_after_destroy_no_policy_names_anything_that_is_gone(
    after: Evidence, chronicle: Chronicle
) -> None:
    ours = {*chronicle.users, chronicle.group}
    assert ours <= after.deleted
    assert not ours & {*after.users, *after.groups}
    text = json.dumps(after.policies)
    assert [name for name in after.deleted if name in text] == []
    assert RULES["Maester MT.1066"](after, chronicle.told) == []


def test_after_destroy_the_policies_are_as_they_were_before(
    after: Evidence, chronicle: Chronicle
) -> None:
    def lists(found: JSON) -> list[list[str]]:
        return [excluded(found, kind) for kind in ("Users", "Groups", "Roles")]

    before = evidence_of(chronicle.before)
    assert {p["id"]: lists(p) for p in after.policies} == {
        p["id"]: lists(p) for p in before.policies
    }
