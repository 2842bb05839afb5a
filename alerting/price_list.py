"""List prices of what the monitoring uses, as a table that needs no network.

Sources, by meter (``Meter``):
- the names of the meters: Microsoft Learn, "Azure Monitor cost and usage";
- alert rules, taking in and keeping logs: answers of the public retail price API for East US that
  were published in July 2026. Alert rules cost the same everywhere, logs up to a third more in
  other regions (assumed; `breakglass cost --live` takes the region's price);
- notifications: test results of an open cost estimator that reads the same API. SMS is known for
  country codes 1 and 34, voice for 64 and 86; ``SMS_ABROAD`` and ``VOICE_ABROAD`` take the dearest
  of them for every other country, and ``VOICE_UNITED_STATES`` is assumed;
- the licence: published price lists of 2026; the retail price API has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Meter(Enum):
    """What Azure counts. The value is the words of a cost table."""

    RULE_EVERY_MINUTE = "alert rule, every minute"
    RULE_EVERY_5_MINUTES = "alert rule, every 5 minutes"
    RULE_EVERY_10_MINUTES = "alert rule, every 10 minutes"
    RULE_EVERY_15_MINUTES = "alert rule, every 15 minutes or less often"
    INGESTION = "taking in logs (GB)"
    RETENTION = "keeping logs beyond 31 days (GB and month)"
    EMAIL = "e-mail"
    SMS_UNITED_STATES = "SMS, country code 1"
    SMS_ABROAD = "SMS, other countries"
    VOICE_UNITED_STATES = "voice call, country code 1"
    VOICE_ABROAD = "voice call, other countries"
    PUSH = "push notification"
    WEBHOOK = "webhook"
    LICENCE = "Entra ID P1 licence"


@dataclass(frozen=True)
class Price:
    """A list price: of one unit, after so many free ones each month."""

    amount: float
    free: float = 0.0
    assumed: str = ""
    """What about it is not from a price list; empty when nothing."""


@dataclass(frozen=True)
class PriceList:
    """Prices in one currency. ``date`` says when they were read: a day or a month."""

    currency: str
    date: str
    source: str
    region: str
    """Azure region of the prices that differ by region."""
    prices: Mapping[Meter, Price]
    """Every meter has one."""
    dates: Mapping[Meter, str]
    """Of the prices that are of another date than ``date``."""

    def date_of(self, meter: Meter) -> str:
        """When this price was read."""
        return self.dates.get(meter, self.date)


LIST_PRICES: Final = PriceList(
    currency="USD",
    date="2026-07",
    source="list prices that come with the program",
    region="eastus",
    prices={
        Meter.RULE_EVERY_MINUTE: Price(3.00),
        Meter.RULE_EVERY_5_MINUTES: Price(1.50),
        Meter.RULE_EVERY_10_MINUTES: Price(1.00),
        Meter.RULE_EVERY_15_MINUTES: Price(0.50),
        Meter.INGESTION: Price(2.30, free=5.0, assumed="price of East US"),
        Meter.RETENTION: Price(0.10, assumed="price of East US"),
        Meter.EMAIL: Price(0.00002, free=1000),
        Meter.SMS_UNITED_STATES: Price(0.00645, free=100),
        Meter.SMS_ABROAD: Price(0.088, assumed="price of country code 34"),
        Meter.VOICE_UNITED_STATES: Price(0.05, free=10, assumed="price assumed"),
        Meter.VOICE_ABROAD: Price(0.08, assumed="price of country code 64"),
        Meter.PUSH: Price(0.00002, free=1000),
        Meter.WEBHOOK: Price(0.000006, free=10_000),
        Meter.LICENCE: Price(6.00),
    },
    dates={},
)
"""Without a network. See the module's docstring for where each price is from."""


def meter_of_rule(frequency_minutes: int) -> Meter:
    """The meter of a log search alert rule in one workspace that is not split by dimensions.

    Source: Microsoft Learn, "Azure Monitor cost and usage": meters for 1, 5, 10 and 15 minutes; a
    frequency between two is counted as the more frequent one.
    """
    steps = (
        (1, Meter.RULE_EVERY_MINUTE),
        (5, Meter.RULE_EVERY_5_MINUTES),
        (10, Meter.RULE_EVERY_10_MINUTES),
    )
    for minutes, meter in steps:
        if frequency_minutes <= minutes:
            return meter
    return Meter.RULE_EVERY_15_MINUTES
