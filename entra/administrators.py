"""Who administers the tenant and can be told by mail.

Source: Microsoft Graph, "List unifiedRoleAssignments", "List roleEligibilityScheduleInstances",
"List a group's transitive members". Errors: ``GraphError`` (see ``entra.errors``).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Administrator:
    """A person with an administrator's role and a mailbox."""

    id: str
    """Object id."""
    name: str
    """User principal name."""
    address: str
    """The mailbox (``mail``)."""
