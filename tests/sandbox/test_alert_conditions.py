"""What an alert rule counts in which window, and how a run that fails is seen."""

import pytest

from tests.sandbox.watched_tenant import (
    ACTOR,
    QUERY_OF_ONE_TABLE,
    RULE,
    WORKSPACE,
    WatchedTenant,
    rule_body,
)


def test_while_no_table_exists_the_run_fails_visibly(watched: WatchedTenant) -> None:
    watched.with_rule(QUERY_OF_ONE_TABLE)
    watched.advance(minutes=5)
    (failure,) = watched.tenant.alert_rules.failures()
    assert failure["rule"] == "use-alert"
    assert "SigninLogs" in failure["error"]
    watched.sign_in()
    watched.advance(minutes=10)
    assert watched.tenant.alert_rules.failures() == []
    assert len(watched.firings) == 1


def test_a_query_that_cannot_be_run_is_a_failure_that_names_it(watched: WatchedTenant) -> None:
    watched.with_rule("SigninLogs | mv-apply Status on (take 1)")
    watched.sign_in()
    watched.advance(minutes=10)
    (failure,) = watched.tenant.alert_rules.failures()
    assert "MvapplyOperator" in failure["error"]
    assert watched.firings == []


def test_a_rule_whose_workspace_is_gone_fails_visibly(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.tenant.azure.delete(WORKSPACE)
    watched.advance(minutes=5)
    assert "does not exist" in watched.tenant.alert_rules.failures()[0]["error"]


@pytest.mark.parametrize(
    ("operator", "threshold", "rings"),
    [
        ("GreaterThan", 0, True),
        ("GreaterThan", 1, False),
        ("GreaterThanOrEqual", 1, True),
        ("Equals", 1, True),
        ("LessThan", 1, False),
        ("LessThanOrEqual", 1, True),
    ],
)
def test_the_condition_compares_the_number_of_rows(
    watched: WatchedTenant, operator: str, threshold: int, rings: bool
) -> None:
    condition = {"operator": operator, "threshold": threshold}
    query = "SigninLogs | project TimeGenerated, UserId"
    watched.sign_in()
    watched.advance(minutes=5)
    watched.with_rule(query, condition=condition)
    watched.advance(minutes=5)
    assert bool(watched.firings) is rings


def test_a_measured_column_is_aggregated(watched: WatchedTenant) -> None:
    condition = {"timeAggregation": "Total", "metricMeasureColumn": "n", "threshold": 1}
    watched.with_rule("SigninLogs | summarize n = count() by UserId", condition=condition)
    watched.sign_in()
    watched.advance(minutes=10)
    assert watched.firings == []
    watched.sign_in()
    watched.advance(minutes=10)
    assert watched.firings


def test_rows_older_than_the_window_do_not_count_whatever_the_query_reads(
    watched: WatchedTenant,
) -> None:
    watched.tenant.behaviour.log_delay_seconds = 1200
    watched.with_rule(windowSize="PT5M", overrideQueryTimeRange="P1D")
    watched.sign_in()
    watched.advance(minutes=40)
    assert watched.firings == []


def test_several_failing_periods_are_needed_where_the_rule_says_so(watched: WatchedTenant) -> None:
    watched.tenant.behaviour.log_delay_seconds = 0
    periods = {"numberOfEvaluationPeriods": 3, "minFailingPeriodsToAlert": 2}
    watched.with_rule(
        "SigninLogs | project TimeGenerated",
        condition={"failingPeriods": periods},
        windowSize="PT5M",
    )
    watched.advance(minutes=1)
    watched.sign_in()
    watched.advance(minutes=5)
    assert watched.firings == []
    watched.sign_in()
    watched.advance(minutes=5)
    assert len(watched.firings) == 1


def test_a_query_is_validated_when_the_rule_is_saved_unless_told_otherwise(
    watched: WatchedTenant,
) -> None:
    azure = watched.tenant.azure
    body = rule_body(QUERY_OF_ONE_TABLE, skipQueryValidation=False)
    with pytest.raises(Exception, match="could not be validated") as refusal:
        azure.put(RULE, body, "2025-01-01-preview", ACTOR)
    assert getattr(refusal.value, "status", None) == 400
    watched.sign_in()
    watched.advance(minutes=5)
    assert (
        watched.put(RULE, rule_body(QUERY_OF_ONE_TABLE, skipQueryValidation=False))["name"]
        == "use-alert"
    )
