"""The silence alert by itself: nothing arrived for a day, whatever tables there are."""

from typing import Any

import pytest

from alerting.silence_alert import silence_alert_query
from alerting.use_alert import SIGN_IN_TABLES
from tests.kusto.logged import answer, row

DAY = 24 * 60


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"SigninLogs": []},
        {"SigninLogs": [row(arrived=DAY + 1, happened=DAY + 5)]},
        {table: [row(arrived=DAY + 1, happened=DAY + 5)] for table in SIGN_IN_TABLES},
    ],
)
def test_a_day_without_a_row_is_one_row_whatever_tables_exist(tables: dict[str, Any]) -> None:
    (told,) = answer(silence_alert_query(customer="Contoso", runbook="r"), tables)
    assert told["SignIns"] == 0
    assert "for a day" in told["Finding"]
    assert (told["Customer"], told["Runbook"]) == ("Contoso", "r")


@pytest.mark.parametrize("table", SIGN_IN_TABLES)
@pytest.mark.parametrize("happened", [DAY - 1, DAY + 600])
def test_one_row_that_arrived_in_time_is_enough_however_old(table: str, happened: float) -> None:
    rows = {table: [row(arrived=DAY - 1, happened=happened)]}
    assert answer(silence_alert_query(), rows) == []
