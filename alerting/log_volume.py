"""How much a tenant's logs weigh, from the sign-ins that are expected in a day.

From Microsoft Learn, "Azure AD activity logs in Azure Monitor", cost considerations: an audit event
has 2 KB; a tenant of 1,000 users has 15,000 of them a day and 34,800 sign-ins of 4 GB a month. How
many rows of the other categories come with a sign-in depends on the tenant: assumptions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

DAYS_OF_MONTH: Final = 365 / 12
BYTES_OF_GIGABYTE: Final = 1e9


@dataclass(frozen=True)
class Rows:
    """What a category adds: rows for each interactive sign-in, and the bytes of a row."""

    per_sign_in: float
    size: int


ROWS_BY_CATEGORY: Final[Mapping[str, Rows]] = {
    "SignInLogs": Rows(1.0, 4000),
    "NonInteractiveUserSignInLogs": Rows(6.0, 4000),
    "AuditLogs": Rows(0.4, 2000),
    "ServicePrincipalSignInLogs": Rows(3.0, 2000),
    "ManagedIdentitySignInLogs": Rows(1.0, 2000),
    "ADFSSignInLogs": Rows(0.5, 4000),
    "MicrosoftGraphActivityLogs": Rows(40.0, 1500),
    "NetworkAccessTrafficLogs": Rows(200.0, 1500),
    "EnrichedOffice365AuditLogs": Rows(10.0, 2000),
}
OTHERS: Final = Rows(0.1, 2000)
"""Of categories that only speak of risk, provisioning and health."""


def gigabytes_a_month(category: str, sign_ins_per_day: int) -> float:
    """Gigabytes that one category of the diagnostic setting sends in a month."""
    rows = ROWS_BY_CATEGORY.get(category, OTHERS)
    daily = sign_ins_per_day * rows.per_sign_in * rows.size
    return daily * DAYS_OF_MONTH / BYTES_OF_GIGABYTE


def volume(categories: Iterable[str], sign_ins_per_day: int) -> float:
    """Gigabytes of all of them."""
    return sum(gigabytes_a_month(category, sign_ins_per_day) for category in categories)
