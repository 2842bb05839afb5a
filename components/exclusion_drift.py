"""Who took our entries out of a policy, as far as the tenant's audit log says."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol


class LastChange(Protocol):
    """The newest change of a policy by somebody else (``entra.audit_log.PolicyChange``)."""

    @property
    def by(self) -> str:
        """``ada@contoso.com`` or ``application 'Deployments'``."""
        ...

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        ...


class PolicyAudit(Protocol):
    """What the component asks of ``entra.audit_log.AuditLog``."""

    def last_changes(self, policy_ids: Collection[str]) -> Mapping[str, LastChange]:
        """The newest change of each policy by somebody else. Raises EntraError."""
        ...
