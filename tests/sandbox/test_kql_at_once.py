"""Several tenants are asked at the same time, each in a thread of its own."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.tenant.monitor.kql_translation import translated

TABLES = ("AuditLogs", "SigninLogs")
QUERIES = [
    query.format(number)
    for number in range(1, 13)
    for query in (
        "SigninLogs | where TimeGenerated > ago({0}h) | summarize Last = max(ingestion_time())",
        "AuditLogs | summarize count() by OperationName | where count_ > {0} | extend Now = now()",
    )
]


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient_threads")
def test_queries_at_the_same_time_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(translated, query, TABLES) for query in QUERIES]
    assert [one.result().asks_for_time for one in found] == [True] * len(QUERIES)
