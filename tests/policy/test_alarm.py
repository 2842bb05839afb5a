"""Rules on alert rules, receivers and logs."""

import re
from typing import Any

import pytest

from alerting.use_alert import SIGN_IN_TABLES, WatchedAccount, use_alert_query
from policies.resource_types import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    DIAGNOSTIC_SETTING,
    MONITORING,
    QUERY_RULE,
    WORKSPACE,
)
from policies.rules import (
    alarm_receivers,
    alarm_rings,
    alarm_sees_every_use,
    receiver_outside,
    retention,
)
from tests.policy.pack_scene import (
    IDS,
    LATER,
    NOT_APPLICABLE,
    Thing,
    secret,
    stack_verdict,
    standing_stack,
    verdict,
)

OWNER = Thing(MONITORING, "monitoring")
TOLD = {"actionGroups": ["ag"]}
RINGS = {"enabled": True, "severity": 0.0, "autoMitigate": False, "actions": TOLD}
USE = Thing(QUERY_RULE, "monitoring-use-alert", RINGS, OWNER)
TAMPER = Thing(QUERY_RULE, "monitoring-tamper-alert", {**RINGS, "severity": 1.0}, OWNER)
HEALTH = Thing(ACTIVITY_ALERT, "monitoring-health-alert", {"enabled": True, "actions": TOLD}, OWNER)


def above(threshold: Any) -> Thing:
    """The use alert, ringing above so many rows."""
    return USE.having(criteria={"allOf": [{"query": "q", "threshold": threshold}]})


@pytest.mark.parametrize(
    "alert",
    [
        USE,
        TAMPER,
        HEALTH,
        USE.having(actions=LATER),
        USE.having(severity=LATER),
        USE.having(criteria=LATER),
        above(0.0),
        above(LATER),
    ],
)
def test_an_alert_that_rings_is_taken(alert: Thing) -> None:
    assert verdict(alarm_rings.RULE, alert) == []


@pytest.mark.parametrize(
    ("alert", "found"),
    [
        (USE.having(enabled=False), "monitoring-use-alert: found enabled false, expected true"),
        (HEALTH.having(enabled=False), "monitoring-health-alert: found enabled false"),
        (USE.having(severity=1.0), "monitoring-use-alert: found severity 1, expected 0"),
        (USE.having(severity=None), "monitoring-use-alert: found severity left out, expected 0"),
        (USE.having(autoMitigate=True), "monitoring-use-alert: found auto-resolve (autoMitigate)"),
        (USE.having(autoMitigate=None), "monitoring-use-alert: found auto-resolve (autoMitigate)"),
        (
            USE.having(muteActionsDuration="PT1H"),
            "monitoring-use-alert: found actions muted for PT1",
        ),
        (above(5.0), "monitoring-use-alert: found that it rings above 5 rows, expected 0"),
        (USE.having(actions={"actionGroups": []}), "monitoring-use-alert: found no action group"),
    ],
)
def test_an_alert_that_stays_silent_is_refused(alert: Thing, found: str) -> None:
    (line,) = verdict(alarm_rings.RULE, alert)
    assert line.startswith(found)


def test_an_alert_of_somebody_else_may_be_silent() -> None:
    assert verdict(alarm_rings.RULE, Thing(QUERY_RULE, "cpu-use-alert")) == NOT_APPLICABLE


def query(*numbers: int) -> str:
    """The product's own query for these accounts."""
    watched = [WatchedAccount(IDS[one], f"k{one}@contoso.onmicrosoft.com") for one in numbers]
    return use_alert_query(watched, frequency_minutes=5, lookback_minutes=1440)


def watched(text: Any) -> list[Thing]:
    """The standing stack with a use alert of this query."""
    criteria = text if text == LATER else {"allOf": [{"query": text}]}
    logs = [{"category": "SignInLogs", "enabled": True}]
    exported = Thing(DIAGNOSTIC_SETTING, "monitoring-diagnostic-setting", {"logs": logs}, OWNER)
    return [*standing_stack().values(), exported, USE.having(criteria=criteria)]


@pytest.mark.parametrize("text", [query(1, 2), LATER])
def test_the_products_own_query_sees_every_use(text: str) -> None:
    assert stack_verdict(alarm_sees_every_use.RULE, watched(text)) == []


