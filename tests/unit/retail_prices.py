"""A retail price service of the real one's shape on this machine, for tests.

Source: Microsoft Learn, "Azure Retail Prices overview": the answer's fields, `$filter` with `eq`
and `and`, pages of at most 1,000 items with a `NextPageLink`.
"""

import json
import re
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Item = dict[str, Any]
Answer = tuple[int, bytes]


def item(meter: str, price: float, **more: Any) -> Item:
    """One item of the answer, with every field that the real one has."""
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": price,
        "unitPrice": price,
        "armRegionName": "westeurope",
        "location": "EU West",
        "effectiveStartDate": "2026-01-01T00:00:00Z",
        "meterId": "8c8a2a9d-6d1d-4a4c-8d5e-1f7a4a5b6c7d",
        "meterName": meter,
        "productId": "DZH318Z0BNZH",
        "skuId": "DZH318Z0BNZH/0001",
        "productName": "Azure Monitor",
        "skuName": "Alerts",
        "serviceName": "Azure Monitor",
        "serviceId": "DZH31BXCVNN1",
        "serviceFamily": "Management and Governance",
        "unitOfMeasure": "1/Month",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": "",
        **more,
    }


def rule(minutes: int, price: float, **more: Any) -> Item:
    """An alert rule's meter."""
    return item(f"Alerts System Log Monitored at {minutes} Minute Frequency", price, **more)


def logs(meter: str, price: float, **more: Any) -> Item:
    """A meter of Log Analytics."""
    of_logs = {"serviceName": "Log Analytics", "skuName": "Analytics Logs", "unitOfMeasure": "1 GB"}
    return item(meter, price, **{**of_logs, **more})


@dataclass
class PriceService:
    """What the service has, and what it was asked."""

    items: list[Item]
    page_size: int = 1000
    url: str = ""
    requests: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    instead: Callable[[Mapping[str, str]], Answer | None] = lambda _: None
    """Answers in place of the service; None lets it answer."""

    def answer(self, query: Mapping[str, str]) -> Answer:
        """The page that a query asks for."""
        self.requests.append(query)
        if (other := self.instead(query)) is not None:
            return other
        wanted: list[tuple[str, str]] = re.findall(r"(\w+) eq '([^']*)'", query["$filter"])
        # In the filter the kind of price is called otherwise than in the answer.
        names = {"priceType": "type"}
        found = [
            one
            for one in self.items
            if all(one[names.get(name) or name] == value for name, value in wanted)
        ]
        skip = int(query.get("$skip", 0))
        page, left = found[skip : skip + self.page_size], len(found) - skip - self.page_size
        following = urlencode({**query, "$skip": skip + self.page_size})
        return 200, json.dumps(
            {
                "BillingCurrency": "USD",
                "CustomerEntityId": "Default",
                "CustomerEntityType": "Retail",
                "Items": page,
                "NextPageLink": f"{self.url}/api/retail/prices?{following}" if left > 0 else None,
                "Count": len(page),
            }
        ).encode()


@contextmanager
def price_service(*items: Item) -> Generator[PriceService]:
    """The service on a free port."""
    service = PriceService(list(items))

    class Face(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {str(name): values[0] for name, values in parse_qs(parts.query).items()}
            right = parts.path == "/api/retail/prices"
            status, body = service.answer(query) if right else (404, b"")
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Face)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
