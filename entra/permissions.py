"""Microsoft Graph application permissions: which we need for what, and how they are granted.

Source: Microsoft Graph permissions reference; "Grant tenant-wide admin consent to an application".
"""

from collections.abc import Sequence
from typing import Final

READ_POLICIES: Final = ("Policy.Read.All",)
"""To list Conditional Access policies."""
WRITE_POLICIES: Final = (
    "Policy.Read.All",
    "Policy.ReadWrite.ConditionalAccess",
    "Application.Read.All",
)
"""To write a policy's exclusions; the service also wants to look up the applications it names."""
READ_AUDIT_LOG: Final = ("AuditLog.Read.All", "Directory.Read.All")
"""To see who changed a policy; the service wants both."""
READ_METHODS: Final = ("UserAuthenticationMethod.Read.All",)
"""To see which authentication methods are registered to an account."""
READ_USERS: Final = ("User.Read.All",)
"""To see an account, its groups and the certificates mapped to it."""
READ_ROLES: Final = ("RoleManagement.Read.Directory",)
"""To see who holds which role, and until when."""
READ_THE_STACK: Final = (
    "Directory.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
)
"""To preview a whole stack and to change nothing: an identity for reviews. Who took an exclusion
out and which methods are registered take ``READ_AUDIT_LOG`` and ``READ_METHODS`` besides."""

_WHERE: Final = (
    "Entra admin centre → App registrations → API permissions → Microsoft Graph → Application"
    " permissions, then Grant admin consent"
)


def how_to_grant(permissions: Sequence[str]) -> str:
    """``grant it …`` for one permission or several, to end a message with."""
    names = ", ".join(permissions)
    one = len(permissions) == 1
    return f"grant the application permission{'' if one else 's'} {names} ({_WHERE})"
