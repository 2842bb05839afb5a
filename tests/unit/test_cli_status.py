"""`breakglass status`: what the state knows, compared with what Azure says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cli.failure import CommandFailed
from cli.findings import Mark
from cli.log_arrival import arrival_query
from cli.monitoring_state import ACTIVITY_ALERT_TYPE, QUERY_RULE_TYPE, read_monitoring
from cli.monitoring_status import status
from entra.resource_manager import DiagnosticSetting
from tests.unit import monitoring_stack as stack
from tests.unit.monitored_tenant import MADE, SENDS, Tenant, told


def test_a_table_with_rows_says_when_the_first_and_the_last_arrived() -> None:
    tenant = Tenant()
    tenant.arrived["SigninLogs"] = (MADE + timedelta(hours=1), tenant.now - timedelta(minutes=3))
    words = told(tenant)["log-new, SigninLogs"]
    assert words == "✓ first row arrived 2026-11-20 01:00 UTC, the last one 3 minutes ago"


def test_a_table_without_rows_says_how_long_it_has_been_waited_for() -> None:
    words = told(Tenant())["log-new, AuditLogs"]
    assert words == "– no row yet, awaited for 5 hours; Microsoft says up to three days"


@pytest.mark.parametrize(("days", "mark"), [(2.9, "–"), (3, "–"), (3.1, "✗")])
def test_only_after_three_days_without_a_row_something_is_wrong(days: float, mark: str) -> None:
    words = told(Tenant(now=MADE + timedelta(days=days)))["log-new, SigninLogs"]
    assert words.startswith(mark)
    assert ("P1 licence" in words) == (mark == "✗")


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ("2026-11-24T01:00:00Z", " (the diagnostic setting was changed 4 hours ago)"),
        ("2026-11-20T00:00:00.7Z", ""),
    ],
    ids=["changed", "just made"],
)
def test_a_change_of_the_setting_does_not_begin_the_wait_anew(changed: str, remark: str) -> None:
    state = [stack.setting(modified=changed), *stack.alarms()]
    words = told(Tenant(now=MADE + timedelta(days=4, hours=5)), resources=state)
    assert words["log-new, SigninLogs"].startswith(
        f"✗ no row yet, awaited for 4 days{remark}; Microsoft says up to three days: check"
    )


def test_rows_are_not_awaited_before_there_is_a_setting() -> None:
    state = [stack.setting(created="2026-11-20T03:00:00Z"), *stack.alarms()]
    words = told(Tenant(), resources=state)["log-new, SigninLogs"]
    assert words.startswith("– no row yet, awaited for 2 hours;")


def test_rows_of_a_table_are_awaited_since_an_alarm_reads_it() -> None:
    """With the licence come alarms that read the sign-ins; the audit log was read before."""
    of_changes, used = (stack.alarms()[2] for _ in range(2))
    condition = {"query": "AuditLogs | where true"}
    of_changes["inputs"]["criteria"] = {"allOf": [condition]}
    used |= {"created": "2026-11-24T01:00:00Z"}
    state = [stack.setting(), of_changes, used]
    words = told(Tenant(now=MADE + timedelta(days=4, hours=5)), resources=state)
    assert words["log-new, SigninLogs"].startswith("– no row yet, awaited for 4 hours;")
    assert words["log-new, AuditLogs"].startswith("✗ no row yet, awaited for 4 days;")


def test_after_a_move_of_the_logs_alone_rows_are_awaited_since_the_move() -> None:
    alarms = stack.alarms()
    for resource in alarms:
        resource.get("inputs", {})["scopes"] = [stack.OLD]
    state = [stack.setting(modified="2026-11-20T04:00:00Z"), *alarms]
    words = told(Tenant(), resources=state)["log-new, SigninLogs"]
    assert words.startswith("– no row yet, awaited for 60 minutes;")


def test_a_clock_that_is_behind_does_not_wait_less_than_nothing() -> None:
    words = told(Tenant(now=MADE - timedelta(hours=1)))["log-new, SigninLogs"]
    assert "no row yet, awaited for less than a minute;" in words


def test_a_table_that_the_setting_does_not_fill_is_not_asked_for() -> None:
    tenant = Tenant()
    logs = [{"category": "AuditLogs", "enabled": True}, {"category": "SignInLogs"}]
    told(tenant, resources=[stack.setting(outputs={"workspaceId": stack.NEW, "logs": logs})])
    assert tenant.asked == ["log-new/AuditLogs"]


def test_earlier_workspaces_are_asked_after_the_one_that_gets_the_logs() -> None:
    tenant = Tenant()
    tenant.arrived["SigninLogs"] = (MADE, MADE)
    lines = told(tenant, watched=(stack.OLD, stack.NEW.upper()))
    assert [one for one in lines if one.endswith("SigninLogs")] == [
        "log-new, SigninLogs",
        "log-old, SigninLogs",
    ]
    assert "log-old, AuditLogs" not in lines


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((SENDS,), "✓ sends SignInLogs, AuditLogs, NonInteractiveUserSignInLogs"),
        (
            (replace(SENDS, name="Break-Glass"),),
            "✓ sends SignInLogs, AuditLogs, NonInteractiveUserSignInLogs",
        ),
        ((), "✗ is gone: `pulumi up` makes it anew"),
        (
            (replace(SENDS, name="entra-logs", workspace_id=stack.OLD),),
            "✗ is gone: `pulumi up` makes it anew",
        ),
        (
            (replace(SENDS, name="entra-logs", categories=("RiskyUsers",)),),
            "✗ is gone: `pulumi up` makes it anew",
        ),
        (
            (DiagnosticSetting(stack.SETTING, "break-glass", stack.OLD, stack.CATEGORIES),),
            f"✗ sends to {stack.OLD}: `pulumi up` puts that right",
        ),
        (
            (DiagnosticSetting(stack.SETTING, "break-glass", stack.NEW, ("AuditLogs",)),),
            "✗ does not send SignInLogs, NonInteractiveUserSignInLogs: `pulumi up` puts that right",
        ),
    ],
    ids=["right", "spelt", "gone", "one elsewhere", "one of others", "elsewhere", "lacks"],
)
def test_the_diagnostic_setting_is_compared_with_the_state(
    settings: tuple[DiagnosticSetting, ...], words: str
) -> None:
    assert told(Tenant(settings=settings))["diagnostic setting break-glass"] == words


@pytest.mark.parametrize("identifier", [stack.USED, stack.CHANGED])
def test_an_alarm_is_on_off_or_gone(identifier: str) -> None:
    name = f"alert {identifier.rpartition('/')[2]}"
    tenant = Tenant()
    assert told(tenant)[name] == "✓ on"
    tenant.resources[identifier]["enabled"] = False
    assert told(tenant)[name].startswith("✗ off: find out who did it")
    del tenant.resources[identifier]
    assert told(tenant)[name] == "✗ is gone: `pulumi up` makes it anew"


@pytest.mark.parametrize("kind", [QUERY_RULE_TYPE, ACTIVITY_ALERT_TYPE])
def test_an_alarm_that_the_settings_switch_off_is_not_wrong(kind: str) -> None:
    off = stack.child(kind, stack.USED, inputs={"enabled": False})
    words = told(Tenant(resources={stack.USED: {"enabled": False}}), resources=[off])
    assert words["alert Break-glass account used"] == "– off, as the settings say"


def test_what_cannot_be_asked_has_one_line_each_and_stops_nothing() -> None:
    found = list(status(read_monitoring(stack.exported()), Tenant(trouble="no"), Tenant()))
    unknown = [one for one in found if one.mark is Mark.UNKNOWN]
    assert [str(one) for one in unknown] == ["? log-new: no"]
    assert len(found) == 6
    dark = list(status(read_monitoring(stack.exported()), Tenant(), Tenant(trouble="no")))
    assert {str(one)[0] for one in dark if "log-new" not in one.subject} == {"?"}


def test_a_resource_that_is_about_to_be_deleted_does_not_count() -> None:
    old = stack.child(QUERY_RULE_TYPE, stack.USED, delete=True)
    assert read_monitoring(stack.exported(resources=[old])).rules == ()


def test_a_stack_without_logs_and_alarms_is_one_line() -> None:
    nothing = '{"deployment": {"resources": []}}'
    with pytest.raises(CommandFailed, match="Stack prod has made no logs and alarms yet"):
        read_monitoring(nothing, "prod")


def test_the_query_names_the_table_and_holds_without_it() -> None:
    text = arrival_query("SigninLogs")
    assert "isfuzzy=true (datatable" in text
    assert "(SigninLogs | project Arrived = ingestion_time())" in text
