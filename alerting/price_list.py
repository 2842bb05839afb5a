"""List prices of what the monitoring uses, as a table that needs no network.

Where each price is from:
- names of the meters: Microsoft Learn, "Azure Monitor cost and usage";
- alert rules, taking in and keeping logs: answers of the public retail price API for East US that
  were published in July and October 2026. Alert rules cost the same everywhere; logs differ by
  region (`breakglass cost --live` takes the region's price);
- a rule's further time series: the dearest of them and the one of 15 minutes in such answers of
  July and October 2026, the two between in test results of an open cost estimator that read the
  same API: a tenth of the rule's price each;
- notifications: test results of an open cost estimator that read the same API in March 2023. Known
  so are country codes 1 and 34 for SMS, 64 and 86 for calls; every other country is assumed to cost
  what the dearest of them does, and the price of a call to country code 1 is assumed. The free
  webhooks are those of the page "Azure Monitor pricing";
- the licence: price lists published in 2026. The retail price API has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Meter(Enum):
    """What Azure counts."""

    RULE_EVERY_MINUTE = "alert rule, every minute"
    RULE_EVERY_5_MINUTES = "alert rule, every 5 minutes"
    RULE_EVERY_10_MINUTES = "alert rule, every 10 minutes"
    RULE_EVERY_15_MINUTES = "alert rule, every 15 minutes or less often"
    SERIES_EVERY_MINUTE = "time series of a rule, every minute"
    SERIES_EVERY_5_MINUTES = "time series of a rule, every 5 minutes"
    SERIES_EVERY_10_MINUTES = "time series of a rule, every 10 minutes"
    SERIES_EVERY_15_MINUTES = "time series of a rule, every 15 minutes or less often"
    INGESTION = "taking in logs, GB"
    RETENTION = "keeping logs beyond 31 days, GB and month"
    EMAIL = "e-mail"
    SMS = "SMS to a country without a price of its own"
    CALL = "call to a country without a price of its own"
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
    date: str = ""
    """When it was read; empty: as the list says."""


@dataclass(frozen=True)
class PriceList:
    """Prices in one currency. ``date`` says when they were read: a day or a month."""

    currency: str
    date: str
    source: str
    prices: Mapping[Meter, Price]
    """Every meter has one."""
    sms: Mapping[str, Price]
    """By country code: `"49"`."""
    calls: Mapping[str, Price]
    """Likewise."""

    def of_rule(self, frequency_minutes: int) -> Price:
        """A log search alert rule over one workspace, its first time series included.

        Source: Microsoft Learn, "Azure Monitor cost and usage": meters for 1, 5, 10 and 15 minutes.
        A frequency between two is counted as the more frequent one.
        """
        return self.prices[_meter_of(_RULES, frequency_minutes)]

    def of_time_series(self, frequency_minutes: int) -> Price:
        """A month of a further time series of such a rule.

        A rule that is split by dimensions has one for each combination of values, here: for each
        message. Its meter is "Alerts Resource Monitored at … Minute Frequency" (Microsoft Learn,
        "Azure Monitor cost and usage"; "Log alerts in Azure Monitor", Pricing model).
        """
        return self.prices[_meter_of(_TIME_SERIES, frequency_minutes)]

    def of_sms(self, country_code: str) -> Price:
        """A short message to a number of that country."""
        return self.sms.get(country_code, self.prices[Meter.SMS])

    def of_call(self, country_code: str) -> Price:
        """A voice call to a number of that country."""
        return self.calls.get(country_code, self.prices[Meter.CALL])


_Steps = tuple[tuple[int, Meter], ...]
_RULES: Final[_Steps] = (
    (1, Meter.RULE_EVERY_MINUTE),
    (5, Meter.RULE_EVERY_5_MINUTES),
    (10, Meter.RULE_EVERY_10_MINUTES),
    (15, Meter.RULE_EVERY_15_MINUTES),
)
_TIME_SERIES: Final[_Steps] = (
    (1, Meter.SERIES_EVERY_MINUTE),
    (5, Meter.SERIES_EVERY_5_MINUTES),
    (10, Meter.SERIES_EVERY_10_MINUTES),
    (15, Meter.SERIES_EVERY_15_MINUTES),
)


def _meter_of(steps: _Steps, frequency_minutes: int) -> Meter:
    return next((meter for most, meter in steps if frequency_minutes <= most), steps[-1][1])


_NOTIFICATIONS: Final = "2023-03"

LIST_PRICES: Final = PriceList(
    currency="USD",
    date="2026-07",
    source="the program's own table",
    prices={
        Meter.RULE_EVERY_MINUTE: Price(3.00),
        Meter.RULE_EVERY_5_MINUTES: Price(1.50),
        Meter.RULE_EVERY_10_MINUTES: Price(1.00),
        Meter.RULE_EVERY_15_MINUTES: Price(0.50),
        Meter.SERIES_EVERY_MINUTE: Price(0.30),
        Meter.SERIES_EVERY_5_MINUTES: Price(0.15),
        Meter.SERIES_EVERY_10_MINUTES: Price(0.10),
        Meter.SERIES_EVERY_15_MINUTES: Price(0.05),
        Meter.INGESTION: Price(2.30, free=5, assumed="price of East US"),
        Meter.RETENTION: Price(0.10, assumed="price of East US"),
        Meter.EMAIL: Price(0.00002, free=1000, date=_NOTIFICATIONS),
        Meter.SMS: Price(0.088, assumed="price of country code 34", date=_NOTIFICATIONS),
        Meter.CALL: Price(0.08, assumed="price of country code 64", date=_NOTIFICATIONS),
        Meter.PUSH: Price(0.00002, free=1000, date=_NOTIFICATIONS),
        Meter.WEBHOOK: Price(0.0000006, free=100_000, date=_NOTIFICATIONS),
        Meter.LICENCE: Price(6.00),
    },
    sms={
        "1": Price(0.00645, free=100, date=_NOTIFICATIONS),
        "34": Price(0.088, date=_NOTIFICATIONS),
    },
    calls={
        "1": Price(0.05, free=10, assumed="price assumed", date=_NOTIFICATIONS),
        "64": Price(0.08, date=_NOTIFICATIONS),
        "86": Price(0.06, date=_NOTIFICATIONS),
    },
)
"""Without a network. See the module's docstring for where each price is from."""