def test_a_query_that_is_known_later_is_not_judged() -> None:
    stack = watched("")
    stack[-1] = USE.having(criteria={"allOf": [{"query": LATER}]})
    assert stack_verdict(alarm_sees_every_use.RULE, stack) == []


@pytest.mark.parametrize("table", SIGN_IN_TABLES)
def test_a_query_that_only_names_a_table_does_not_read_it(table: str) -> None:
    text = query(1, 2).replace(table, "AuditLogs") + f'| extend Told = "{table}"'
    (line,) = stack_verdict(alarm_sees_every_use.RULE, watched(text))
    assert line.startswith(f"monitoring-use-alert: found a query without {table}, expected Signin")


def test_an_account_that_the_query_lacks_is_told() -> None:
    (line,) = stack_verdict(alarm_sees_every_use.RULE, watched(query(1)))
    assert line.startswith(f"monitoring-use-alert: found a query without account-2 ({IDS[2]})")


def test_a_comment_reads_nothing() -> None:
    text = f"// {' '.join(SIGN_IN_TABLES)} '{IDS[1]}' '{IDS[2]}'\nHeartbeat | take 0"
    found = stack_verdict(alarm_sees_every_use.RULE, watched(text))
    assert [re.findall(r"without (\S+)[, ]", line)[0].rstrip(",") for line in found] == [
        *SIGN_IN_TABLES,
        "account-1",
        "account-2",
    ]


@pytest.mark.parametrize("text", ['"http://a"', "@'c:\\'", "'it is \\'// so'", "```//```"])
def test_slashes_in_a_text_are_no_comment(text: str) -> None:
    asked = f"print {text} // not this\n| union {query(1, 2)}"
    assert stack_verdict(alarm_sees_every_use.RULE, watched(asked)) == []


@pytest.mark.parametrize(
    "condition",
    [
        f'UserId !in ("x", "{IDS[2]}")',
        f"tolower(UserId) !in~ ('{IDS[2]}')",
        f'UserId != "{IDS[2]}"',
        f'UserId !has "{IDS[2]}"',
        f'not(UserId == "x" or (UserId == "{IDS[2].upper()}"))',
    ],
)
def test_an_account_that_the_query_leaves_out_is_told(condition: str) -> None:
    text = f"{query(1, 2)}\n| where {condition}"
    (line,) = stack_verdict(alarm_sees_every_use.RULE, watched(text))
    assert line.startswith(f"monitoring-use-alert: found a query that leaves account-2 ({IDS[2]})")


def test_leaving_out_something_else_is_right() -> None:
    text = f'{query(1, 2)}\n| where AppDisplayName !in ("x") and not(isempty(Account))'
    assert stack_verdict(alarm_sees_every_use.RULE, watched(text)) == []


def test_a_missing_use_alert_is_told_where_sign_ins_are_exported() -> None:
    (line,) = stack_verdict(alarm_sees_every_use.RULE, watched("")[:-1])
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


@pytest.mark.parametrize(
    "left", [("account-1",), ("account-1", "group"), ("account-1", "exclusion")]
)
def test_accounts_without_any_alarm_are_refused(left: tuple[str, ...]) -> None:
    stack = standing_stack()
    (line,) = stack_verdict(alarm_sees_every_use.RULE, [stack[name] for name in left])
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


def test_a_group_tells_that_sign_ins_could_be_exported() -> None:
    (line,) = stack_verdict(alarm_sees_every_use.RULE, standing_stack().values())
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


def without_premium() -> list[Thing]:
    """Accounts and a frame of the alarm: no group, no exclusions, no sign-ins."""
    stack = standing_stack()
    return [stack["account-1"], stack["account-2"], stack["monitoring"]]


@pytest.mark.parametrize("stack", [without_premium(), without_premium()[2:]])
def test_without_premium_or_accounts_there_is_no_use_to_see(stack: list[Thing]) -> None:
    assert stack_verdict(alarm_sees_every_use.RULE, stack) == NOT_APPLICABLE


def told(**receivers: Any) -> Thing:
    """An action group of the alarm."""
    return Thing(ACTION_GROUP, "monitoring-action-group", {"enabled": True, **receivers}, OWNER)


