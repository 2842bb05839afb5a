"""prowler's own checks on a served tenant, run in prowler's own environment."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.assessors.audited_tenant import Audited
from tests.assessors.environment import ensure_environment

PROGRAM = Path(__file__).with_name("prowler_program.py")
LIMIT_SECONDS = 120

EXCLUSION = "entra_emergency_access_exclusion"
GAPS = "entra_conditional_access_policy_no_exclusion_gaps"
PASSKEYS = "entra_break_glass_account_fido2_security_key_registered"
GROUPS = "entra_conditional_access_policy_groups_management_restricted"
DELETED = "entra_conditional_access_policy_no_deleted_object_references"
CHECKS = (EXCLUSION, GAPS, PASSKEYS, GROUPS, DELETED)
"""Those on emergency access and what policies name."""

LICENCES = "admincenter_users_admins_reduced_license_footprint"
ADMINISTRATORS = "admincenter_users_between_two_and_four_global_admins"
CLOUD_ONLY = "entra_admin_users_cloud_only"
CAPABLE = "entra_users_mfa_capable"
ACCOUNT_CHECKS = (LICENCES, ADMINISTRATORS, CLOUD_ONLY, CAPABLE)
"""Those on administrators' accounts."""


@dataclass(frozen=True)
class Finding:
    """One finding of a check: its status is PASS, FAIL or MANUAL."""

    check: str
    status: str
    resource: str
    id: str
    says: str


@dataclass(frozen=True)
class Verdict:
    """What the checks found, and how much of the tenant prowler read."""

    findings: Sequence[Finding]
    read: dict[str, Any]

    def of(self, check: str) -> list[Finding]:
        """The findings of one check."""
        return [finding for finding in self.findings if finding.check == check]

    def statuses(self, check: str) -> Counter[str]:
        """How many findings of one check have which status."""
        return Counter(finding.status for finding in self.of(check))


def prowler_on(audited: Audited, checks: Sequence[str] = CHECKS) -> Verdict:
    """Run prowler's checks on a tenant.

    Raises:
        AssessorsUnavailableError: prowler cannot be installed.
        AssertionError: prowler failed, or could not read what its checks need.
    """
    finished = subprocess.run(
        [str(ensure_environment()), "-I", str(PROGRAM), *checks],
        env=audited.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-4000:]
    told = json.loads(finished.stdout)
    assert told["read"].get("entra", {}).get("errors", []) == []
    return Verdict([Finding(**finding) for finding in told["findings"]], told["read"])
