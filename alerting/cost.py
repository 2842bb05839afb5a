"""What the monitoring costs a month, line by line, with the price and what was assumed.

List prices, no agreement's discount. Not counted: queries by hand (free on Analytics tables), what
others send to an existing workspace, and its surcharges (a Sentinel workspace costs more per GB).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerting.log_volume import DAYS_OF_MONTH, gigabytes_a_month, volume
from alerting.price_list import LIST_PRICES, Meter, Price, PriceList

ALARMS_A_MONTH: Final = 10
"""Messages to each receiver that are counted: drills, our own runs, a real alarm. Assumed."""
INCLUDED_TIME_SERIES: Final = 1
"""In the price of a rule (Microsoft Learn, "Log alerts in Azure Monitor", Pricing model)."""
FREE_RETENTION_DAYS: Final = 31
"""Kept without charge (Microsoft Learn, "Azure Monitor Logs cost calculations and options")."""


@dataclass(frozen=True)
class PlannedRule:
    """A log search alert rule, by the name that its owner knows."""

    name: str
    frequency_minutes: int
    split: bool = False
    """Split by dimensions: each message is a time series of its own."""


@dataclass(frozen=True)
class CostPlan:
    """What is to be paid for."""

    rules: Sequence[PlannedRule] = ()
    categories: Sequence[str] = ()
    """Of the diagnostic setting."""
    sign_ins_per_day: int = 1000
    """Interactive ones, expected in the whole tenant."""
    retention_days: int = FREE_RETENTION_DAYS
    emails: int = 0
    """Receivers, in all action groups; likewise the next four."""
    sms: Sequence[str] = ()
    """Country codes of the numbers, one for each receiver: `("1", "49")`."""
    voice: Sequence[str] = ()
    push: int = 0
    webhooks: int = 0
    activity_alerts: int = 0
    licence_missing: bool = False
    """No Entra ID P1 licence was found, and one is needed."""
    existing_workspace: bool = False
    """The logs go to a workspace that is there already: its free share may be used up, and how long
    it keeps logs is its own affair."""
    existing_action_group: bool = False
    """The receivers are those of an action group that is there already."""


@dataclass(frozen=True)
class CostLine:
    """One line of the estimate. ``monthly`` is what it costs after the free units."""

    kind: str
    """What it is summed up under in one line: `alert rules`, `logs`, `messages`, `licence`."""
    what: str
    quantity: float
    unit_price: float
    monthly: float
    currency: str
    price_date: str
    assumption: str


@dataclass(frozen=True)
class Estimate:
    """The lines and their sum, in ``currency`` a month."""

    lines: tuple[CostLine, ...]
    currency: str
    price_date: str
    source: str

    @property
    def total(self) -> float:
        """The sum, to the cent."""
        return round(sum(line.monthly for line in self.lines), 2)

    def as_output(self) -> dict[str, Any]:
        """For the stack's outputs and for JSON."""
        return {
            "total": self.total,
            "currency": self.currency,
            "priceDate": self.price_date,
            "prices": self.source,
            "lines": [
                {
                    "kind": line.kind,
                    "what": line.what,
                    "quantity": line.quantity,
                    "unitPrice": line.unit_price,
                    "monthly": line.monthly,
                    "currency": line.currency,
                    "priceDate": line.price_date,
                    "assumption": line.assumption,
                }
                for line in self.lines
            ],
        }

    def summary(self) -> str:
        """One line for the preview: the sum, and what it is made of."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.kind] = sums.get(line.kind, 0.0) + line.monthly
        parts = ", ".join(f"{kind} {monthly:.2f}" for kind, monthly in sums.items())
        return (
            f"estimated cost: {self.total:.2f} {self.currency} a month"
            f" ({parts or 'nothing to pay'}; list prices of {self.price_date}; `breakglass cost`"
            " prints every line)"
        )


def estimate(plan: CostPlan, prices: PriceList = LIST_PRICES) -> Estimate:
    """What the plan costs a month at these prices. A plan of nothing costs nothing."""
    lines = (
        *_rules(plan, prices),
        *_time_series(plan, prices),
        *_activity_alerts(plan, prices),
        *_logs(plan, prices),
        *_messages(plan, prices),
        *_licence(plan, prices),
    )
    return Estimate(lines, prices.currency, prices.date, prices.source)


@dataclass(frozen=True)
class _Bill:
    """Makes the lines of one kind."""

    kind: str
    prices: PriceList

    def line(
        self, price: Price, what: str, quantity: float, assumption: str, *, free: float = 0.0
    ) -> CostLine:
        """``free``: how much of the quantity costs nothing."""
        return CostLine(
            kind=self.kind,
            what=what,
            quantity=round(quantity, 3),
            unit_price=price.amount,
            monthly=round(max(0.0, quantity - free) * price.amount, 4),
            currency=self.prices.currency,
            price_date=price.date or self.prices.date,
            assumption="; ".join(part for part in (assumption, price.assumed) if part),
        )


def _rules(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    bill = _Bill("alert rules", prices)
    for rule in plan.rules:
        what = f"alert rule '{rule.name}', {_every(rule.frequency_minutes)}"
        said = "one workspace, one time series"
        yield bill.line(prices.of_rule(rule.frequency_minutes), what, 1, said)


def _time_series(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    """One line for all rules: which of them the messages are of, nobody knows before.

    Counted as Microsoft writes it, by the month. A bill that was published charged hours: 0.0054
    months for two messages on one day.
    """
    split = [rule.frequency_minutes for rule in plan.rules if rule.split]
    if not split:
        return
    bill, price = _Bill("alert rules", prices), prices.of_time_series(min(split))
    said = (
        f"{ALARMS_A_MONTH} messages a month, each a time series that is charged for a whole month,"
        f" {INCLUDED_TIME_SERIES} of them in the rules' price: the most it can be; a bill that was"
        " published charged for hours, which is less than 0.01 in all"
    )
    what = "time series of the alarms' messages"
    yield bill.line(price, what, ALARMS_A_MONTH, said, free=INCLUDED_TIME_SERIES)


def _every(minutes: int) -> str:
    """How often, in words."""
    if minutes == 1:
        return "every minute"
    if minutes % 1440 == 0:
        return "every day" if minutes == 1440 else f"every {minutes // 1440} days"
    if minutes % 60 == 0:
        return "every hour" if minutes == 60 else f"every {minutes // 60} hours"
    return f"every {minutes} minutes"


def _logs(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    """One line for each category; the free gigabytes go to the first ones."""
    bill, price = _Bill("logs", prices), prices.prices[Meter.INGESTION]
    left = 0.0 if plan.existing_workspace else price.free
    for category in plan.categories:
        gigabytes = gigabytes_a_month(category, plan.sign_ins_per_day)
        said = f"{plan.sign_ins_per_day} sign-ins a day in the tenant, {_share(plan, price.free)}"
        what = f"logs taken in, {category} (GB)"
        yield bill.line(price, what, gigabytes, said, free=left)
        left = max(0.0, left - gigabytes)
    months = (plan.retention_days - FREE_RETENTION_DAYS) / DAYS_OF_MONTH
    if months > 0 and plan.categories and not plan.existing_workspace:
        kept = volume(plan.categories, plan.sign_ins_per_day) * months
        what = f"logs kept beyond {FREE_RETENTION_DAYS} days (GB)"
        said = f"{plan.retention_days} days, once so many have passed"
        yield bill.line(prices.prices[Meter.RETENTION], what, kept, said)


def _share(plan: CostPlan, free: float) -> str:
    if plan.existing_workspace:
        return f"the billing account's {free:g} free GB a month used up by others"
    return f"the billing account's {free:g} free GB a month used by nobody else"


def _messages(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    bill = _Bill("messages", prices)
    receivers = [
        (prices.prices[Meter.EMAIL], "e-mails", plan.emails),
        *((prices.of_sms(code), f"SMS to +{code}", n) for code, n in _by_country(plan.sms)),
        *((prices.of_call(code), f"calls to +{code}", n) for code, n in _by_country(plan.voice)),
        (prices.prices[Meter.PUSH], "push notifications", plan.push),
        (prices.prices[Meter.WEBHOOK], "webhooks", plan.webhooks),
    ]
    for price, what, number in receivers:
        if not number:
            continue
        told = f"{number} receiver{'s' if number > 1 else ''}, {ALARMS_A_MONTH} alarms a month"
        said = f"{told}, {price.free:,.0f} a month free" if price.free else told
        yield bill.line(price, what, number * ALARMS_A_MONTH, said, free=price.free)
    if plan.existing_action_group:
        said = "an existing action group, whose receivers are somebody else's: not counted"
        yield bill.line(Price(0.0), "messages", 0, said)


def _by_country(codes: Sequence[str]) -> list[tuple[str, int]]:
    """Numbers by country: each country code has its price."""
    return sorted(Counter(codes).items())


def _activity_alerts(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    if plan.activity_alerts:
        said = "Azure charges for their messages only"
        bill = _Bill("alert rules", prices)
        yield bill.line(Price(0.0), "activity log alerts", plan.activity_alerts, said)


def _licence(plan: CostPlan, prices: PriceList) -> Iterator[CostLine]:
    if plan.licence_missing:
        said = "one is enough to export sign-in logs and for a role-assignable group"
        bill = _Bill("licence", prices)
        yield bill.line(prices.prices[Meter.LICENCE], "Entra ID P1 licence", 1, said)
