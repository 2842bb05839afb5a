"""Current list prices from Azure's public retail price API.

Source: Microsoft Learn, "Azure Retail Prices overview": `$filter` with case-sensitive values, at
most 1,000 items a page, `NextPageLink` to the next one, no sign-in. Names of the meters: "Azure
Monitor cost and usage" and published answers of the API. Its `tierMinimumUnits` are counted in
`unitOfMeasure` (`10` for webhooks: observed by others against the pricing page). Not in the API:
the licence. Currency is US dollars, in which Microsoft sets the prices.

PricesUnavailable        no price was got, and why
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError, DecodeError
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    ProxyPolicy,
    RedirectPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerting.price_list import LIST_PRICES, Meter, Price, PriceList

SERVICE: Final = "https://prices.azure.com"
_PATH: Final = "/api/retail/prices"
_API_VERSION: Final = "2023-01-01-preview"
_SERVICES: Final = ("Azure Monitor", "Log Analytics")
_CONNECTION_SECONDS, _READ_SECONDS = 4, 20
_MOST_PAGES: Final = 20

_METERS: Final[Mapping[str, Meter]] = {
    "Alerts System Log Monitored at 1 Minute Frequency": Meter.RULE_EVERY_MINUTE,
    "Alerts System Log Monitored at 5 Minute Frequency": Meter.RULE_EVERY_5_MINUTES,
    "Alerts System Log Monitored at 10 Minute Frequency": Meter.RULE_EVERY_10_MINUTES,
    "Alerts System Log Monitored at 15 Minute Frequency": Meter.RULE_EVERY_15_MINUTES,
    "Alerts Resource Monitored at 1 Minute Frequency": Meter.SERIES_EVERY_MINUTE,
    "Alerts Resource Monitored at 5 Minute Frequency": Meter.SERIES_EVERY_5_MINUTES,
    "Alerts Resource Monitored at 10 Minute Frequency": Meter.SERIES_EVERY_10_MINUTES,
    "Alerts Resource Monitored at 15 Minute Frequency": Meter.SERIES_EVERY_15_MINUTES,
    # The same meter under the names that it had one after the other.
    "Pay-as-you-go Data Ingestion": Meter.INGESTION,
    "Analytics Logs Data Analyzed": Meter.INGESTION,
    "Analytics Logs Data Ingestion": Meter.INGESTION,
    "Pay-as-you-go Data Retention": Meter.RETENTION,
    "Analytics Logs Data Retention": Meter.RETENTION,
    "Notifications Push Notification": Meter.PUSH,
    "Notifications Web hook": Meter.WEBHOOK,
}
_MAIL: Final = "Emails"
_SMS: Final = re.compile(r"SMS Country Code (\d+)")
_CALL: Final = re.compile(r"Voice Calls? Country Code (\d+)")
_CALL_UNITED_STATES: Final = "Voice Calls"
_UNIT: Final = re.compile(r"(\d+)\s*([KM]?)\b")
Key = TypeVar("Key")
_FACTORS: Final = {"": 1, "K": 1_000, "M": 1_000_000}


class PricesUnavailable(Exception):  # noqa: N818  (a sentence for the user)
    """One line: why there are no live prices."""


class _Item(BaseModel):
    """What is used of an item. Its prices are of `unitOfMeasure`, as its tier is."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    meter_name: str = Field(alias="meterName")
    sku_name: str = Field(alias="skuName")
    price: float = Field(alias="retailPrice", ge=0, allow_inf_nan=False)
    tier: float = Field(alias="tierMinimumUnits", ge=0, allow_inf_nan=False)
    unit: str = Field(alias="unitOfMeasure")
    currency: str = Field(alias="currencyCode")

    @property
    def units(self) -> int:
        """How many single units the price is for: 1 for `1 GB` and `1/Month`, 100,000 for `100K`; 0
        for a unit that is no number.
        """
        found = _UNIT.match(self.unit)
        return int(found[1]) * _FACTORS[found[2]] if found else 0


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    items: list[_Item] = Field(alias="Items")
    next_page: str | None = Field(default=None, alias="NextPageLink")