def mails(*addresses: str) -> list[dict[str, str]]:
    return [{"name": one, "emailAddress": one} for one in addresses]


@pytest.mark.parametrize(
    "group",
    [
        told(emailReceivers=mails("a@contoso.com")),
        told(webhookReceivers=secret([{"serviceUri": "https://example.org"}])),
        told(armRoleReceivers=[{"roleId": "r"}]),
        told(smsReceivers=LATER),
    ],
)
def test_one_receiver_of_any_kind_is_enough(group: Thing) -> None:
    assert verdict(alarm_receivers.RULE, group) == []


@pytest.mark.parametrize(
    ("group", "found"),
    [
        (told(emailReceivers=[]), "monitoring-action-group: found no receiver, expected one"),
        (
            told(emailReceivers=mails("a@contoso.com"), enabled=False),
            "monitoring-action-group: found enabled false",
        ),
    ],
)
def test_an_action_group_that_tells_nobody_is_refused(group: Thing, found: str) -> None:
    (line,) = verdict(alarm_receivers.RULE, group)
    assert line.startswith(found)


def test_another_action_group_may_be_empty() -> None:
    assert verdict(alarm_receivers.RULE, Thing(ACTION_GROUP, "other")) == NOT_APPLICABLE


@pytest.mark.parametrize(
    "group",
    [
        told(emailReceivers=mails("a@contoso.com", "b@example.org")),
        told(emailReceivers=mails("a@contoso.com"), smsReceivers=[{"phoneNumber": "1"}]),
        told(emailReceivers=mails("a@contoso.com"), webhookReceivers=LATER),
        told(emailReceivers=LATER),
        told(emailReceivers=[{"emailAddress": LATER}]),
    ],
)
def test_somebody_outside_the_tenant_is_told(group: Thing) -> None:
    assert stack_verdict(receiver_outside.RULE, [*standing_stack().values(), group]) == []


@pytest.mark.parametrize("domain", ["contoso.com", "mail.contoso.de", "Contoso.onmicrosoft.com"])
def test_receivers_in_the_tenant_only_are_told(domain: str) -> None:
    stack = [*standing_stack().values(), told(emailReceivers=mails(f"a@{domain}"))]
    (line,) = stack_verdict(receiver_outside.RULE, stack)
    assert line.startswith(
        f"monitoring-action-group: found receivers in the tenant only ({domain.lower()})"
    )


def test_further_domains_of_the_tenant_can_be_named() -> None:
    stack = [*standing_stack().values(), told(emailReceivers=mails("a@fabrikam.com"))]
    assert stack_verdict(receiver_outside.RULE, stack) == []
    config = {"tenantDomains": ["Fabrikam.com"]}
    (line,) = stack_verdict(receiver_outside.RULE, stack, config)
    assert "(fabrikam.com)" in line


def test_without_an_action_group_of_its_own_receivers_are_not_known() -> None:
    stack = standing_stack().values()
    assert stack_verdict(receiver_outside.RULE, stack) == NOT_APPLICABLE


def logs(**props: Any) -> Thing:
    return Thing(WORKSPACE, "monitoring-workspace", props, OWNER)


@pytest.mark.parametrize("days", [31.0, 730.0, LATER])
def test_logs_that_are_kept_for_a_month_are_taken(days: Any) -> None:
    assert verdict(retention.RULE, logs(retentionInDays=days)) == []


@pytest.mark.parametrize(
    ("workspace", "config", "found"),
    [
        (logs(retentionInDays=30.0), {}, "found retentionInDays 30, expected 31 or more"),
        (logs(), {}, "found retentionInDays left out, expected 31"),
        (logs(retentionInDays=89.0), {"minimumDays": 90}, "expected 90 or more; set break-glass"),
    ],
)
def test_logs_that_go_too_soon_are_refused(
    workspace: Thing, config: dict[str, Any], found: str
) -> None:
    (line,) = verdict(retention.RULE, workspace, config)
    assert found in line


def test_another_workspace_may_keep_what_it_likes() -> None:
    assert verdict(retention.RULE, Thing(WORKSPACE, "shared")) == NOT_APPLICABLE
