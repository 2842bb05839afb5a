"""prowler's own checks on administrators' accounts, run by prowler, with the stack and without it.

Of prowler 5.46.0 these of the services `entra` and `admincenter` look at administrators and cannot
be called on a simulated tenant, which does not know what they read:

- `entra_pim_global_administrator_approval_required` and
  `entra_pim_privileged_role_administrator_approval_required`: the settings of Privileged Identity
  Management by role (`roleManagementPolicyAssignments`)
- `entra_access_review_privileged_roles_configured`: access reviews (`identityGovernance`)
- `entra_policy_admin_self_service_password_reset_disabled`: the authorization policy
- `entra_device_registration_global_admins_not_local_admins`: the device registration policy
- `entra_policy_guest_invite_only_for_admin_roles`: the authorization policy
- `entra_directory_sync_object_takeover_blocked`: the settings of directory synchronisation
- `entra_service_principal_no_secrets_for_permanent_tier0_roles`,
  `entra_service_principal_privileged_role_no_owners` and
  `entra_app_registration_no_unused_privileged_permissions`: application registrations with their
  credentials (`applications`) and Defender's view of them; the first two would pass unseen
- `defenderxdr_endpoint_privileged_user_exposed_credentials`: Defender's hunting queries

They judge settings of the whole tenant, applications or devices; none of them looks at an emergency
access account or its group. `admincenter_settings_password_never_expire` judges domains, not
accounts. prowler's `azure` provider counts Global Administrators too, as `m365` does here.
"""

import copy

import pytest

from tests.assessors import violations
from tests.assessors.chronicle import Chronicle
from tests.assessors.prowler_verdict import (
    ACCOUNT_CHECKS,
    ADMINISTRATORS,
    CAPABLE,
    CLOUD_ONLY,
    LICENCES,
    Prowler,
    Verdict,
)
from tests.assessors.violations import Change

TENANT_CHECKS = (
    "entra_admin_portals_access_restriction",
    "entra_admin_users_mfa_enabled",
    "entra_admin_users_phishing_resistant_mfa_enabled",
    "entra_admin_users_sign_in_frequency_enabled",
    "entra_all_apps_conditional_access_coverage",
    "entra_conditional_access_policy_compliant_device_hybrid_joined_device_mfa_required",
    "entra_conditional_access_policy_directory_sync_account_excluded",
    "entra_legacy_authentication_blocked",
    "entra_users_mfa_enabled",
)
"""Those that judge by policies how administrators sign in."""
CHECKS = (*ACCOUNT_CHECKS, *TENANT_CHECKS)


@pytest.fixture(scope="module")
def ready(prowler: Prowler, chronicle: Chronicle) -> Verdict:
    return prowler.verdict_on(chronicle.ready, CHECKS)


def test_prowlers_admin_centre_reads_the_whole_tenant(ready: Verdict, chronicle: Chronicle) -> None:
    assert ready.read["admincenter"] == {
        "users": len(chronicle.ready["users"]),
        "roles": {
            "Global Administrator": 2,
            "Helpdesk Administrator": 1,
            "Privileged Authentication Administrator": 0,  # an application's
        },
    }


def test_prowler_counts_two_cloud_only_administrators_without_licences(
    ready: Verdict, chronicle: Chronicle
) -> None:
    [counted] = ready.of(ADMINISTRATORS)
    assert (counted.status, counted.says) == ("PASS", "There are 2 global administrators.")
    assert ready.statuses(CLOUD_ONLY) == {"PASS": 1}
    unlicensed = {finding.id: finding for finding in ready.of(LICENCES)}
    assert set(chronicle.users) < set(unlicensed)
    assert ready.statuses(LICENCES) == {"PASS": 3}
    assert all("does not have a license" in unlicensed[user].says for user in chronicle.users)


def test_prowler_takes_an_account_with_a_passkey_as_capable_of_mfa(
    ready: Verdict, chronicle: Chronicle
) -> None:
    assert capable(ready, chronicle) == {"PASS"}


def capable(verdict: Verdict, chronicle: Chronicle) -> set[str]:
    """The statuses of the stack's accounts."""
    return {finding.status for finding in verdict.of(CAPABLE) if finding.id in chronicle.users}


def test_without_the_stack_prowler_finds_no_active_administrator_and_the_same_policies(
    prowler: Prowler, ready: Verdict, chronicle: Chronicle
) -> None:
    before = prowler.verdict_on(chronicle.before, CHECKS)
    assert before.statuses(ADMINISTRATORS) == {"FAIL": 1}
    judged = {check: before.statuses(check) for check in TENANT_CHECKS}
    assert all(judged.values())
    assert {check: ready.statuses(check) for check in TENANT_CHECKS} == judged


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            (violations.licensed, violations.synced, violations.three_more_administrators),
            {
                LICENCES: {"FAIL": 1, "PASS": 4},
                CLOUD_ONLY: {"FAIL": 1},
                ADMINISTRATORS: {"FAIL": 1},
            },
        ),
        (
            (violations.made_eligible,),
            {LICENCES: {"PASS": 2}, CLOUD_ONLY: {"PASS": 1}, ADMINISTRATORS: {"FAIL": 1}},
        ),
    ],
)
def test_prowler_sees_what_was_done_to_the_accounts(
    changes: tuple[Change, ...],
    expected: dict[str, dict[str, int]],
    prowler: Prowler,
    chronicle: Chronicle,
) -> None:
    document = copy.deepcopy(chronicle.standing)
    for change in changes:
        change(document, chronicle)
    found = prowler.verdict_on(document, CHECKS)
    assert {check: found.statuses(check) for check in expected} == expected
    assert capable(found, chronicle) == {"FAIL"}
