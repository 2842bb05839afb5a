"""Entries that we had put into a policy and that somebody took out: what, how often, who.

The tenant's audit log is asked only when something was lost, and whatever it answers, the entries
are put back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from entra.errors import Forbidden
from entra.permissions import READ_AUDIT_LOG, how_to_grant
from entra.policy_change import NOT_IN_THE_LOG, Loss, PolicyChange, told_change


class PolicyAudit(Protocol):
    """What the component asks of ``entra.audit_log.AuditLog``."""

    def last_changes(self, losses: Mapping[str, Loss]) -> Mapping[str, PolicyChange]:
        """The change behind each loss, as far as the log shows it. Raises EntraError."""
        ...


_UNKNOWN: Final = "who changed them last is not known"


@dataclass(frozen=True)
class Culprits:
    """Who took our entries out of which policy."""

    changes: Mapping[str, PolicyChange]
    asked: bool = False
    """Whether the audit log was read: what it does not show is then said to be not in it."""
    unknown_because: str | None = None
    """Why the audit log told nothing, in one line; None when it was read, or not asked."""

    def told(self, policy_id: str) -> str:
        """``; the policy was changed by ada@contoso.com on …``; empty if the log was not read."""
        change = self.changes.get(policy_id)
        if change is not None:
            return f"; the policy was changed {told_change(change)}"
        return f"; {NOT_IN_THE_LOG}" if self.asked else ""


def find_culprits(audit: PolicyAudit | None, losses: Mapping[str, Loss]) -> Culprits:
    """Who took our entries out of these policies. Asks once for all of them, nothing for none."""
    if audit is None or not losses:
        return Culprits({})
    try:
        return Culprits(audit.last_changes(losses), asked=True)
    except Forbidden:
        reason = f"this application may not read the audit log: {how_to_grant(READ_AUDIT_LOG)}"
        return Culprits({}, unknown_because=f"{_UNKNOWN}, {reason}")
    except Exception as error:  # noqa: BLE001 (a look-up for a message must not stop the healing)
        return Culprits({}, unknown_because=f"{_UNKNOWN}: {' '.join(str(error).split())}")
