"""From a sign-in to the mail: rows that arrive late, rules on their schedule, action groups."""

from typing import Any

import pytest

from sandbox.tenant.clock import iso
from sandbox.tenant.tenant import World
from tests.sandbox.watched_tenant import (
    ACTION_GROUP,
    ACTOR,
    QUERY,
    RULE,
    SETTING,
    WATCHED,
    WORKSPACE,
    WatchedTenant,
    action_group_body,
    rule_body,
    setting_body,
)


@pytest.fixture
def watched() -> WatchedTenant:
    return WatchedTenant()


def test_a_sign_in_rings_once_and_mails_every_receiver(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=30)
    (firing,) = watched.firings
    assert (firing["rule"], firing["severity"], firing["condition"]) == ("use-alert", 0, "Fired")
    assert firing["rows"][0]["UserPrincipalName"] == WATCHED.user_principal_name
    recipients = [(mail["channel"], mail["recipient"]) for mail in watched.mails]
    assert recipients == [("email", "duty@contoso.example"), ("email", "partner@fabrikam.example")]


def test_the_rule_runs_on_its_schedule_after_the_row_has_arrived(watched: WatchedTenant) -> None:
    watched.with_rule()
    made = watched.clock.now()
    watched.advance(minutes=3)
    watched.sign_in()
    watched.advance(minutes=3)
    assert watched.firings == []
    watched.advance(minutes=24)
    assert [firing["time"] for firing in watched.firings] == [iso(made + 600)]
    assert {mail["time"] for mail in watched.mails} == {iso(made + 600)}


def test_the_mail_says_who_from_where_and_how_severe(watched: WatchedTenant) -> None:
    watched.with_rule(description="Call the duty officer.")
    watched.sign_in()
    watched.advance(minutes=10)
    mail = watched.mails[0]
    assert mail["subject"].startswith("Fired:Sev0 Azure Monitor Alert use-alert on log-watch")
    for part in (WATCHED.user_principal_name, "203.0.113.9", "Sev0", "Call the duty officer."):
        assert part in mail["body"]
    assert mail["rule"] == "use-alert"


def test_the_rules_own_subject_is_the_mails_subject(watched: WatchedTenant) -> None:
    actions = {
        "actionGroups": [ACTION_GROUP.text],
        "actionProperties": {"Email.Subject": "BREAK GLASS USED"},
    }
    watched.with_rule(actions=actions)
    watched.sign_in()
    watched.advance(minutes=10)
    assert {mail["subject"] for mail in watched.mails} == {"BREAK GLASS USED"}


def test_an_ordinary_user_rings_nothing(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in(UserId="someone-else", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=60)
    assert watched.firings == []
    assert watched.mails == []
    assert watched.tenant.alert_rules.failures() == []


@pytest.mark.parametrize("delay_minutes", [0, 1, 4.99, 5, 5.5, 6, 12, 61, 600, 1400])
def test_a_row_rings_at_least_once_however_late_it_arrives(
    watched: WatchedTenant, delay_minutes: float
) -> None:
    watched.with_rule()
    watched.tenant.logs.delay_seconds = delay_minutes * 60
    watched.advance(minutes=2.5)
    watched.sign_in()
    watched.advance(minutes=delay_minutes + 15)
    assert len(watched.firings) in (1, 2)


@pytest.mark.parametrize("offset_seconds", range(0, 300, 20))
def test_no_moment_between_two_runs_is_missed(watched: WatchedTenant, offset_seconds: int) -> None:
    watched.with_rule()
    watched.sign_in(UserId="x", UserPrincipalName="ada@contoso.example")
    watched.advance(minutes=10 + offset_seconds / 60)
    watched.sign_in()
    watched.advance(minutes=15)
    assert len(watched.firings) in (1, 2)


@pytest.mark.parametrize("category", ["SignInLogs", "NonInteractiveUserSignInLogs"])
def test_either_table_alone_is_enough(watched: WatchedTenant, category: str) -> None:
    watched.with_rule()
    watched.sign_in(category)
    watched.advance(minutes=10)
    (firing,) = watched.firings
    assert (
        firing["rows"][0]["Table"]
        == {
            "SignInLogs": "SigninLogs",
            "NonInteractiveUserSignInLogs": "AADNonInteractiveUserSignInLogs",
        }[category]
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"UserId": "changed"},
        {"UserId": "changed", "UserPrincipalName": WATCHED.user_principal_name.upper()},
        {"UserPrincipalName": "renamed@contoso.example"},
        {"ResultType": "50126"},
        {"ResultType": "53003"},
    ],
)
def test_either_name_in_any_case_and_any_result_rings(
    watched: WatchedTenant, columns: dict[str, Any]
) -> None:
    watched.with_rule()
    watched.sign_in(**columns)
    watched.advance(minutes=10)
    assert len(watched.firings) == 1


def test_a_disabled_rule_does_not_run(watched: WatchedTenant) -> None:
    watched.with_rule(enabled=False)
    watched.sign_in()
    watched.advance(minutes=60)
    assert watched.firings == []
    assert watched.tenant.alert_rules.next_due() is None


def test_a_rule_that_is_switched_on_again_waits_one_frequency(watched: WatchedTenant) -> None:
    watched.with_rule(enabled=False)
    watched.advance(minutes=62)
    watched.with_rule()
    assert watched.tenant.alert_rules.next_due() == watched.clock.now() + 300


def test_a_deleted_rule_and_its_muting_are_forgotten(watched: WatchedTenant) -> None:
    watched.with_rule(muteActionsDuration="P1D")
    watched.sign_in()
    watched.advance(minutes=10)
    watched.tenant.azure.delete(RULE)
    watched.with_rule()
    watched.clock.advance(1)
    watched.sign_in()
    watched.advance(minutes=15)
    assert len(watched.mails) > 2
    assert not any(firing["muted"] for firing in watched.firings)


