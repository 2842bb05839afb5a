"""Log categories of the Entra diagnostic setting that the alarms need.

Source: Microsoft Learn, "Microsoft Entra diagnostic settings".
"""

from typing import Final

DEFAULT_CATEGORIES: Final = ("SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs")
"""A passkey sign-in that obtains a refresh token is only in the non-interactive log."""
CATEGORIES_WITHOUT_PREMIUM: Final = ("AuditLogs",)
"""The export of sign-in logs needs an Entra ID P1 licence, that of audit logs does not."""
