"""The assessors' rules on the accounts, on the tenant that the stack leaves and on broken ones."""

import copy

import pytest

from tests.assessors import violations
from tests.assessors.account_rules import ACCOUNT_RULES, cipp_cis_1_1_2
from tests.assessors.audited_tenant import audited
from tests.assessors.chronicle import NAME_PREFIX, Chronicle
from tests.assessors.evidence import Evidence, read_evidence
from tests.assessors.rules import RULES
from tests.assessors.violations import Change
from tests.support.tenant import JSON

ALL_RULES = {**RULES, **ACCOUNT_RULES, "CIPP CIS_1_1_2": cipp_cis_1_1_2}


@pytest.fixture(scope="module")
def ready(chronicle: Chronicle) -> Evidence:
    """The tenant with the stack, a passkey registered for each account."""
    return evidence_of(chronicle.ready)


def evidence_of(document: JSON) -> Evidence:
    with audited(document) as served:
        return read_evidence(served)


@pytest.mark.parametrize("name", ACCOUNT_RULES)
def test_a_rule_on_accounts_passes_on_the_stack(
    name: str, ready: Evidence, chronicle: Chronicle
) -> None:
    assert ACCOUNT_RULES[name](ready, chronicle.told) == []


def test_cipp_sees_the_accounts_only_by_a_name_with_a_prefix(
    ready: Evidence, chronicle: Chronicle
) -> None:
    """Names that say nothing hide the accounts from attackers, and from this assessor."""
    assert cipp_cis_1_1_2(ready, chronicle.told) == ["0 accounts are named for emergencies"]
    prefixed = evidence_of(chronicle.prefixed)
    names = [prefixed.users[user]["userPrincipalName"] for user in chronicle.users]
    assert all(name.startswith(NAME_PREFIX) for name in names)
    assert cipp_cis_1_1_2(prefixed, chronicle.told) == []


@pytest.mark.parametrize("change", [violations.synced, violations.role_removed])
def test_cipp_sees_one_account_too_few_among_the_named_ones(
    change: Change, chronicle: Chronicle
) -> None:
    document = copy.deepcopy(chronicle.prefixed)
    change(document, chronicle)
    assert cipp_cis_1_1_2(evidence_of(document), chronicle.told) != []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (violations.licensed, {"CIS 1.1.2", "CIS 1.1.4", "Maester MT.1028"}),
        (
            violations.synced,
            {
                *("CIS 1.1.1", "CIS 1.1.2", "Maester MT.1026", "CISA SCuBA 7.3"),
                *("Zero Trust Assessment 21835", "Zero Trust Assessment 21835, strictly"),
            },
        ),
        (violations.on_another_domain, {"CIS 1.1.2", "CIPP E8_Admin_07"}),
        (
            violations.made_eligible,
            {
                *("CIS 1.1.2", "CIS 1.1.3", "CIPP E8_Admin_07"),
                *("Zero Trust Assessment 21835", "Zero Trust Assessment 21835, strictly"),
            },
        ),
        (
            violations.given_an_end,
            {
                *("CIS 1.1.2", "CIPP E8_Admin_07"),
                *("Zero Trust Assessment 21835", "Zero Trust Assessment 21835, strictly"),
            },
        ),
        (violations.another_administrator, {"CISA SCuBA 7.2", "CISA SCuBA 7.4"}),
        (
            violations.a_third_account_out_of_all_policies,
            {
                *("CISA SCuBA", "CISA SCuBA 7.2", "CISA SCuBA 7.4"),
                "Zero Trust Assessment 21835, strictly",
            },
        ),
        (
            violations.three_more_administrators,
            {"CIS 1.1.3", "CIPP E8_Admin_07", "CISA SCuBA 7.2", "CISA SCuBA 7.4"},
        ),
        (
            violations.five_more_administrators,
            {
                *("CIS 1.1.3", "CIPP E8_Admin_07"),
                *("CISA SCuBA 7.1", "CISA SCuBA 7.2", "CISA SCuBA 7.4"),
            },
        ),
        (violations.a_left_over_pass, {"Zero Trust Assessment 21835, strictly"}),
        (
            violations.without_passkey,
            {"Zero Trust Assessment 21835", "Zero Trust Assessment 21835, strictly"},
        ),
        (violations.not_assignable, {"CIS 1.1.2", "Maester MT.1035"}),
        (
            violations.deleted,
            {
                *("CIS 1.1.2", "CIS 1.1.3", "CIPP E8_Admin_07", "Maester MT.1066"),
                *("Zero Trust Assessment 21835", "Zero Trust Assessment 21835, strictly"),
            },
        ),
    ],
)
def test_these_rules_and_no_others_see_what_was_done_to_the_accounts(
    change: Change, expected: set[str], chronicle: Chronicle
) -> None:
    document = copy.deepcopy(chronicle.ready)
    change(document, chronicle)
    evidence = evidence_of(document)
    found = {name for name, rule in ALL_RULES.items() if rule(evidence, chronicle.told)}
    assert found - {"CIPP CIS_1_1_2"} == expected


def test_undeclared_accounts_of_ours_would_be_a_finding_to_cisa(
    ready: Evidence, chronicle: Chronicle
) -> None:
    """Permanent roles are to be listed under `RoleExclusions`; the outputs name the ids."""
    told = type(chronicle.told)([], [])
    assert len(ACCOUNT_RULES["CISA SCuBA 7.4"](ready, told)) == len(chronicle.users)
