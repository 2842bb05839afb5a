"""What a rule has done, and what it and the logs would have cost."""

import httpx
import pytest

from sandbox.tenant.monitor.alert_cost import FREE_GIGABYTES, ingestion, monthly_price
from tests.sandbox.watched_tenant import QUERY_OF_ONE_TABLE, RULE, WORKSPACE, WatchedTenant

MONTH_MINUTES = 730 * 60


def figures(watched: WatchedTenant) -> dict[str, float]:
    (found,) = watched.tenant.alert_rules.figures()
    return found


@pytest.mark.parametrize(
    ("seconds", "price"), [(60, 3.0), (300, 1.5), (600, 1.0), (900, 0.5), (86400, 0.5)]
)
def test_a_rule_costs_by_its_frequency(seconds: int, price: float) -> None:
    assert monthly_price(seconds) == price


def test_a_month_of_a_rule_costs_its_monthly_price(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.advance(minutes=10)
    watched.with_rule("SigninLogs", evaluationFrequency="PT1H", windowSize="PT1H")
    watched.advance(minutes=MONTH_MINUTES)
    found = figures(watched)
    assert found["evaluations"] == 730
    assert found["cost"] == pytest.approx(0.5)
    assert found["seconds"] == pytest.approx(MONTH_MINUTES * 60)


def test_evaluations_firings_and_failures_are_counted(watched: WatchedTenant) -> None:
    watched.with_rule(QUERY_OF_ONE_TABLE)
    watched.advance(minutes=20)
    watched.sign_in()
    watched.advance(minutes=10)
    found = figures(watched)
    assert (found["evaluations"], found["firings"], found["failures"]) == (6, 1, 4)
    document = watched.tenant.alert_rules.to_document()
    assert document["alertMeters"][RULE.key]["evaluations"] == 6


def test_a_rule_that_is_switched_off_costs_nothing(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.advance(minutes=10)
    watched.with_rule(evaluationFrequency="PT5M")
    watched.advance(minutes=60)
    before = figures(watched)
    watched.with_rule(enabled=False)
    watched.advance(minutes=600)
    after = figures(watched)
    assert (after["cost"], after["enabled"]) == (before["cost"], False)
    watched.with_rule()
    watched.advance(minutes=60)
    assert figures(watched)["cost"] == pytest.approx(2 * before["cost"])


def test_a_rule_whose_workspace_is_gone_is_not_charged(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.tenant.azure.delete(WORKSPACE)
    watched.advance(minutes=5)
    before = figures(watched)["cost"]
    watched.advance(minutes=600)
    assert figures(watched)["cost"] == before


def test_a_faster_rule_costs_more_from_then_on(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.advance(minutes=10)
    watched.with_rule("SigninLogs", evaluationFrequency="PT15M", windowSize="PT15M")
    watched.advance(minutes=60)
    watched.with_rule("SigninLogs", evaluationFrequency="PT1M", windowSize="PT15M")
    watched.advance(minutes=60)
    assert figures(watched)["cost"] == pytest.approx((0.5 + 3.0) / 730, abs=1e-5)


def test_ingestion_has_a_price_and_a_free_share() -> None:
    some = ingestion(10, 7_000_000_000)
    assert (some["gigabytes"], some["cost"], some["costBeyondFree"]) == (7.0, 16.1, 4.6)
    assert ingestion(1, int(FREE_GIGABYTES * 1e9))["costBeyondFree"] == 0


def test_the_control_face_shows_the_figures(control: httpx.Client) -> None:
    found = control.get("/sandbox/alerts").json()
    assert found["rules"] == []
    assert (found["cost"]["currency"], found["cost"]["asOf"]) == ("USD", "2026-11")
    assert found["cost"]["ingestion"]["rows"] >= 0
    assert "pricing" in found["cost"]["source"]