def live_prices(
    region: str,
    *,
    service: str = SERVICE,
    certificates: str | None = None,
    retries: int = 2,
    today: date | None = None,
) -> PriceList:
    """The program's table with every price that the API has for the region put in its place.

    `region`: as in `westeurope`. `certificates`: a PEM file of trusted authorities. A meter that
    the API does not list keeps the table's price and its date. Raises PricesUnavailable.
    """
    try:
        with _client(service, certificates, retries) as client:
            items = [one for name in _SERVICES for one in _items(client, service, name, region)]
    except (ValidationError, DecodeError, ValueError):
        raise PricesUnavailable(f"{service} answered what is no price list") from None
    except AzureError as error:
        raise PricesUnavailable(f"{service} gives no prices ({type(error).__name__})") from None
    return _table(items, region, (today or datetime.now(UTC).date()).isoformat())


def _client(service: str, certificates: str | None, retries: int) -> "PipelineClient[Any, Any]":
    return PipelineClient(
        service,
        policies=[
            UserAgentPolicy("break-glass"),
            ProxyPolicy(),
            RedirectPolicy(),
            RetryPolicy(retry_total=retries, retry_backoff_max=5, timeout=60),
            ContentDecodePolicy(),
        ],
        connection_timeout=_CONNECTION_SECONDS,
        read_timeout=_READ_SECONDS,
        connection_verify=certificates or True,
    )


def _items(
    client: "PipelineClient[Any, Any]", service: str, name: str, region: str
) -> Iterator[_Item]:
    """Every consumption price of one service in a region, page by page."""
    wanted = f"serviceName eq '{name}' and armRegionName eq '{region}'"
    query = {
        "api-version": _API_VERSION,
        "currencyCode": f"'{LIST_PRICES.currency}'",
        "$filter": f"{wanted} and priceType eq 'Consumption'",
    }
    request = HttpRequest("GET", f"{service}{_PATH}", params=query)
    for _ in range(_MOST_PAGES):
        answer: HttpResponse = client.send_request(request)
        if answer.status_code != 200:
            raise PricesUnavailable(f"{service} answered {answer.status_code}")
        page = _Page.model_validate_json(answer.content)
        yield from page.items
        if not page.next_page:
            return
        if urlsplit(page.next_page).hostname != urlsplit(service).hostname:
            raise PricesUnavailable(f"{service} sends on to another host")
        request = HttpRequest("GET", page.next_page)
    raise PricesUnavailable(f"{service} has no end of pages")


def _table(items: Iterable[_Item], region: str, today: str) -> PriceList:
    """The program's table with what was found in its place."""
    priced: dict[str, list[_Item]] = {}
    for item in items:
        if item.currency == LIST_PRICES.currency:
            priced.setdefault(item.meter_name, []).append(item)
    found = {
        tiers[0].meter_name: (tiers[0].sku_name, price)
        for tiers in priced.values()
        if (price := _price(tiers, today)) is not None
    }
    meters = {meter: found[name][1] for name, meter in _METERS.items() if name in found}
    sms: dict[str, Price] = {}
    calls: dict[str, Price] = {}
    for name, (sku, price) in found.items():
        if sku == _MAIL:
            meters[Meter.EMAIL] = price
        elif code := _SMS.search(sku):
            sms[code[1]] = price
        elif code := _CALL.search(name):
            calls[code[1]] = price
        elif name.startswith(_CALL_UNITED_STATES):
            calls["1"] = price
    if not meters:
        raise PricesUnavailable(f"it has no price of Azure Monitor in region {region!r}")
    return PriceList(
        currency=LIST_PRICES.currency,
        date=today,
        source=f"Azure's retail prices for {region}",
        prices={**_dated(LIST_PRICES.prices), **meters},
        sms={**_dated(LIST_PRICES.sms), **sms},
        calls={**_dated(LIST_PRICES.calls), **calls},
    )


def _price(tiers: Iterable[_Item], today: str) -> Price | None:
    """What the first units that are not free cost; None when all of them are free, or their unit
    cannot be read.

    Later tiers begin at volumes that no alarm reaches.
    """
    paid = sorted((one for one in tiers if one.price and one.units), key=lambda one: one.tier)
    if not paid:
        return None
    first = paid[0]
    return Price(first.price / first.units, free=first.tier * first.units, date=today)


def _dated(prices: Mapping[Key, Price]) -> dict[Key, Price]:
    """The table's own prices, each with its date."""
    date_of_table = LIST_PRICES.date
    return {key: replace(one, date=one.date or date_of_table) for key, one in prices.items()}
