"""Entries that we had put into a policy and that somebody took out: what, how often, who.

The tenant's audit log is asked only when something was lost, and whatever it answers, the entries
are put back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from entra.audit_log import PolicyChange, told_change
from entra.errors import Forbidden
from entra.permissions import READ_AUDIT_LOG, how_to_grant


class PolicyAudit(Protocol):
    """What the component asks of ``entra.audit_log.AuditLog``."""

    def last_changes(self, policy_ids: Collection[str]) -> Mapping[str, PolicyChange]:
        """The newest change of each policy by somebody else. Raises EntraError."""
        ...


@dataclass(frozen=True)
class Culprits:
    """Who changed which policy last."""

    changes: Mapping[str, PolicyChange]
    unknown_because: str | None = None
    """Why the audit log told nothing, in one line; None when it was read, or not asked."""

    def told(self, policy_id: str) -> str:
        """``; the policy was last changed by ada@contoso.com on …``; empty if nobody knows."""
        change = self.changes.get(policy_id)
        return f"; the policy was last changed {told_change(change)}" if change else ""


def find_culprits(audit: PolicyAudit | None, policy_ids: Collection[str]) -> Culprits:
    """Who changed these policies last. Asks once for all of them, nothing for none."""
    if audit is None or not policy_ids:
        return Culprits({})
    try:
        return Culprits(audit.last_changes(policy_ids))
    except Forbidden:
        return Culprits(
            {},
            "who changed them last is not known, this application may not read the audit log:"
            f" {how_to_grant(READ_AUDIT_LOG)}",
        )
    except Exception as error:  # noqa: BLE001 (a look-up for a message must not stop the healing)
        reason = " ".join(str(error).split())
        return Culprits({}, f"who changed them last is not known: {reason}")
