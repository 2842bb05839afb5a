"""prowler's own checks on a served tenant, run in prowler's own environment."""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.assessors.audited_tenant import audited
from tests.assessors.environment import ensure_environment
from tests.support.tenant import JSON

PROGRAM = Path(__file__).with_name("prowler_program.py")

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


class Prowler:
    """One process of prowler's that audits tenants one after the other; a context manager.

    Its libraries take longer to load than an audit takes.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (see __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._end()
        self._errors.close()

    def verdict_on(self, document: JSON, checks: Sequence[str] = CHECKS) -> Verdict:
        """Run prowler's checks on a tenant of this document.

        Raises:
            AssessorsUnavailableError: prowler cannot be installed.
            AssertionError: prowler failed, or could not read what its checks need.
        """
        with audited(document) as served:
            told = self._ask({"environment": served.environment(), "checks": list(checks)})
        assert told["read"].get("entra", {}).get("errors", []) == []
        return Verdict([Finding(**finding) for finding in told["findings"]], told["read"])

    def _ask(self, asked: JSON) -> JSON:
        if self._process is None:
            self._process = self._started(asked["environment"])
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        line = ""
        with suppress(OSError):
            writer.write(json.dumps(asked) + "\n")
            writer.flush()
            line = reader.readline()
        if not line:
            self._end()
            self._errors.seek(0)
            raise AssertionError(f"prowler ended: {self._errors.read()[-4000:]}")
        return json.loads(line)

    def _started(self, environment: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(ensure_environment()), "-I", str(PROGRAM)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    def _end(self) -> None:
        """Let the process end; the next tenant gets a new one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(OSError):
                process.communicate()