def test_without_export_of_the_category_nothing_rings(watched: WatchedTenant) -> None:
    watched.put(SETTING, setting_body("AuditLogs"), "2017-04-01")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=30)
    assert watched.firings == []


def test_while_no_table_exists_the_run_fails_visibly(watched: WatchedTenant) -> None:
    watched.with_rule()
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


def test_a_stateless_rule_rings_for_each_use(watched: WatchedTenant) -> None:
    watched.with_rule()
    for _use in range(3):
        watched.sign_in()
        watched.advance(minutes=30)
    assert len(watched.firings) == 3


def test_a_stateful_rule_rings_for_the_first_use_only_then_resolves(
    watched: WatchedTenant,
) -> None:
    watched.with_rule(autoMitigate=True)
    for _use in range(3):
        watched.sign_in()
        watched.advance(minutes=5)
    watched.advance(minutes=60)
    assert [firing["condition"] for firing in watched.firings] == ["Fired", "Resolved"]
    assert watched.mails[-1]["subject"].startswith("Resolved:Sev0")


def test_muted_actions_are_recorded_but_not_sent(watched: WatchedTenant) -> None:
    watched.with_rule(muteActionsDuration="PT1H")
    for _use in range(2):
        watched.sign_in()
        watched.advance(minutes=20)
    assert [firing["muted"] for firing in watched.firings] == [False, True]
    assert len(watched.mails) == 2
    watched.advance(minutes=60)
    watched.sign_in()
    watched.advance(minutes=20)
    assert len(watched.mails) == 4


def test_a_disabled_action_group_and_a_disabled_receiver_get_nothing(
    watched: WatchedTenant,
) -> None:
    receivers = [
        {"name": "duty", "emailAddress": "duty@contoso.example", "status": "Disabled"},
        {"name": "outside", "emailAddress": "partner@fabrikam.example"},
    ]
    watched.put(ACTION_GROUP, action_group_body(emailReceivers=receivers), "2024-10-01-preview")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    assert [mail["recipient"] for mail in watched.mails] == ["partner@fabrikam.example"]
    watched.put(ACTION_GROUP, action_group_body(enabled=False), "2024-10-01-preview")
    watched.sign_in()
    watched.advance(minutes=10)
    assert len(watched.firings) == 2
    assert len(watched.mails) == 1


def test_every_kind_of_receiver_is_recorded_with_its_channel(watched: WatchedTenant) -> None:
    group = action_group_body(
        emailReceivers=[],
        smsReceivers=[{"name": "sms", "countryCode": "49", "phoneNumber": "15112345678"}],
        voiceReceivers=[{"name": "voice", "countryCode": "49", "phoneNumber": "3012345678"}],
        azureAppPushReceivers=[{"name": "push", "emailAddress": "duty@contoso.example"}],
        webhookReceivers=[{"name": "hook", "serviceUri": "https://hook.example/a?key=secret"}],
    )
    watched.put(ACTION_GROUP, group, "2024-10-01-preview")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    assert [(mail["channel"], mail["recipient"]) for mail in watched.mails] == [
        ("sms", "+49 15112345678"),
        ("voice", "+49 3012345678"),
        ("push", "duty@contoso.example"),
        ("webhook", "https://hook.example/a"),
    ]


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
    watched.tenant.logs.delay_seconds = 1200
    watched.with_rule(windowSize="PT5M", overrideQueryTimeRange="P1D")
    watched.sign_in()
    watched.advance(minutes=40)
    assert watched.firings == []


def test_several_failing_periods_are_needed_where_the_rule_says_so(watched: WatchedTenant) -> None:
    watched.tenant.logs.delay_seconds = 0
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


def test_state_survives_a_restart_and_nothing_rings_twice(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    document = watched.tenant.to_document()
    tenant = World(watched.clock).add(document)
    assert tenant.to_document() == document
    watched.clock.advance(3600)
    tenant.tick()
    assert tenant.alert_rules.firings() == watched.firings
    assert tenant.outbox.messages() == watched.mails


def test_what_was_missed_during_a_standstill_rings_with_its_own_time(
    watched: WatchedTenant,
) -> None:
    watched.with_rule()
    made = watched.clock.now()
    watched.sign_in()
    watched.clock.advance(3600)
    watched.tenant.tick()
    assert [firing["time"] for firing in watched.firings] == [iso(made + 300)]


def test_of_a_long_standstill_only_the_last_day_is_made_up_for(watched: WatchedTenant) -> None:
    watched.sign_in()
    watched.clock.advance(2 * 86400)
    watched.with_rule(condition={"operator": "LessThan", "threshold": 1})
    watched.clock.advance(3 * 86400)
    watched.tenant.tick()
    assert len(watched.firings) == 289
    assert watched.firings[0]["time"] == iso(watched.clock.now() - 86400)


def test_a_query_is_validated_when_the_rule_is_saved_unless_told_otherwise(
    watched: WatchedTenant,
) -> None:
    azure = watched.tenant.azure
    with pytest.raises(Exception, match="could not be validated") as refusal:
        azure.put(RULE, rule_body(skipQueryValidation=False), "2025-01-01-preview", ACTOR)
    assert getattr(refusal.value, "status", None) == 400
    watched.sign_in()
    watched.advance(minutes=5)
    assert watched.put(RULE, rule_body(QUERY, skipQueryValidation=False))["name"] == "use-alert"


def test_a_month_of_evaluations_takes_seconds(watched: WatchedTenant) -> None:
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=31 * 1440)
    assert len(watched.firings) == 1
