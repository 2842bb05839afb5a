"""What the monitoring costs: rules, logs, messages and the licence, at list prices."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.cost import ALARMS_A_MONTH, CostLine, CostPlan, PlannedRule, estimate
from alerting.log_volume import ROWS_BY_CATEGORY, gigabytes_a_month, volume
from alerting.price_list import LIST_PRICES, Meter
from alerting.schedules import FREQUENCIES_MINUTES
from sandbox.tenant.monitor import alert_cost
from settings_types import CATEGORIES

SIGN_INS = "SignInLogs"


def lines(**plan: Any) -> list[CostLine]:
    return list(estimate(CostPlan(**plan)).lines)


@pytest.mark.parametrize("minutes", [1, *FREQUENCIES_MINUTES])
def test_a_rule_costs_what_the_simulated_tenant_counts_for_it(minutes: int) -> None:
    (line,) = lines(rules=[PlannedRule("used", minutes)])
    assert line.monthly == line.unit_price == alert_cost.monthly_price(minutes * 60)
    assert "'used'" in line.what


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "every minute"), (5, "every 5 minutes"), (60, "every hour"), (1440, "every day")],
)
def test_a_rule_is_told_by_its_name_and_how_often_it_runs(minutes: int, words: str) -> None:
    (line,) = lines(rules=[PlannedRule("used", minutes)])
    assert line.what == f"alert rule 'used', {words}"


@pytest.mark.parametrize(
    ("frequencies", "monthly"),
    [([5], 1.35), ([15, 5], 1.35), ([10], 0.9), ([15], 0.45), ([1440], 0.45), ([1], 2.7)],
)
def test_messages_of_rules_that_are_split_are_time_series_at_the_dearest_rules_price(
    frequencies: list[int], monthly: float
) -> None:
    rules = [PlannedRule("used", minutes, split=True) for minutes in frequencies]
    *_, line = lines(rules=[*rules, PlannedRule("silent", 1)])
    assert (line.kind, line.what) == ("alert rules", "time series of the alarms' messages")
    assert (line.quantity, line.monthly) == (ALARMS_A_MONTH, pytest.approx(monthly))
    assert (line.currency, line.price_date) == (LIST_PRICES.currency, LIST_PRICES.date)
    assert "the most it can be" in line.assumption


def test_rules_that_are_not_split_have_no_further_time_series() -> None:
    (line,) = lines(rules=[PlannedRule("silent", 1440)])
    assert line.monthly == 0.5


def test_logs_cost_what_the_simulated_tenant_counts_for_them() -> None:
    price = LIST_PRICES.prices[Meter.INGESTION]
    assert (price.amount, price.free) == (alert_cost.PER_GIGABYTE, alert_cost.FREE_GIGABYTES)


def test_a_thousand_sign_ins_a_day_are_an_eighth_of_a_gigabyte_a_month() -> None:
    assert gigabytes_a_month(SIGN_INS, 1000) == pytest.approx(0.1217, abs=0.0001)


def test_every_category_of_the_settings_weighs_something() -> None:
    assert [one for one in CATEGORIES if gigabytes_a_month(one, 1000) <= 0] == []
    assert set(ROWS_BY_CATEGORY) <= set(CATEGORIES)


@given(
    categories=st.lists(st.sampled_from(CATEGORIES), unique=True),
    sign_ins=st.integers(min_value=0, max_value=1_000_000),
)
def test_the_free_gigabytes_count_once_over_all_categories(
    categories: list[str], sign_ins: int
) -> None:
    found = lines(categories=categories, sign_ins_per_day=sign_ins)
    beyond = max(0.0, volume(categories, sign_ins) - alert_cost.FREE_GIGABYTES)
    expected = beyond * alert_cost.PER_GIGABYTE
    assert sum(line.monthly for line in found) == pytest.approx(expected, abs=0.002)


def test_in_an_existing_workspace_nothing_is_free_and_its_retention_is_its_own() -> None:
    plan = {"categories": [SIGN_INS], "sign_ins_per_day": 1000, "retention_days": 365}
    (line,) = lines(**plan, existing_workspace=True)
    assert line.monthly == pytest.approx(gigabytes_a_month(SIGN_INS, 1000) * 2.30, abs=0.001)
    assert "used up by others" in line.assumption


def test_logs_kept_beyond_the_free_month_cost_by_the_month() -> None:
    taken_in, kept = lines(categories=[SIGN_INS], sign_ins_per_day=100_000, retention_days=396)
    months = 365 / (365 / 12)
    assert kept.quantity == pytest.approx(taken_in.quantity * months, rel=0.001)
    assert kept.monthly == pytest.approx(kept.quantity * 0.10, abs=0.001)
    assert len(lines(categories=[SIGN_INS], retention_days=31)) == 1


def test_calls_and_short_messages_have_the_price_of_their_country() -> None:
    found = lines(sms=["49", "1", "34", "34"], voice=["86"])
    assert [(line.what, line.quantity) for line in found] == [
        ("SMS to +1", ALARMS_A_MONTH),
        ("SMS to +34", 2 * ALARMS_A_MONTH),
        ("SMS to +49", ALARMS_A_MONTH),
        ("calls to +86", ALARMS_A_MONTH),
    ]
    assert [line.monthly for line in found] == [0.0, 1.76, 0.88, 0.6]
    assert "price of country code 34" in found[2].assumption
    assert "price of" not in found[1].assumption


def test_mail_push_and_webhooks_stay_within_what_is_free() -> None:
    found = lines(emails=40, push=2, webhooks=3)
    assert [line.monthly for line in found] == [0.0, 0.0, 0.0]
    assert "40 receivers, 10 alarms a month, 1,000 a month free" in found[0].assumption


def test_what_is_beyond_the_free_mails_is_charged() -> None:
    (line,) = lines(emails=1000)
    assert line.monthly == pytest.approx((1000 * ALARMS_A_MONTH - 1000) * 0.00002)


def test_receivers_of_an_existing_action_group_are_told_as_not_counted() -> None:
    (line,) = lines(existing_action_group=True)
    assert (line.monthly, "not counted" in line.assumption) == (0.0, True)


def test_activity_log_alerts_are_free() -> None:
    (line,) = lines(activity_alerts=2)
    assert (line.quantity, line.monthly) == (2, 0.0)


@pytest.mark.parametrize("missing", [True, False])
def test_the_licence_is_counted_where_it_is_missing(missing: bool) -> None:
    found = lines(licence_missing=missing)
    assert [line.monthly for line in found] == ([6.0] if missing else [])


def test_every_line_of_the_output_has_its_price_currency_date_and_assumption() -> None:
    result = estimate(everything())
    output = json.loads(json.dumps(result.as_output()))
    assert output["total"] == pytest.approx(sum(line["monthly"] for line in output["lines"]), 0.01)
    assert (output["currency"], output["priceDate"]) == ("USD", LIST_PRICES.date)
    for line in output["lines"]:
        assert line["currency"] == "USD"
        assert line["unitPrice"] >= 0
        assert line["priceDate"]
        assert line["assumption"]
    assert {line["kind"] for line in output["lines"]} == {
        *("alert rules", "logs", "messages", "licence"),
    }


def test_the_preview_has_one_line_with_the_sum_and_what_it_is_made_of() -> None:
    told = estimate(everything()).summary()
    assert told.startswith("estimated cost: 9.35 USD a month (alert rules 1.50, logs 0.17,")
    assert "messages 1.68, licence 6.00" in told
    assert LIST_PRICES.date in told
    assert "\n" not in told


def test_a_plan_of_nothing_costs_nothing() -> None:
    result = estimate(CostPlan())
    assert (result.total, result.lines) == (0.0, ())
    assert "0.00 USD" in result.summary()


def test_the_table_has_a_price_for_every_meter() -> None:
    assert set(LIST_PRICES.prices) == set(Meter)


def everything() -> CostPlan:
    return CostPlan(
        rules=[PlannedRule("used", 5)],
        categories=["SignInLogs", "AuditLogs", "NonInteractiveUserSignInLogs"],
        retention_days=90,
        emails=3,
        sms=["1", "49"],
        voice=["44"],
        push=1,
        webhooks=1,
        activity_alerts=2,
        licence_missing=True,
    )
