"""What the alert rules and the logs of a tenant would have cost in Azure.

Prices are list prices in US dollars of November 2026, from memory of the page "Azure Monitor
pricing": assumptions, good for the order of magnitude. The live figures are in Azure's public
retail prices. A rule split by dimensions costs more for each further time series, which is not
counted; activity log alerts cost nothing.
"""

from collections.abc import Mapping
from typing import Any

CURRENCY = "USD"
AS_OF = "2026-11"
SOURCE = "Azure Monitor pricing, list prices (assumed)"

MONTHLY_BY_FREQUENCY = ((60, 3.00), (300, 1.50), (600, 1.00))
"""A rule costs this a month when it runs at least so often (seconds); rarer ones cost `RARE`."""

RARE = 0.50
PER_GIGABYTE = 2.30
FREE_GIGABYTES = 5.0
"""Per month and billing account."""

MONTH_SECONDS = 730 * 3600.0


def monthly_price(frequency_seconds: int) -> float:
    """What a scheduled query rule costs in a month."""
    for seconds, price in MONTHLY_BY_FREQUENCY:
        if frequency_seconds <= seconds:
            return price
    return RARE


def ingestion(rows: int, size: int) -> Mapping[str, Any]:
    """What taking in rows of so many bytes costs, and what is left of it in a month's free share.

    The bytes are those of the rows as JSON, which is near to what Azure counts.
    """
    gigabytes = size / 1e9
    return {
        "rows": rows,
        "gigabytes": round(gigabytes, 9),
        "pricePerGigabyte": PER_GIGABYTE,
        "freeGigabytesPerMonth": FREE_GIGABYTES,
        "cost": round(gigabytes * PER_GIGABYTE, 6),
        "costBeyondFree": round(max(0.0, gigabytes - FREE_GIGABYTES) * PER_GIGABYTE, 6),
    }
