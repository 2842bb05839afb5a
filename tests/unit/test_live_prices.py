"""Current prices from a retail price service of the real one's shape."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from alerting.cost import CostPlan, PlannedRule, estimate
from alerting.price_list import LIST_PRICES, Meter, Price, PriceList
from cli.live_prices import PricesUnavailable, live_prices
from tests.unit.retail_prices import PriceService, item, logs, price_service, rule

TODAY = date(2026, 11, 23)


@pytest.fixture
def service() -> Iterator[PriceService]:
    with price_service(rule(5, 1.65), logs("Analytics Logs Data Ingestion", 2.99)) as found:
        yield found


def read(service: PriceService, region: str = "westeurope") -> PriceList:
    return live_prices(region, service=service.url, retries=0, today=TODAY)


def test_prices_of_the_region_take_the_place_of_the_tables(service: PriceService) -> None:
    service.items.append(rule(5, 9.99, armRegionName="eastus"))
    found = read(service)
    assert found.prices[Meter.RULE_EVERY_5_MINUTES] == Price(1.65, date="2026-11-23")
    assert found.prices[Meter.INGESTION].amount == 2.99
    assert (found.date, "westeurope" in found.source) == ("2026-11-23", True)


def test_what_the_service_does_not_list_keeps_the_tables_price_and_its_date(
    service: PriceService,
) -> None:
    found = read(service)
    licence = LIST_PRICES.prices[Meter.LICENCE]
    assert found.prices[Meter.LICENCE] == Price(licence.amount, date=LIST_PRICES.date)
    assert set(found.prices) == set(Meter)


def test_the_service_is_asked_as_its_documentation_says(service: PriceService) -> None:
    read(service)
    assert [query["$filter"] for query in service.requests] == [
        f"serviceName eq '{name}' and armRegionName eq 'westeurope' and priceType eq 'Consumption'"
        for name in ("Azure Monitor", "Log Analytics")
    ]
    assert {query["currencyCode"] for query in service.requests} == {"'USD'"}
    assert all("api-version" in query for query in service.requests)


def test_a_rules_further_time_series_have_a_price_of_the_day(service: PriceService) -> None:
    minutes = (1, 5, 10, 15)
    service.items += [
        item(f"Alerts Resource Monitored at {one} Minute Frequency", one / 100) for one in minutes
    ]
    found = read(service)
    assert [found.of_time_series(one).amount for one in minutes] == [0.01, 0.05, 0.1, 0.15]


def test_reservations_are_no_price(service: PriceService) -> None:
    service.items.append(rule(10, 0.01, type="Reservation"))
    table = LIST_PRICES.prices[Meter.RULE_EVERY_10_MINUTES]
    assert read(service).prices[Meter.RULE_EVERY_10_MINUTES].amount == table.amount


def test_every_page_is_read(service: PriceService) -> None:
    service.page_size = 1
    service.items += [rule(minutes, minutes / 100) for minutes in (1, 10, 15)]
    found = read(service)
    assert len(service.requests) == 5
    assert found.prices[Meter.RULE_EVERY_15_MINUTES].amount == 0.15


def test_a_free_share_is_a_tier_of_its_own(service: PriceService) -> None:
    service.items[1]["tierMinimumUnits"] = 10.0
    service.items.append(logs("Analytics Logs Data Ingestion", 0.0))
    dear = logs("Analytics Logs Data Ingestion", 1.11, tierMinimumUnits=5000.0)
    service.items.append(dear)
    price = read(service).prices[Meter.INGESTION]
    assert (price.amount, price.free) == (2.99, 10.0)


def test_a_price_of_many_units_is_the_price_of_one(service: PriceService) -> None:
    hooks = {"skuName": "Notifications", "unitOfMeasure": "10", "tierMinimumUnits": 10_000.0}
    mails = {"skuName": "Emails", "unitOfMeasure": "100K", "tierMinimumUnits": 0.01}
    service.items.append(item("Notifications Web hook", 0.000006, **hooks))
    service.items.append(item("Emails", 2.0, **mails))
    found = read(service).prices
    assert found[Meter.WEBHOOK].amount == pytest.approx(0.0000006)
    assert found[Meter.WEBHOOK].free == 100_000
    assert found[Meter.EMAIL].amount == pytest.approx(0.00002)
    assert found[Meter.EMAIL].free == pytest.approx(1000)


def test_calls_and_short_messages_have_the_price_of_their_country(service: PriceService) -> None:
    one = {"unitOfMeasure": "1"}
    service.items += [
        item("SMS Country Code 49 Notification", 0.11, skuName="SMS Country Code 49", **one),
        item("Voice Calls Voice Call Country Code 49", 0.22, skuName="Voice Calls", **one),
        item("Voice Calls Voice Call", 0.0, skuName="Voice Calls", **one),
        item("Voice Calls Voice Call", 0.03, skuName="Voice Calls", tierMinimumUnits=10.0, **one),
    ]
    found = read(service)
    assert (found.of_sms("49").amount, found.of_call("49").amount) == (0.11, 0.22)
    assert (found.of_call("1").amount, found.of_call("1").free) == (0.03, 10)
    assert found.of_sms("351") == found.prices[Meter.SMS]


@pytest.mark.parametrize(
    "names",
    [
        ("Analytics Logs Data Analyzed", "Analytics Logs Data Ingestion"),
        ("Pay-as-you-go Data Ingestion", "Analytics Logs Data Ingestion"),
        ("Pay-as-you-go Data Ingestion", "Analytics Logs Data Analyzed"),
    ],
)
def test_of_a_meter_that_was_renamed_the_newest_name_counts(names: tuple[str, str]) -> None:
    old, new = names
    with price_service(rule(5, 1.5), logs(new, 3.0), logs(old, 2.0)) as service:
        assert read(service).prices[Meter.INGESTION].amount == 3.0


def test_an_estimate_says_of_each_line_when_its_price_was_read(service: PriceService) -> None:
    plan = CostPlan(rules=[PlannedRule("used", 5)], emails=1, licence_missing=True)
    found = estimate(plan, read(service))
    assert [line.price_date for line in found.lines] == ["2026-11-23", "2023-03", "2026-07"]
    assert found.lines[0].monthly == 1.65


def answers(status: int, body: bytes) -> Any:
    def answer(_query: object) -> tuple[int, bytes]:
        return status, body

    return answer


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (answers(503, b""), "answered 503"),
        (answers(429, b""), "answered 429"),
        (answers(200, b"<html>"), "no price list"),
        (answers(200, b'{"Items": [{"meterName": 5}]}'), "no price list"),
        (answers(200, b'{"Items": []}'), "no price of Azure Monitor in region 'westeurope'"),
        (
            answers(200, b'{"Items": [], "NextPageLink": "https://prices.example.net/more"}'),
            "another host",
        ),
        (answers(200, b""), "no price list"),
    ],
    ids=["down", "throttled", "no JSON", "other shape", "nothing", "elsewhere", "empty"],
)
def test_an_answer_that_is_no_price_list_is_one_line(
    service: PriceService, instead: Any, words: str
) -> None:
    service.instead = instead
    with pytest.raises(PricesUnavailable) as failed:
        read(service)
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)


def test_pages_without_an_end_are_given_up(service: PriceService) -> None:
    more = f'{{"Items": [], "NextPageLink": "{service.url}/api/retail/prices?again=1"}}'.encode()
    service.instead = answers(200, more)
    with pytest.raises(PricesUnavailable, match="no end of pages"):
        read(service)
    assert len(service.requests) == 20


@pytest.mark.parametrize("unit", ["", "0", "each"])
def test_a_price_whose_unit_cannot_be_read_is_not_taken(service: PriceService, unit: str) -> None:
    service.items[0]["unitOfMeasure"] = unit
    assert read(service).prices[Meter.RULE_EVERY_5_MINUTES].amount == 1.5


def test_a_price_in_another_currency_is_not_taken(service: PriceService) -> None:
    service.items.append(rule(10, 0.9, currencyCode="EUR"))
    assert read(service).prices[Meter.RULE_EVERY_10_MINUTES].amount == 1.0


def test_a_service_that_is_not_there_is_one_line(service: PriceService) -> None:
    nowhere = "http://127.0.0.1:9"
    del service
    with pytest.raises(PricesUnavailable, match="gives no prices"):
        live_prices("westeurope", service=nowhere, retries=0)
